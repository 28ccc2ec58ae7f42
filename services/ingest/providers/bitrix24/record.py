"""A deal or an item read back: where it stands, and every stage it has been in, each at its own time.

The stage of *now* has come at MOVED_TIME, former ones stand in the portal's own history. Neither changes when somebody
edits the deal, so an old won deal stays old. The history names no responsible: what was passed unseen is the present
one's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import instants, values
from services.ingest.providers.deals import Deal
from services.kit.errors import BadInput

_WON: Final = "S"
"""``STAGE_SEMANTIC_ID``: P in work, S won, F lost."""


@dataclass(frozen=True, slots=True)
class _Passed:
    """A row of ``crm.stagehistory.list``."""

    at: datetime
    number: int
    stage: str
    pipeline: str | None
    semantic: str | None


def of_deal(wanted: str, fields: Mapping[str, Any], history: object, received_at: datetime) -> Iterator[Deal]:
    """Raises: BadInput."""
    stage = values.text(fields.get("STAGE_ID"))
    if stage is None:
        raise BadInput(f"deal {wanted[:40]}: the answer holds no deal", "missing_field")
    semantic = values.text(fields.get("STAGE_SEMANTIC_ID"))
    passed = _passed(history)
    now = Deal(
        id=values.text(fields.get("ID"), 60) or wanted,
        at=instants.from_iso(fields.get("MOVED_TIME")) or _entered(stage, passed) or _edited(fields) or received_at,
        stage=stage,
        pipeline=values.text(fields.get("CATEGORY_ID")) or "0",
        won=_is_won(stage, semantic),
        identity=values.text(fields.get("ASSIGNED_BY_ID")),
        amounts=(fields.get("OPPORTUNITY"),),
        currency=values.text(fields.get("CURRENCY_ID"), 10),
        fields=fields,
    )
    for one in _former(stage, passed):
        yield replace(_then(now, one), won=_is_won(one.stage, one.semantic))
    yield now


def of_item(wanted: str, fields: Mapping[str, Any], history: object, received_at: datetime) -> Iterator[Deal]:
    """An item of a smart process or a smart invoice; ``parentId2`` is the deal it belongs to. Raises: BadInput."""
    stage = values.text(fields.get("stageId"))
    if stage is None:
        raise BadInput(f"item {wanted[:40]}: the answer holds no item", "missing_field")
    passed = _passed(history)
    times = (instants.from_iso(fields.get(name)) for name in ("updatedTime", "createdTime"))
    edited = next((at for at in times if at), received_at)
    now = Deal(
        id=wanted,
        at=instants.from_iso(fields.get("movedTime")) or _entered(stage, passed) or edited,
        stage=stage,
        pipeline=values.text(fields.get("categoryId")),
        identity=values.text(fields.get("assignedById")),
        amounts=(fields.get("opportunity"),),
        currency=values.text(fields.get("currencyId"), 10),
        fields={**fields, "OPPORTUNITY": fields.get("opportunity")},  # so that one ``amount`` serves deals and items
        parent=parent if (parent := values.text(fields.get("parentId2"), 60)) not in (None, "0") else None,
    )
    for one in _former(stage, passed):
        yield _then(now, one)
    yield now


def passed_by(row: Mapping[str, Any]) -> Deal | None:
    """A row of the history alone, enough to see whether the stage it tells counts; None when it tells none."""
    found = _passed([row])
    deal = values.text(row.get("OWNER_ID"), 40)
    if not found or deal is None:
        return None
    one = found[0]
    return Deal(deal, one.at, one.stage, one.pipeline or "0", won=_is_won(one.stage, one.semantic))


def _then(now: Deal, passed: _Passed) -> Deal:
    """A field of the deal has its value now; nothing says that it had it then."""
    return replace(now, at=passed.at, stage=passed.stage, pipeline=passed.pipeline or now.pipeline, changed=())


def _is_won(stage: str, semantic: str | None) -> bool:
    return semantic == _WON if semantic else stage.rpartition(":")[2] == "WON"


def _passed(history: object) -> list[_Passed]:
    """Rows in order. A page holds fifty; the stages a deal comes to for the first time stand on the first one."""
    rows = []
    for node in values.items(history):
        row = values.mapping(node)
        at, stage = instants.from_iso(row.get("CREATED_TIME")), values.text(row.get("STAGE_ID"))
        if at is not None and stage is not None:
            number = values.integer(row.get("ID"), largest=2**53) or 0
            pipeline = values.text(row.get("CATEGORY_ID"), 40)
            rows.append(_Passed(at, number, stage, pipeline, values.text(row.get("STAGE_SEMANTIC_ID"), 10)))
    return sorted(rows, key=lambda row: (row.at, row.number))


def _former(stage: str, passed: list[_Passed]) -> list[_Passed]:
    """Without the row of the stage it stands in: the deal itself says when it came there."""
    return passed[:-1] if passed and passed[-1].stage == stage else passed


def _entered(stage: str, passed: list[_Passed]) -> datetime | None:
    return passed[-1].at if passed and passed[-1].stage == stage else None


def _edited(fields: Mapping[str, Any]) -> datetime | None:
    """Where the portal tells no move: the last edit, but for a closed deal at latest the day it was closed.

    The portal sets ``CLOSEDATE`` (a day) when a deal is closed; before that it is a plan.
    """
    modified, closed = fields.get("DATE_MODIFY"), fields.get("CLOSEDATE")
    edited = instants.from_iso(modified)
    if edited is None:
        return instants.from_iso(fields.get("DATE_CREATE"))
    if fields.get("CLOSED") == "Y" and isinstance(modified, str) and isinstance(closed, str):
        return instants.from_iso(closed) or edited if closed.strip()[:10] < modified.strip()[:10] else edited
    return edited
