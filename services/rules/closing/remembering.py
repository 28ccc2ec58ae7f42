"""What a close remembers of earlier ones, as it is seen with the minutes known now (ADR 0043).

Levels and team issues of today's slices, results of tasks, the grounds of open tasks and of coaching cases: none of them may
go on accusing somebody by minutes that are technical by now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import datetime
from typing import Final

from schemas.floor import Floor
from schemas.steps import STEPS
from services.rules.closing.again import Again, Frozen, again
from services.rules.closing.evidence import Doubts, Evidence
from services.rules.closing.issues import issues
from services.rules.closing.rows import rounded
from services.rules.closing.standing import Opened, as_known, stands
from services.rules.closing.view import FloorView
from services.rules.day import first_of_working_days
from services.rules.judging import common_causes
from services.rules.memory import Memory, Past, recall
from services.rules.spans import at, minutes
from services.rules.tasks import Ground, Task

LAGGING: Final = ("soft", "hard")
CASE_DAYS: Final = 2
"""Cases opened on today or on the working day before are looked at again by every close; of older ones people say."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A slice that was closed before, by the floor that governed its day."""

    floor: Floor
    date: Date
    frozen: Frozen


def cases_asked(floor: Floor, date: Date, cases: Iterable[Opened]) -> list[Opened]:
    """Cases whose ground a close on *date* looks at."""
    first = first_of_working_days(floor, date, CASE_DAYS)
    return [one for one in cases if first <= one.date and date < one.recheck_on]


def slices_asked(date: Date, tasks: Iterable[Task], cases: Iterable[Opened]) -> set[tuple[Date, datetime]]:
    """(date, cut-off) of the slices of earlier days that a close on *date* looks at; today's it sees all.

    Args:
        cases: see ``cases_asked``.
    """
    found = {(task.date, task.opened) for task in tasks} | {(one.date, one.opened) for one in cases}
    return {(day, opened) for day, opened in found if day < date}


def remembered(
    floor: Floor,
    date: Date,
    evidence: Evidence,
    earlier: Sequence[Earlier],
    tasks: Sequence[Task],
    past: Sequence[Past],
    cases: Sequence[Opened],
    firing: frozenset[str],
) -> Memory:
    """Memory of a close on *date*.

    Args:
        earlier: today's slices, and those of earlier days at which an open task or a case asked about was given (see
            ``slices_asked``); oldest first.
        tasks: open ones. past: verified ones, as they were judged. cases: not lifted, any order.
        firing: teams whose issue was firing at today's previous slice, as it was frozen.
    """
    asked = cases_asked(floor, date, cases)
    seen = {(one.date, one.frozen.cut.at): (view, now) for one, view, now in _seen(evidence, earlier)}
    today = [(view, now) for (day, _), (view, now) in sorted(seen.items(), key=lambda one: one[0]) if day == date]
    known = as_known(floor, date, evidence, past, tasks, asked)
    lifted = {one.case for one in asked if not _case_stands(one, cases, known, seen)}
    memory = recall(
        date,
        [now.levels for _, now in today],
        tasks,
        known,
        [(one.agent, one.opened, one.recheck_on) for one in cases if one.case not in lifted],
        _firing(today, firing),
        floor.judgement,
    )
    fallen = {task.task: ground for task in tasks if (ground := _fallen(task, seen)) is not None}
    return replace(memory, fallen=fallen, lifted=tuple(sorted(lifted)))


_Seen = Mapping[tuple[Date, datetime], tuple[FloorView, Again]]
"""(date, cut-off) → the day and the slice as they are seen now."""


def _seen(evidence: Evidence, earlier: Sequence[Earlier]) -> Iterable[tuple[Earlier, FloorView, Again]]:
    by_date: dict[Date, list[Earlier]] = {}
    for one in earlier:
        by_date.setdefault(one.date, []).append(one)
    for date, own in by_date.items():
        view = FloorView(own[0].floor, date, evidence)
        for one, now in zip(own, again(view, [one.frozen for one in own]), strict=True):
            yield one, view, now


def _fallen(task: Task, seen: _Seen) -> Ground | None:
    """Why *task* would not be given now; None while it would."""
    found = seen.get((task.date, task.opened))
    if found is None or not found[1].judged:
        return None
    view, now = found
    lagged = [row for row in now.frozen.rows if row.agent == task.agent and row.trusted and row.level in LAGGING]
    # A rung that a conversion chose was not low by its own count: a later step was.
    own = [row for row in lagged if row.step == task.step] or lagged
    if not own or any(now.levels[row.agent, row.step] in LAGGING for row in own):
        return None
    row = own[0]
    due = next(one for one in now.dues if (one.agent, one.step) == (row.agent, row.step))
    lost = view.exposure(view.floor.agent_by_id[row.agent], task.date).technical
    technical = round(minutes(lost, at(view.today.starts), at(task.opened)), 1)
    return Ground(row.slice, row.step, row.done, rounded(due.expected), technical)


def _case_stands(one: Opened, cases: Sequence[Opened], known: Sequence[Past], seen: _Seen) -> bool:
    found = seen.get((one.date, one.opened))
    if found is None:
        return True
    view, now = found
    own = [past for past in known if past.on == one.date]
    of_day = [case for case in cases if case.date == one.date]
    return stands(view.floor, one.date, one, of_day, own, now.levels)


def _firing(today: Sequence[tuple[FloorView, Again]], frozen: frozenset[str]) -> frozenset[str]:
    """Teams whose issue fires: of those of whom time is seen otherwise now, as the day's slices would say it."""
    differing = today[-1][1].differing if today else frozenset()
    if not differing:
        return frozen
    now: frozenset[str] = frozenset()
    for view, one in today:
        causes = common_causes(one.dues, view.floor.judgement)
        found = issues(view.floor, one.dues, causes, Memory(firing=now), _doubts(view.floor, one))
        now = frozenset(issue.team for issue in found if issue.firing)
    return (frozen - differing) | (now & differing)


def _doubts(floor: Floor, one: Again) -> Doubts:
    doubted = {(due.team, due.step) for due in one.dues if not due.trusted}
    return {team.id: {step: ("then",) if (team.id, step) in doubted else () for step in STEPS} for team in floor.teams}
