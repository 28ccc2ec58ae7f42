"""A whole deal, as a workflow posts it or the API answers it: every stage it has been in, and whose it was then.

Both carry former values with their times (``versions``, ``propertiesWithHistory``). A stage that was passed before the
deal was read therefore still counts, at its own time and for its owner of that time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import deals, instants, values
from services.ingest.providers.base import Source
from services.ingest.providers.deals import Deal, Part

KIND: Final = "deal"
TOKEN: Final = "access_token"  # noqa: S105 - the name of a secret
STAGE, PIPELINE, WON, OWNER = "dealstage", "pipeline", "hs_is_closed_won", "hubspot_owner_id"
AMOUNT, CURRENCY, MODIFIED, MERGED = "amount", "deal_currency_code", "hs_lastmodifieddate", "hs_merged_object_ids"
CLOSED: Final = "closedate"
CLOSED_WON: Final = "closedwon"
"""The won stage of the default pipeline; those of others are known by ``hs_is_closed_won``."""
PROPERTIES: Final = (STAGE, PIPELINE, WON, AMOUNT, CURRENCY, OWNER, MODIFIED, CLOSED, MERGED)
_ENTERED: Final = ("hs_v2_date_entered_", "hs_date_entered_")
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Version:
    at: datetime
    value: str


@dataclass(frozen=True, slots=True)
class Record:
    """``at``: when it was last changed, for what has no time of its own. ``history``: former and present values."""

    id: str
    at: datetime
    values: Mapping[str, str]
    history: Mapping[str, Sequence[Version]]


def from_workflow(body: Mapping[str, Any], received_at: datetime) -> Record | None:
    """The deal of a workflow's body, whole or of chosen properties only; None when it is no deal."""
    properties = body.get("properties")
    plain = properties if isinstance(properties, Mapping) else body
    deal_id = next((found for name in ("objectId", "dealId", "hs_object_id") if (found := _one(body.get(name)))), None)
    deal_id = deal_id or _one(plain.get("hs_object_id"))
    other = (_one(body.get("objectTypeId")) or "0-3") != "0-3" or (_one(body.get("objectType")) or "DEAL") != "DEAL"
    if deal_id is None or STAGE not in plain or other or body.get("isDeleted") is True:
        return None
    history = {name: _versions(plain[name]) for name in list(plain)[:_LONGEST]}
    return _record(deal_id, {name: plain[name] for name in history}, history, received_at)


def from_answer(answer: Mapping[str, Any], received_at: datetime) -> Record | None:
    """The deal of ``GET /crm/v3/objects/deals/{id}``; None when the answer holds none."""
    deal_id = _one(answer.get("id")) or _one(values.reach(answer, "properties.hs_object_id"))
    properties = answer.get("properties")
    if deal_id is None or not isinstance(properties, Mapping):
        return None
    former = values.mapping(answer.get("propertiesWithHistory"))
    history = {name: _versions({"versions": former[name]}) for name in list(former)[:_LONGEST]}
    changed = instants.instant(answer.get("updatedAt")) or received_at
    return _record(deal_id, properties, history, changed)


def parts(record: Record, source: Source) -> Iterator[Part]:
    """Each kind once, where the deal first came to what counts; else why nothing did."""
    yield from deals.firsts(_states(record, source), source)


def _record(
    deal_id: str, plain: Mapping[str, Any], history: Mapping[str, Sequence[Version]], changed: datetime
) -> Record:
    known = {name: value for name in plain if (value := _one(plain[name])) is not None}
    at = instants.instant(known.get(MODIFIED)) or changed
    return Record(_oldest(deal_id, known.get(MERGED)), at, known, history)


def _oldest(deal_id: str, merged: str | None) -> str:
    """A merged deal is a new one with the history of both: it goes on under the oldest id, lest it count again."""
    ids = [one for one in (deal_id, *(merged or "").split(";")) if one.isascii() and one.isdigit()]
    return min(ids, key=int) if len(ids) > 1 else deal_id


def _states(record: Record, source: Source) -> Iterator[Deal]:
    """Every stage it came to; and the fields that the floor file counts by, at their own times."""
    current, won = record.values.get(STAGE), record.values.get(WON)
    if won == "true" and current is None:
        yield _deal(record, _closed(record), None, True)
    stages = record.history.get(STAGE) or ([Version(_entered(record, current), current)] if current else [])
    for version in stages:
        # hs_is_closed_won is computed after the stage was set: beside a stage that is the won one it may still be false.
        is_won = version.value == CLOSED_WON or (version.value == current and won == "true")
        yield _deal(record, version.at, version.value, is_won)
    for name in deals.named_fields(source):
        last = max(record.history.get(name, ()), key=lambda version: version.at, default=None)
        yield _deal(record, last.at if last else record.at, None, False, (name,))


def _deal(record: Record, at: datetime, stage: str | None, won: bool, changed: Sequence[str] = ()) -> Deal:
    return Deal(
        id=record.id,
        at=at,
        stage=stage,
        pipeline=record.values.get(PIPELINE),
        won=won,
        identity=_owner(record, at),
        amounts=(record.values.get(AMOUNT),),
        currency=record.values.get(CURRENCY),
        fields=record.values,
        changed=changed,
    )


def _owner(record: Record, at: datetime) -> str | None:
    """Whose it was at that moment; the first it was given to afterwards when it was nobody's yet."""
    owners = record.history.get(OWNER, ())
    before = [version.value for version in owners if version.at <= at]
    if before:
        return before[-1]
    return owners[0].value if owners else record.values.get(OWNER)


def _entered(record: Record, stage: str | None) -> datetime:
    named = (record.values.get(f"{prefix}{stage}") for prefix in _ENTERED)
    entered = next((at for value in named if (at := instants.instant(value))), None)
    if entered is None and (stage == CLOSED_WON or record.values.get(WON) == "true"):
        return _closed(record)
    return entered or record.at


def _closed(record: Record) -> datetime:
    """A won deal is edited later: HubSpot sets its close date when it is won; before that it is a plan."""
    closed = instants.instant(record.values.get(CLOSED))
    return min(closed, record.at) if closed else record.at


def _versions(node: object) -> tuple[Version, ...]:
    """Former and present values of a property, oldest first."""
    if not isinstance(node, Mapping):
        return ()
    found = []
    for one in (node, *list(values.items(node.get("versions")))[:_LONGEST]):
        if isinstance(one, Mapping):
            at, value = instants.instant(one.get("timestamp")), _one(one.get("value"))
            if at is not None and value is not None:
                found.append(Version(at, value))
    return tuple(sorted(dict.fromkeys(found), key=lambda version: (version.at, version.value)))


def _one(node: object) -> str | None:
    """A value, or that of a property object."""
    if isinstance(node, bool):
        return "true" if node else "false"
    return values.text(node.get("value") if isinstance(node, Mapping) else node)
