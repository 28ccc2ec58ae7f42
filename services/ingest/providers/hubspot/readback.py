"""Deals read back: ``GET /crm/v3/objects/deals/{id}`` with a private app's access token, and what it answers."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from services.ingest.providers import deals, values
from services.ingest.providers.base import Fetch, Ignored, ReadBack, Rejected, Secrets, Source
from services.ingest.providers.deals import Part
from services.ingest.providers.hubspot import record

API: Final = "https://api.hubapi.com"


def fetch(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
    """None without ``access_token``. ``options.api``: another base address than HubSpot's."""
    tokens = secrets.get(record.TOKEN, ())
    if wanted.kind != record.KIND or not tokens:
        return None
    api = source.config.options.get("api")
    base = api if isinstance(api, str) and api.startswith(("https://", "http://")) else API
    fields = deals.named_fields(source)
    query = urlencode(
        {
            "properties": ",".join(dict.fromkeys((*record.PROPERTIES, *fields, *deals.named_amounts(source)))),
            "propertiesWithHistory": ",".join(dict.fromkeys((record.STAGE, record.OWNER, *fields))),
        },
        safe=",",
    )
    url = f"{base.rstrip('/')}/crm/v3/objects/deals/{quote(wanted.id, safe='')}?{query}"
    return Fetch("GET", url, (("authorization", f"Bearer {tokens[0]}"), ("accept", "application/json")))


def parts(answer: Mapping[str, Any], source: Source, received_at: datetime) -> Iterator[Part]:
    """What the answer gives."""
    found = record.from_answer(answer, received_at)
    if values.text(answer.get("category")) == "OBJECT_NOT_FOUND" or answer.get("archived") is True:
        yield Ignored("not_counted", "the deal has been deleted")
    elif found is None:
        said = values.text(answer.get("category"), 60) or values.text(answer.get("message"), 120)
        yield Rejected("bad_value", f"HubSpot answered no deal: {said}")
    else:
        yield from record.parts(found, source)
