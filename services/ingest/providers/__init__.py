"""Providers: what each PBX and CRM sends. One explicit dict; a new provider is a folder and a line here."""

from services.ingest.providers import freeswitch, generic
from services.ingest.providers.base import Provider

PROVIDERS: dict[str, Provider] = {
    "freeswitch": freeswitch.PROVIDER,
    "generic": generic.PROVIDER,
}
