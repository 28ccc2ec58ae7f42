"""The tasks that led to a coaching case, and the fair effect of tasks and trainers (DOMAIN §7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.board.storage import tasks
from services.board.storage.tasks import Task
from services.reads.cases import Case, before_of, cases
from services.rules.effect import Episode, Pooled, episode_of, pooled


@dataclass(frozen=True, slots=True)
class Effects:
    """Tasks by step and cases by trainer, of ``coaching.effect_days`` days."""

    steps: Mapping[Step, Pooled]
    trainers: Mapping[str, Pooled]


async def leading(connection: AsyncConnection, floor: Floor, one: Case) -> list[Task]:
    """Tasks on the case's step that led to it, oldest first: those of ``coaching.before_days`` before it was opened."""
    known = await tasks.given_since(connection, one.row.date - before_of(floor), one.row.opened, one.row.agent)
    return [task for task in known if task.row.step == one.row.step and task.row.opened < one.row.opened]


async def effects(connection: AsyncConnection, floor: Floor, today: Date, team: str | None = None) -> Effects:
    """How much tasks on each step and each trainer's cases changed, fairly, and what before and after would claim."""
    since = today - timedelta(days=floor.coaching.effect_days)
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
