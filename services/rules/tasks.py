"""Tasks: their target, their verification at the next slice, and the escalation to a trainer (DOMAIN §7)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

from schemas.floor import Agent, Floor
from schemas.floor.model import Judgement
from schemas.rows import derived_id
from schemas.steps import Step, TaskResult
from services.rules.day import CutOff, WorkingDay, is_working, working_day
from services.rules.deviation import EXACT, multiplier
from services.rules.exposure import scheduled
from services.rules.norms import norms_of
from services.rules.spans import at, minutes
from services.rules.target import due

LOOK_AHEAD_DAYS = 60


@dataclass(frozen=True, slots=True)
class Task:
    """An open task. ``opened`` is the cut-off that gave it, ``due`` the one that verifies it first (aware UTC)."""

    task: str
    date: Date
    slice: str
    agent: str
    team: str
    step: Step
    opened: datetime
    due: datetime
    target: int
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verified:
    """A closed task. ``met``: the issued target was reached; ``index``: the agent's index on the step at that moment."""

    task: Task
    at: datetime
    result: TaskResult
    done: int
    expected: float
    met: bool
    index: float | None


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since a task was opened: counted, due by actual exposure, share of technical minutes."""

    done: int
    expected: float
    technical_share: float


def next_due(floor: Floor, agent: Agent, day: WorkingDay, after: CutOff, step: Step) -> tuple[datetime, float] | None:
    """(cut-off, Λ) of the next slice in which the agent is due to work: later today, else the next working day's first."""
    spans_today = scheduled(floor, day, agent)
    norm_today = norms_of(floor, agent, day.weekday).get(step, 0.0)
    start = after.at
    for cut in day.cut_offs:
        if cut.at > after.at and minutes(spans_today, at(start), at(cut.at)):
            return cut.at, due(norm_today, step, spans_today, day, start, cut.at)
    for ahead in range(1, LOOK_AHEAD_DAYS):
        later = working_day(floor, day.date + timedelta(days=ahead))
        spans = scheduled(floor, later, agent)
        for cut in later.cut_offs:
            if minutes(spans, at(later.starts), at(cut.at)):
                norm = norms_of(floor, agent, later.weekday).get(step, 0.0)
                return cut.at, due(norm, step, spans, later, later.starts, cut.at)
    return None


def open_task(
    floor: Floor, agent: Agent, day: WorkingDay, cut: CutOff, step: Step, evidence: Mapping[str, Any]
) -> Task | None:
    """The task of a lagging agent; None when nothing is due of the agent in the slice ahead."""
    ahead = next_due(floor, agent, day, cut, step)
    if ahead is None or ahead[1] <= EXACT:
        return None
    verified_at, expected = ahead
    return Task(
        task=derived_id("task", day.date.isoformat(), cut.name, agent.id, step),
        date=day.date,
        slice=cut.name,
        agent=agent.id,
        team=agent.team,
        step=step,
        opened=cut.at,
        due=verified_at,
        target=max(1, math.ceil(expected - EXACT)),
        evidence={**evidence, "expected_next": round(expected, 6)},
    )


def required(task: Task, since: Since, at_: datetime) -> int:
    """Count that meets the target: the issued one and, once the task was carried, what has become due since."""
    if at_ <= task.due:
        return task.target
    return max(task.target, math.ceil(since.expected - EXACT))


def verify(
    task: Task, since: Since, at_: datetime, *, trusted: bool, last_chance: bool, by: Judgement
) -> TaskResult | None:
    """Result of a task at the cut-off *at_*, or None when it is carried to the next slice.

    Args:
        trusted: the step's data can be judged; if not, only a target that was met is believed.
        last_chance: the last cut-off of the agent's next working day (or later).
    """
    rules = by.verification
    met = since.done >= required(task, since, at_)
    if since.technical_share >= rules.invalid_technical_share:
        return "invalidated"
    if not trusted:
        return "done" if met else "not_enough_data" if last_chance else None
    if since.expected < by.min_expected - EXACT and since.done < task.target:
        return "not_enough_data"
    own = multiplier(since.done, since.expected, cv=by.prior_cv, overdispersion=by.overdispersion)
    below = own.p_below(by.soft.below)
    if met or 1 - below >= rules.done_probability:
        return "done"
    if below >= rules.not_done_probability:
        return "not_done"
    return "not_enough_data" if last_chance else None


def is_last_chance(floor: Floor, agent: Agent | None, task: Task, day: WorkingDay, cut: CutOff) -> bool:
    """True at the last cut-off of the agent's next working day after the task was opened, and ever after."""
    if agent is None:
        return True
    for ahead in range(1, LOOK_AHEAD_DAYS):
        date = task.date + timedelta(days=ahead)
        if date > day.date:
            return False
        if scheduled(floor, working_day(floor, date), agent):
            return date < day.date or cut == day.cut_offs[-1]
    return False


def recheck_on(floor: Floor, date: Date, days: int) -> Date:
    """The date *days* working days after *date*."""
    found, left = date, days
    while left:
        found += timedelta(days=1)
        left -= is_working(floor, found)
        if (found - date).days > 366:
            break
    return found


@dataclass(frozen=True, slots=True)
class Case:
    """A coaching case: the trainer takes over. ``reason`` is ``not_done_twice`` or ``done_without_result``."""

    case: str
    date: Date
    agent: str
    team: str
    step: Step
    opened: datetime
    reason: str
    recheck_on: Date


def escalate(
    verified: Verified,
    hard: bool,
    lagging: bool,
    not_done: int,
    met_in_vain: int,
    case_open: bool,
    *,
    floor: Floor,
    date: Date,
    cut: CutOff,
) -> Case | None:
    """The coaching case that this verification opens, if any.

    Args:
        not_done: tasks not done today on this step, this one included.
        met_in_vain: targets met running while the index stayed low, this one included; it counts while the agent is
            still soundly below (*lagging*): an early deficit that is being worked off is no failure.
    """
    twice = verified.result == "not_done" and not_done >= 2 and hard
    in_vain = verified.result == "done" and met_in_vain >= 2 and lagging
    if case_open or not (twice or in_vain):
        return None
    task = verified.task
    return Case(
        case=derived_id("coaching", date.isoformat(), cut.name, task.agent, task.step),
        date=date,
        agent=task.agent,
        team=task.team,
        step=task.step,
        opened=cut.at,
        reason="not_done_twice" if twice else "done_without_result",
        recheck_on=recheck_on(floor, date, floor.judgement.verification.recheck_days),
    )
