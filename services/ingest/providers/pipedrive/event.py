"""A webhook of either version as one thing: what was done to which deal, how it stands, and how it stood before.

v1 tells the whole former deal (``previous``), v2 only the former values of what changed. A stage or status counts only
when this event brought it: an edit of a deal that was won last week is no payment today.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import deals, instants, values
from services.ingest.providers.base import Ignored, Rejected, Source
from services.ingest.providers.deals import Deal, Part
from services.kit.errors import BadInput

WON: Final = "won"
ACTIONS: Final[dict[str, str]] = {
    "added": "create",
    "create": "create",
    "updated": "change",
    "change": "change",
    "deleted": "delete",
    "delete": "delete",
    "merged": "merge",
}
"""Words of v1 and v2 → ours."""
_TIMES: Final = ("update_time", "stage_change_time", "won_time", "add_time")
_LABELS: Final = ("label_ids", "label")


@dataclass(frozen=True, slots=True)
class Event:
    """``before`` is None when the event does not tell what was before. ``fields``: *now*, and each custom field of v2 by
    its bare key too, as v1 has it."""

    name: str
    action: str
    entity: str
    id: str | None
    at: datetime
    now: Mapping[str, Any]
    before: Mapping[str, Any] | None
    fields: Mapping[str, Any]
    merge: bool


def read(body: Mapping[str, Any], received_at: datetime) -> Event:
    """Raises: BadInput when it names no action or object."""
    meta = values.mapping(body.get("meta"))
    second = "entity" in meta or "data" in body
    told_action, _, told_entity = (values.text(body.get("event"), 80) or "").partition(".")
    action = values.text(meta.get("action"), 40) or told_action
    entity = values.text(meta.get("entity" if second else "object"), 40) or told_entity
    if not action or not entity:
        raise BadInput("neither meta nor event tells the action and its object", "missing_field")
    now = values.mapping(body.get("data" if second else "current"))
    previous = body.get("previous")
    at = instants.instant(meta.get("timestamp"), "UTC")
    at = at or next((found for name in _TIMES if (found := instants.instant(now.get(name), "UTC"))), received_at)
    return Event(
        name=f"{action}.{entity}",
        action=ACTIONS.get(action.lower(), action.lower()),
        entity=entity.lower(),
        id=values.text(now.get("id"), 60) or values.text(meta.get("entity_id" if second else "id"), 60),
        at=at,
        now=now,
        before=None if previous is None else _with_custom_fields(values.mapping(previous)),
        fields=_with_custom_fields(now),
        merge=_is_merge(meta, now, values.mapping(previous)),
    )


def _is_merge(meta: Mapping[str, Any], now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Told beside the event, or by the deal; one that others were once merged into stays an ordinary deal."""
    told = [meta.get("merged_to_id"), meta.get("merged_from_id"), now.get("merged_to_id")]
    told.append(now.get("merged_from_id") if "merged_from_id" in before else None)
    return any(values.text(one) for one in told)


def _with_custom_fields(deal: Mapping[str, Any]) -> Mapping[str, Any]:
    """v2 keeps them apart, each as an object with a ``value`` or, for a choice, an ``id``."""
    custom = deal.get("custom_fields")
    if not isinstance(custom, Mapping):
        return deal
    plain = {
        key: field.get("value", field.get("id")) if isinstance(field, Mapping) else field
        for key, field in custom.items()
    }
    return {**plain, **deal}


def parts(event: Event, source: Source) -> Iterator[Part]:
    """What the event gives. A merge moves a deal's history into another: nothing happened to a customer."""
    if (
        event.merge
        or event.action not in ("create", "change")
        or event.now.get("deleted") is True
        or event.now.get("is_deleted") is True
    ):
        yield Ignored("not_counted", f"{event.name} {event.id or ''}{' (merge)' if event.merge else ''}".strip())
    elif event.id is None:
        yield Rejected("missing_field", f"{event.name} without the deal's id")
    elif not event.now:
        yield Rejected("missing_field", f"{event.name} {event.id}: without the deal itself")
    else:
        yield from deals.parts(_deal(event, event.id, source), source)


def changed(event: Event, name: str) -> bool:
    """Whether this event brought the field (``a.b`` walks into objects) to its value, as far as it tells."""
    if event.action == "create" or event.before is None:
        return True
    known = _has(event.before, name)
    return known and values.reach(event.before, name) != values.reach(event.fields, name)


def _has(before: Mapping[str, Any], name: str) -> bool:
    """Whether *before* speaks of the field; of a typed custom field it may give another form, or null."""
    first, _, rest = name.partition(".")
    if first not in before:
        return False
    inner = before[first]
    return not rest or not isinstance(inner, Mapping) or _has(inner, rest)


def _deal(event: Event, deal_id: str, source: Source) -> Deal:
    deal = event.now
    won = values.text(deal.get("status")) == WON and changed(event, "status")
    labels = next((name for name in _LABELS if deal.get(name) and changed(event, name)), None)
    return Deal(
        id=deal_id,
        at=_imported(event) if won and (event.action == "create" or event.before is None) else event.at,
        stage=values.text(deal.get("stage_id")) if changed(event, "stage_id") else None,
        pipeline=values.text(deal.get("pipeline_id")),
        won=won,
        event=event.name,
        tags=_texts(deal[labels]) if labels else (),
        identity=_owner(deal),
        amounts=(deal.get("value"),),
        currency=values.text(deal.get("currency"), 10),
        fields=event.fields,
        changed=[name for name in deals.named_fields(source) if changed(event, name)],
    )


def _imported(event: Event) -> datetime:
    """A deal that is created won was won elsewhere before; so may one have been of which nothing former is told."""
    told = instants.instant(event.now.get("won_time"), "UTC")
    return min(told, event.at) if told else event.at


def _owner(deal: Mapping[str, Any]) -> str | None:
    """``owner_id`` of v2, ``user_id`` of v1; older installations put the user as an object."""
    node = deal.get("owner_id") or deal.get("user_id")
    return values.text(node.get("id") or node.get("value") if isinstance(node, Mapping) else node)


def _texts(labels: object) -> list[str]:
    """Labels are ids: a list in v2, one or several joined by commas in v1."""
    listed = values.items(labels) if isinstance(labels, list) else (values.text(labels) or "").split(",")
    return [found for label in listed if (found := values.text(label))]
