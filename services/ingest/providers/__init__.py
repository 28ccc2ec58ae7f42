"""Providers: what each PBX and CRM sends. One explicit dict; a new provider is a folder and a line here."""

from services.ingest.providers import amocrm, asterisk, bitrix24, freeswitch, generic, mango, twilio
from services.ingest.providers.base import Provider

PROVIDERS: dict[str, Provider] = {
    "amocrm": amocrm.PROVIDER,
    "asterisk": asterisk.PROVIDER,
    "bitrix24": bitrix24.PROVIDER,
    "freeswitch": freeswitch.PROVIDER,
    "generic": generic.PROVIDER,
    "mango": mango.PROVIDER,
    "twilio": twilio.PROVIDER,
}
