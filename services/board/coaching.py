"""Coaching cases with what the trainer did, what came of it, and the fair effect of tasks and trainers (DOMAIN §7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.acts import Close, Plan
from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.board.storage import acts, days, tasks
from services.board.storage.acts import Done
from services.board.storage.days import DayTotal
from services.board.storage.tasks import Case, Task
from services.rules.effect import Effect, Episode, Pooled, effect, episode_of, pooled

State = Literal["open", "recheck", "closed"]
SHOWN_DAYS: Final = 90
WINDOW_DAYS: Final = 60
BEFORE: Final = timedelta(days=14)
"""So long before its opening a case looks back for how the agent was."""


@dataclass(frozen=True, slots=True)
class CaseNow:
    """``since_days``: days with something due since it was opened; ``result`` is None until there is one."""

    case: Case
    state: State
    plan: Plan | None
    closed: Close | None
    trainer: str
    acts: Sequence[Done]
    episode: Episode | None
    result: Effect | None
    since_days: int


@dataclass(frozen=True, slots=True)
class Effects:
    """Tasks by step and cases by trainer, of WINDOW_DAYS days."""

    steps: Mapping[Step, Pooled]
    trainers: Mapping[str, Pooled]


async def cases(connection: AsyncConnection, floor: Floor, today: Date, team: str | None = None) -> list[CaseNow]:
    """Cases of the last SHOWN_DAYS days, the newest first."""
    found = await tasks.coaching(connection, since=today - timedelta(days=SHOWN_DAYS), team=team)
    return await _now(connection, floor, today, found[::-1])


async def case(connection: AsyncConnection, floor: Floor, today: Date, case_id: str) -> CaseNow | None:
    found = await tasks.case(connection, case_id)
    return None if found is None else (await _now(connection, floor, today, [found]))[0]


async def leading(connection: AsyncConnection, one: Case) -> list[Task]:
    """Tasks on the case's step that led to it, oldest first: those of the two weeks before it was opened."""
    known = await tasks.given_since(connection, one.row.date - BEFORE, one.row.opened, one.row.agent)
    return [task for task in known if task.row.step == one.row.step and task.row.opened < one.row.opened]


async def effects(connection: AsyncConnection, floor: Floor, today: Date, team: str | None = None) -> Effects:
    """How much tasks on each step and each trainer's cases changed, fairly, and what before and after would claim."""
    since = today - timedelta(days=WINDOW_DAYS)
    by_step: dict[Step, list[Episode]] = {}
    for task in await tasks.given_since(connection, since):
        one = episode_of(task.row.agent, task.evidence, task.counts, floor.judgement.of(task.row.team, task.row.step))
        if one and team in (None, task.row.team):
            by_step.setdefault(task.row.step, []).append(one)
    by_trainer: dict[str, list[Episode]] = {}
    for known in await cases(connection, floor, today, team):
        if known.episode and known.case.row.date >= since:
            by_trainer.setdefault(known.trainer, []).append(known.episode)
    return Effects(
        {step: pooled(by_step[step]) for step in STEPS if step in by_step},
        {name: pooled(own) for name, own in sorted(by_trainer.items())},
    )


async def _now(connection: AsyncConnection, floor: Floor, today: Date, found: Sequence[Case]) -> list[CaseNow]:
    done = await acts.of_cases(connection, [one.case for one in found])
    first = min((one.row.date for one in found), default=today) - BEFORE
    totals = await days.of_agents(connection, sorted({one.row.agent for one in found}), first, today)
    return [_case(one, done.get(one.case, ()), totals, floor, today) for one in found]


def _case(one: Case, done: Sequence[Done], totals: Iterable[DayTotal], floor: Floor, today: Date) -> CaseNow:
    plans = [act.act for act in done if isinstance(act.act, Plan)]
    closed = next((act.act for act in done if isinstance(act.act, Close)), None)
    plan = plans[-1] if plans else None
    team = floor.team_by_id.get(one.team)
    own = [total for total in totals if (total.agent, total.step) == (one.row.agent, one.row.step)]
    before = [total for total in own if one.row.date - BEFORE <= total.date <= one.row.date]
    since = [total for total in own if one.row.date < total.date <= max(one.recheck_on, one.row.date)]
    episode = None
    if before and since:
        episode = Episode(
            one.row.agent,
            sum(total.done for total in before),
            sum(total.due for total in before),
            sum(total.done for total in since),
            sum(total.due for total in since),
            floor.judgement.of(one.team, one.row.step),
        )
    result = None
    if episode:
        result = effect(episode.done_before, episode.due_before, episode.done_since, episode.due_since, episode.by)
    state: State = "closed" if closed else "recheck" if today >= one.recheck_on else "open"
    trainer = (plan.trainer if plan else "") or (team.trainer if team else None) or ""
    return CaseNow(one, state, plan, closed, trainer, done, episode, result, len(since))
