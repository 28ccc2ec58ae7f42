"""Providers: what each PBX and CRM sends. One explicit dict; a new provider is a folder and a line here."""

from services.ingest.providers import (
    amocrm,
    bitrix24,
    freeswitch,
    generic,
    mango,
    plivo,
    ringcentral,
    telnyx,
    twilio,
    vonage,
)
from services.ingest.providers.base import Provider

PROVIDERS: dict[str, Provider] = {
    "amocrm": amocrm.PROVIDER,
    "bitrix24": bitrix24.PROVIDER,
    "freeswitch": freeswitch.PROVIDER,
    "generic": generic.PROVIDER,
    "mango": mango.PROVIDER,
    "plivo": plivo.PROVIDER,
    "ringcentral": ringcentral.PROVIDER,
    "telnyx": telnyx.PROVIDER,
    "twilio": twilio.PROVIDER,
    "vonage": vonage.PROVIDER,
}
