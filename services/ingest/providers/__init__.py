"""Providers: what each PBX and CRM sends. One explicit dict; a new provider is a folder and a line here."""

from services.ingest.providers import (
    aircall,
    amocrm,
    beeline,
    bitrix24,
    freeswitch,
    generic,
    hubspot,
    mango,
    mapped,
    megafon,
    pipedrive,
    salesforce,
    threecx,
    twilio,
    uis,
    wazo,
    zadarma,
)
from services.ingest.providers.base import Provider

PROVIDERS: dict[str, Provider] = {
    "3cx": threecx.PROVIDER,
    "aircall": aircall.PROVIDER,
    "amocrm": amocrm.PROVIDER,
    "beeline": beeline.PROVIDER,
    "bitrix24": bitrix24.PROVIDER,
    "freeswitch": freeswitch.PROVIDER,
    "generic": generic.PROVIDER,
    "hubspot": hubspot.PROVIDER,
    "mango": mango.PROVIDER,
    "mapped": mapped.PROVIDER,
    "megafon": megafon.PROVIDER,
    "pipedrive": pipedrive.PROVIDER,
    "salesforce": salesforce.PROVIDER,
    "twilio": twilio.PROVIDER,
    "uis": uis.PROVIDER,
    "wazo": wazo.PROVIDER,
    "zadarma": zadarma.PROVIDER,
}
