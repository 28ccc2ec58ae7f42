"""One element of a subscription's array: one property of one deal has changed. Owner and amount are elements of their own."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import deals, instants, values
from services.ingest.providers.base import Draft, Ignored, ReadBack, Rejected, Source
from services.ingest.providers.deals import Deal, Part
from services.ingest.providers.hubspot import record

DEAL_TYPE: Final = "0-3"
"""``objectTypeId`` of deals in the generic subscriptions (``object.propertyChange``)."""
_ID: Final = re.compile(r"[0-9]{1,20}")
_WATCHED: Final = frozenset({record.STAGE, record.WON, record.OWNER, record.AMOUNT, record.CURRENCY})


def told_together(events: Iterable[object]) -> dict[str, dict[str, str]]:
    """Deal → the newest value of each property that the events of one array tell of it: a deal that is won, given an
    amount and an owner in one go is told in pieces."""
    found: dict[str, dict[str, str]] = {}
    whole = [event for event in events if isinstance(event, Mapping)]
    for event in sorted(whole, key=lambda event: values.number(event.get("occurredAt")) or 0.0):
        deal, name, value = (values.text(event.get(key)) for key in ("objectId", "propertyName", "propertyValue"))
        if deal is not None and name is not None and value is not None and _is_deal(event):
            found.setdefault(deal, {})[name] = value
    return found


def parts(
    event: Mapping[str, Any], together: Mapping[str, Mapping[str, str]], source: Source, received_at: datetime
) -> Iterator[Part | ReadBack]:
    """What one event gives: mostly the wish to read its deal back. *together*: see ``told_together``."""
    subscription = values.text(event.get("subscriptionType"), 80)
    if subscription is None:
        yield Rejected("missing_field", "an event without subscriptionType")
        return
    action = subscription.partition(".")[2]
    name = values.text(event.get("propertyName"), 100)
    if not _is_deal(event) or action not in ("creation", "propertyChange"):
        yield Ignored("not_counted", subscription)
    elif action == "propertyChange" and name not in watched(source):
        yield Ignored("not_counted", f"{subscription} {name}")
    else:
        yield from _of_deal(event, name, together, source, received_at)


def _is_deal(event: Mapping[str, Any]) -> bool:
    kind = (values.text(event.get("subscriptionType"), 80) or "").partition(".")[0]
    return kind == "deal" or (kind == "object" and values.text(event.get("objectTypeId")) == DEAL_TYPE)


def watched(source: Source) -> frozenset[str]:
    """Properties whose change may make or correct a fact."""
    return _WATCHED.union(deals.named_fields(source), deals.named_amounts(source))


def _of_deal(
    event: Mapping[str, Any],
    name: str | None,
    together: Mapping[str, Mapping[str, str]],
    source: Source,
    received_at: datetime,
) -> Iterator[Part | ReadBack]:
    deal_id = values.text(event.get("objectId"), 60)
    if deal_id is None:
        yield Rejected("missing_field", "a deal's event without objectId")
        return
    if not _ID.fullmatch(deal_id):
        yield Rejected("bad_value", f"objectId {deal_id!r} is no number")
        return
    if record.TOKEN not in source.config.secrets:
        counted = list(deals.parts(_deal(deal_id, name, event, together.get(deal_id, {}), received_at), source))
        if _tells_enough(source) or all(isinstance(part, Draft) for part in counted):
            yield from counted
            return
        yield from (part for part in counted if isinstance(part, Draft))
    told = f"{name} {values.text(event.get('propertyValue'), 80)}" if name else "created"
    yield Ignored("needs_readback", f"deal {deal_id}: {told}")
    yield ReadBack(record.KIND, deal_id)


def _tells_enough(source: Source) -> bool:
    """Presentations by stage are all that is counted: an event names the stage, and nothing else is needed."""
    counts = source.config.counts
    only_presentations = counts.presentation is not None and counts.invoice is None and counts.payment is None
    return only_presentations and not (counts.presentation and counts.presentation.won)


def _deal(
    deal_id: str, name: str | None, event: Mapping[str, Any], known: Mapping[str, str], received_at: datetime
) -> Deal:
    """The deal as far as this one change tells; its owner and amount only when the same array tells them (*known*)."""
    value = values.text(event.get("propertyValue"))
    stage = value if name == record.STAGE else None
    return Deal(
        id=deal_id,
        at=instants.instant(event.get("occurredAt")) or received_at,
        stage=stage,
        won=stage == record.CLOSED_WON or (name == record.WON and value == "true"),
        event=values.text(event.get("subscriptionType"), 80),
        pipeline=known.get(record.PIPELINE),
        identity=known.get(record.OWNER),
        amounts=(known.get(record.AMOUNT),),
        currency=known.get(record.CURRENCY),
        fields={**known, name: value} if name else known,
        changed=(name,) if name else (),
    )
