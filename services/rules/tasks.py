"""Tasks: their target, their verification at the next slice, and the escalation to a trainer (DOMAIN §7)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

from schemas.floor import Agent, Floor
from schemas.floor.judgement import Judgement
from schemas.rows import derived_id
from schemas.steps import STEPS, InvalidReason, Step, TaskResult
from services.rules.day import CutOff, WorkingDay, first_of_working_days, is_working, team_day
from services.rules.deviation import EXACT, of_agent
from services.rules.exposure import scheduled
from services.rules.norms import norms_of
from services.rules.spans import at, minutes
from services.rules.target import due

LOOK_AHEAD_DAYS = 60
LEAST_ADVICE = 0.5
"""Of what is expected less than half a time nothing is advised."""


@dataclass(frozen=True, slots=True)
class Task:
    """An open task. ``opened`` is the cut-off that gave it, ``due`` the one that verifies it first (aware UTC).

    ``issued``: the target before somebody edited it. ``dismissed``: after the cut-off being closed, so that the agent is
    free from the next one on; a task dismissed before it is not an open one.
    """

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
    issued: int | None = None
    dismissed: bool = False

    @property
    def demand(self) -> float:
        """How much the edited target asks against the issued one; 1 where nobody edited it."""
        return 1.0 if self.issued is None else self.target / self.issued


@dataclass(frozen=True, slots=True)
class Ground:
    """The row that gave a task, as it is seen with the minutes known now: it would give none.

    ``done``, ``target``: since midnight, at that slice; ``technical_min``: of that time.
    """

    slice: str
    step: Step
    done: int
    target: float | None
    technical_min: float


@dataclass(frozen=True, slots=True)
class Verified:
    """A closed task. ``met``: its target was reached; ``index``: the agent's index on the step at that moment.

    ``expected`` is due by the norm, whatever the target; ``technical_min``: minutes that faults took since it was opened.
    ``ground``: of a task that was lifted because what gave it has fallen away.
    """

    task: Task
    at: datetime
    result: TaskResult
    done: int
    expected: float
    met: bool
    index: float | None
    required: int = 0
    technical_min: float = 0.0
    ground: Ground | None = None

    @property
    def invalid(self) -> InvalidReason | None:
        """Why it says nothing of the agent."""
        return None if self.result != "invalidated" else "interval" if self.ground is None else "ground"


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since a task was opened: counted, due by actual exposure, technical minutes and their share."""

    done: int
    expected: float
    technical_share: float
    technical_min: float = 0.0


def next_due(floor: Floor, agent: Agent, day: WorkingDay, after: CutOff, step: Step) -> tuple[datetime, float] | None:
    """(cut-off, Λ) of the next slice in which the agent is due to work: later today, else the next working day's first."""
    own = day.of(agent.team)
    spans_today = scheduled(floor, own, agent)
    norm_today = norms_of(floor, agent, day.weekday).get(step, 0.0)
    start = after.at
    for cut in day.cut_offs:
        if cut.at > after.at and minutes(spans_today, at(start), at(cut.at)):
            return cut.at, due(norm_today, step, spans_today, own, start, cut.at)
    for ahead in range(1, LOOK_AHEAD_DAYS):
        later = team_day(floor, day.date + timedelta(days=ahead), agent.team)
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
        evidence={
            **evidence,
            "expected_next": round(expected, 6),
            "advice": _advice(floor, agent, day, cut, step),
        },
    )


def _advice(floor: Floor, agent: Agent, day: WorkingDay, cut: CutOff, step: Step) -> dict[Step, int]:
    """Counts of the neighbouring steps that go with the target: what leads to it, and what should come of it.

    They are advice and never verified. Being answered is nobody's doing, so it is no advice.
    """
    found: dict[Step, int] = {}
    place = STEPS.index(step)
    for side in (reversed(STEPS[:place]), iter(STEPS[place + 1 :])):
        for other in side:
            ahead = None if other == "answered" else next_due(floor, agent, day, cut, other)
            if ahead and ahead[1] >= LEAST_ADVICE:
                found[other] = math.ceil(ahead[1] - EXACT)
                break
    return {other: found[other] for other in STEPS if other in found}


def required(task: Task, since: Since, at_: datetime) -> int:
    """Count that meets the target: the issued one (or as the head edited it) and, once the task was carried, what has
    become due since — times what the edit asks against what was issued."""
    if at_ <= task.due:
        return task.target
    return max(task.target, math.ceil(since.expected * task.demand - EXACT))


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
    own = of_agent(since.done, since.expected * task.demand, by.of(task.team, task.step))
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
        if scheduled(floor, team_day(floor, date, agent.team), agent):
            return date < day.date or cut == day.cut_offs[-1]
    return False


REPEAT_DAYS = 5
FAR_DAYS = 366
"""A calendar without working days ends the search here."""


def repeats_since(floor: Floor, date: Date) -> Date:
    """First date of the REPEAT_DAYS working days that end with *date*: a task counts as given again within them."""
    return first_of_working_days(floor, date, REPEAT_DAYS)


def recheck_on(floor: Floor, date: Date, days: int, team: str | None = None, agent: Agent | None = None) -> Date:
    """The date *days* working days after *date*: the agent's own, by shifts, absence and calendar; the team's where the
    agent is not known, or has not so many ahead (somebody who leaves)."""

    def works(day: Date) -> bool:
        if agent is None:
            return is_working(floor, day, team)
        return bool(scheduled(floor, team_day(floor, day, agent.team), agent))

    found, left = date, days
    while left and (found - date).days <= FAR_DAYS:
        found += timedelta(days=1)
        left -= works(found)
    return found if not left or agent is None else recheck_on(floor, date, days, agent.team)


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
        recheck_on=recheck_on(
            *(floor, date, floor.judgement.verification.recheck_days),
            *(task.team, floor.agent_by_id.get(task.agent)),
        ),
    )
