"""What was frozen of a day, judged again with the technical minutes known now (docs/decisions/0037-verdicts-that-come-later.md).

Counts and trust stay as they were frozen: late facts are told apart (``late``). Only time is seen anew, and what follows
from it: targets, levels, results of tasks, and whether a coaching case would still be opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import datetime

from schemas.floor import Floor
from schemas.rows import SliceRevisionRow, SliceRow
from schemas.steps import STEPS, Level, RevisionReason, Step, TaskResult
from services.rules.closing.evidence import Doubts, Evidence
from services.rules.closing.rows import dues, rounded
from services.rules.closing.standing import seen_now
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.judging import Judged, judge, still_deviating
from services.rules.memory import Key, Past, recall
from services.rules.spans import at, minutes

SAME = 1.5e-6
"""Targets are frozen to six decimals."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """One slice of the day as it was frozen."""

    cut: CutOff
    rows: Sequence[SliceRow]


@dataclass(frozen=True, slots=True)
class Opened:
    """A coaching case of the day."""

    case: str
    agent: str
    step: Step
    opened: datetime
    reason: str
    recheck_on: Date


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
    fallen = [one for one in cases if not _stands(floor, date, one, cases, known, levels.get(one.opened, {}))]
    return Revised(rows, tasks, fallen)


def _rows(
    floor: Floor, date: Date, slices: Sequence[Frozen], evidence: Evidence
) -> tuple[list[SliceRevisionRow], dict[datetime, Mapping[Key, Level]]]:
    """Rows that would be others; and every level as it would be, by cut-off."""
    found: list[SliceRevisionRow] = []
    by_cut: dict[datetime, Mapping[Key, Level]] = {}
    deviating: frozenset[Key] = frozenset()
    doubts: Doubts = {team.id: dict.fromkeys(STEPS, ()) for team in floor.teams}
    differs = False
    for one in slices:
        levels: dict[Key, Level] = {(row.agent, row.step): row.level for row in one.rows}
        view = _view(floor, date, one, evidence)
        frozen = {(row.agent, row.step): row for row in one.rows}
        expected = [
            replace(due, team=was.team, trusted=was.trusted)
            for due in dues(view, one.cut, doubts)
            if (was := frozen.get((due.agent, due.step))) is not None
        ]
        differs = differs or any(_other(frozen[due.agent, due.step].target, due.expected) for due in expected)
        if differs:  # judging a large floor takes a second: not for nothing
            for now in judge(expected, deviating, floor.judgement):
                levels[now.key] = now.level
                found += _revision(view, one.cut, frozen[now.key], now)
        by_cut[one.cut.at] = levels
        deviating = still_deviating(deviating, levels)
    return found, by_cut


def _view(floor: Floor, date: Date, one: Frozen, evidence: Evidence) -> FloorView:
    done: dict[str, dict[Step, int]] = {}
    in_slice: dict[str, dict[Step, int]] = {}
    for row in one.rows:
        done.setdefault(row.agent, {})[row.step] = row.done
        in_slice.setdefault(row.agent, {})[row.step] = row.in_slice
    return FloorView(floor, date, replace(evidence, done=done, in_slice=in_slice))


def _revision(view: FloorView, cut: CutOff, was: SliceRow, now: Judged) -> list[SliceRevisionRow]:
    """None when nothing differs, or when nothing was judged: an untrusted row says so already."""
    if not was.trusted or (now.level == was.level and not _other(was.target, now.due.expected)):
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
    if not _other(was, now):
        return "others"
    if (now or 0.0) > (was or 0.0):
        return "withdrawn"
    return "technical" if lost else "states"


def _other(was: float | None, now: float | None) -> bool:
    return (was is None) != (now is None) or (was is not None and now is not None and abs(was - now) > SAME)


def _stands(
    floor: Floor,
    date: Date,
    one: Opened,
    cases: Sequence[Opened],
    known: Sequence[Past],
    levels: Mapping[Key, Level],
) -> bool:
    """Whether results and level as they are seen now would open the case."""
    key = (one.agent, one.step)
    before = [(case.agent, case.opened, case.recheck_on) for case in cases if case.opened < one.opened]
    memory = recall(
        date, [], [], [task for task in known if task.at <= one.opened], before, frozenset(), floor.judgement
    )
    if one.reason == "not_done_twice":
        return memory.not_done.get(key, 0) >= 2 and levels.get(key) == "hard"
    return memory.in_vain.get(key, 0) >= 2 and levels.get(key) in ("soft", "hard")
