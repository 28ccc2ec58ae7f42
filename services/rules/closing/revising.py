"""What was frozen of a day, judged again with the technical minutes known now (docs/decisions/0037-verdicts-that-come-later.md).

Counts and trust stay as they were frozen: late facts are told apart (``late``). Only time is seen anew, and what follows
from it: targets, levels, results of tasks, and whether a coaching case would still be opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime

from schemas.floor import Floor
from schemas.rows import SliceRevisionRow, SliceRow
from schemas.steps import Level, RevisionReason, TaskResult
from services.rules.closing.again import Frozen, again, other
from services.rules.closing.evidence import Evidence
from services.rules.closing.rows import rounded
from services.rules.closing.standing import Opened, seen_now, stands
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.judging import Judged
from services.rules.memory import Key, Past
from services.rules.spans import at, minutes


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A verified task whose result would be another now."""

    past: Past
    result: TaskResult
    technical_min: float


@dataclass(frozen=True, slots=True)
class Revised:
    """What differs from what was frozen: rows, tasks, and cases that would not be opened."""

    rows: list[SliceRevisionRow]
    tasks: list[TaskSeen]
    fallen: list[Opened]


def revised(
    floor: Floor,
    date: Date,
    slices: Sequence[Frozen],
    evidence: Evidence,
    past: Sequence[Past] = (),
    cases: Sequence[Opened] = (),
) -> Revised:
    """
    Args:
        slices: all that is frozen of *date*, oldest first.
        evidence: ``states`` and ``technical`` as known now, from the dates on that *past* reaches back to.
        past: tasks verified on *date*, as they were judged then. cases: opened on *date*.
    """
    rows, levels = _rows(floor, date, slices, evidence)
    view = FloorView(floor, date, evidence)
    seen = [(one, *seen_now(view, one)) for one in past if one.on == date]
    tasks = [TaskSeen(one, now.result, minutes) for one, now, minutes in seen if now.result != one.result]
    known = [now for _, now, _ in seen]
    fallen = [one for one in cases if not stands(floor, date, one, cases, known, levels.get(one.opened, {}))]
    return Revised(rows, tasks, fallen)


def _rows(
    floor: Floor, date: Date, slices: Sequence[Frozen], evidence: Evidence
) -> tuple[list[SliceRevisionRow], dict[datetime, Mapping[Key, Level]]]:
    """Rows that would be others; and every level as it would be, by cut-off."""
    found: list[SliceRevisionRow] = []
    by_cut: dict[datetime, Mapping[Key, Level]] = {}
    view = FloorView(floor, date, evidence)
    for one in again(view, slices):
        frozen = {(row.agent, row.step): row for row in one.frozen.rows}
        for now in one.judged:
            found += _revision(view, one.frozen.cut, frozen[now.key], now)
        by_cut[one.frozen.cut.at] = one.levels
    return found, by_cut


def _revision(view: FloorView, cut: CutOff, was: SliceRow, now: Judged) -> list[SliceRevisionRow]:
    """None when nothing differs, or when nothing was judged: an untrusted row says so already."""
    if not was.trusted or (now.level == was.level and not other(was.target, now.due.expected)):
        return []
    own = view.exposure(view.floor.agent_by_id[was.agent], was.date)
    lost = minutes(own.technical, at(view.today.starts), at(cut.at))
    return [
        SliceRevisionRow(
            date=was.date,
            slice=was.slice,
            agent=was.agent,
            team=was.team,
            step=was.step,
            target=rounded(now.due.expected),
            index=rounded(now.index),
            p_below=rounded(now.p_below),
            level=now.level,
            technical_min=round(lost, 1),
            reason=_reason(was.target, now.due.expected, lost),
        )
    ]


def _reason(was: float | None, now: float | None, lost: float) -> RevisionReason:
    if not other(was, now):
        return "others"
    if (now or 0.0) > (was or 0.0):
        return "withdrawn"
    return "technical" if lost else "states"
