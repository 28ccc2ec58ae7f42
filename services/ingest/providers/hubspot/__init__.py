"""``hubspot``: subscriptions (an array of changes), workflow webhooks (a whole record), and deals read back.

Secrets: ``client_secret`` of the app; ``access_token`` to read deals back, without which a change only counts what needs
no amount.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import deals, values
from services.ingest.providers.base import (
    READBACK,
    Ignored,
    Parsed,
    Provider,
    ReadBack,
    Rejected,
    Request,
    Secrets,
    Source,
    Unauthorized,
)
from services.ingest.providers.deals import Part
from services.ingest.providers.hubspot import event, readback, record, signature
from services.kit.errors import BadInput

_OF_A_RECORD: Final = ("subscriptionType", "properties", "objectId", "objectType", "dealId", "hs_object_id")
"""Any of these says what the object is."""


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    if not signature.holds(request, source, secrets.get("client_secret", ()), now):
        raise Unauthorized(
            "the HubSpot signature is missing, wrong or too old (behind a proxy: public_url?)", "bad_signature"
        )


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    body = values.load_json(request.body)
    if request.method == READBACK:
        return deals.collect(readback.parts(values.mapping(body), source, request.received_at))
    if isinstance(body, list):
        return deals.collect(_events(body, source, request.received_at))
    if not isinstance(body, dict):
        raise BadInput("neither an array of events nor a record")
    if not any(name in body for name in _OF_A_RECORD):
        raise BadInput("an object that is neither an event nor a record", "missing_field")
    if "subscriptionType" in body:
        return deals.collect(_events([body], source, request.received_at))
    return deals.collect(_workflow(body, source, request.received_at))


def _events(events: list[Any], source: Source, received_at: datetime) -> Iterator[Part | ReadBack]:
    """One that cannot be understood does not fail the others: HubSpot repeats whole arrays."""
    if not events:
        yield Ignored("empty_batch")
    together = event.told_together(events)
    for one in events:
        if isinstance(one, dict):
            yield from event.parts(one, together, source, received_at)
        else:
            yield Rejected("bad_value", "an event that is not an object")


def _workflow(body: Mapping[str, Any], source: Source, received_at: datetime) -> Iterator[Part]:
    found = record.from_workflow(body, received_at)
    if found is None:
        yield Ignored("not_counted", f"workflow: {values.text(body.get('objectType'), 40) or 'no deal'}")
    else:
        yield from record.parts(found, source)


PROVIDER = Provider(
    name="hubspot",
    verify=verify,
    parse=parse,
    fetch=readback.fetch,
    required_secrets=("client_secret",),
    signs="url",
)
