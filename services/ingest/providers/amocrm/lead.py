"""One lead of a webhook: where it stands, when it came there, whose it is. Status 142 is "won" in every pipeline."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import deals, instants, values
from services.ingest.providers.base import Ignored, ReadBack, Rejected, Source
from services.ingest.providers.deals import Deal, Part

WON: Final = 142
KIND: Final = "lead"
CLOSED: Final = (142, 143)
ID: Final = re.compile(r"[0-9]{1,18}")

STATUSES: Final[dict[str, str]] = {"142": "won", "143": "lost"}
"""The only stages with one meaning in all accounts; every other id is the account's own (``counts``)."""

_COMES: Final = ("status", "add")
_TIMES: Final = ("updated_at", "last_modified", "created_at", "date_create")
_FULL: Final = ("responsible_user_id", "price", *_TIMES)


def parts(action: str, lead: Mapping[str, Any], source: Source, received_at: datetime) -> Iterator[Part | ReadBack]:
    """What one lead in one action gives; a thin one is to be read back."""
    lead_id = values.text(lead.get("id"), 60)
    status = values.integer(lead.get("status_id"), largest=2**53)
    if lead_id is None:
        yield Rejected("missing_field", f"leads[{action}]: a lead without id")
    elif not _comes_to_a_stage(action, lead, status):
        marked = _marked(lead_id, lead, source, received_at) if action == "update" else None
        if marked is None:
            yield Ignored("not_counted", f"lead {lead_id}: {action[:20]}")
        else:
            yield from deals.parts(marked, source)
    elif not any(values.text(lead.get(name)) for name in _FULL):
        if ID.fullmatch(lead_id):
            yield Ignored("needs_readback", f"lead {lead_id}: status {status}")
            yield ReadBack(KIND, lead_id)
        else:
            yield Rejected("bad_value", f"leads[{action[:20]}]: a thin lead whose id is no number")
    else:
        yield from deals.parts(deal(lead_id, status, lead, received_at), source)


def deal(lead_id: str, status: int | None, lead: Mapping[str, Any], received_at: datetime) -> Deal:
    return Deal(
        id=lead_id,
        at=next((found for name in _TIMES if (found := instants.from_epoch(lead.get(name)))), received_at),
        stage=str(status),
        pipeline=values.text(lead.get("pipeline_id")),
        tags=tags(lead.get("tags")),
        won=status == WON,
        identity=values.text(lead.get("responsible_user_id")),
        # price_with_minor_units is the price in major units too, with its decimals (100.5); price may have lost them,
        # and is sent empty where none was entered.
        amounts=(lead.get("price_with_minor_units"), lead.get("price"), 0 if lead.get("price") == "" else None),
        fields=fields(lead),
    )


def _marked(lead_id: str, lead: Mapping[str, Any], source: Source, received_at: datetime) -> Deal | None:
    """A lead that was edited where it stands: only the fields and tags that the floor file counts by can be new."""
    edited = replace(deal(lead_id, None, lead, received_at), stage=None)
    return edited if deals.kinds(edited, source) else None


def fields(lead: Mapping[str, Any]) -> Mapping[str, Any]:
    """The lead, and its custom fields by their ids and names: the value, of several the first.

    A hook has ``custom_fields`` of ``id``, ``name``, ``values`` (``values[0]`` of a date is the value itself), the API
    ``custom_fields_values`` of ``field_id``, ``field_name``.
    """
    found: dict[str, Any] = {}
    for listed in (lead.get("custom_fields"), lead.get("custom_fields_values")):
        for one in values.items(listed):
            custom = values.mapping(one)
            first = next(values.items(custom.get("values")), None)
            value = first.get("value") if isinstance(first, Mapping) else first
            for key in (custom.get("field_id", custom.get("id")), custom.get("field_name", custom.get("name"))):
                if (name := values.text(key)) is not None:
                    found[name] = value
    return {**found, **lead}


def tags(listed: object) -> list[str]:
    """The names of tags."""
    return [name for tag in values.items(listed) if (name := values.text(values.mapping(tag).get("name")))]


def _comes_to_a_stage(action: str, lead: Mapping[str, Any], status: int | None) -> bool:
    """An ``update`` repeats the stage a lead has had for long: it counts only when it says that the stage changed."""
    if status is None:
        return False
    before = values.integer(lead.get("old_status_id"), largest=2**53)
    return action in _COMES or (action == "update" and before is not None and before != status)
