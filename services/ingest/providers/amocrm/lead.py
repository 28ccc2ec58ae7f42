"""One lead of a webhook: where it stands, when it came there, whose it is. Status 142 is "won" in every pipeline."""

import re
from collections.abc import Iterator, Mapping
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
        yield Ignored("not_counted", f"lead {lead_id}: {action[:20]}")
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
        # price_with_minor_units is the price in major units too, with its decimals (100.5); price may have lost them
        amounts=(lead.get("price_with_minor_units"), lead.get("price")),
        fields=lead,
    )


def tags(listed: object) -> list[str]:
    """The names of tags."""
    return [name for tag in values.items(listed) if (name := values.text(values.mapping(tag).get("name")))]


def _comes_to_a_stage(action: str, lead: Mapping[str, Any], status: int | None) -> bool:
    """An ``update`` repeats the stage a lead has had for long: it counts only when it says that the stage changed."""
    if status is None:
        return False
    before = values.integer(lead.get("old_status_id"), largest=2**53)
    return action in _COMES or (action == "update" and before is not None and before != status)
