"""What is reckoned of a day: counts, working time, norms, payments, as known now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.steps import Step
from services.reads import answers, funnel, money, states, technical
from services.rules.day import WorkingDay
from services.rules.exposure import NONE, Exposure, States, exposure, scheduled
from services.rules.forecast import Paid
from services.rules.norms import norms_of
from services.rules.spans import Spans, at, union
from services.rules.target import due

Lost = Sequence[tuple[datetime, datetime | None]]


class Counted(Protocol):
    @property
    def done(self) -> Mapping[Step, int]: ...


class DayNow(Protocol):
    """A day as the rules of forecast and risk want it. ``lost_answers``: team → conversations lost on bad numbers and lists."""

    @property
    def floor(self) -> Floor: ...
    @property
    def day(self) -> WorkingDay: ...
    @property
    def agents(self) -> Mapping[str, Counted]: ...
    @property
    def exposures(self) -> Mapping[str, Exposure]: ...
    @property
    def norms(self) -> Mapping[str, Mapping[Step, float]]: ...
    @property
    def paid(self) -> Mapping[str, Paid]: ...
    @property
    def lost_answers(self) -> Mapping[str, float]: ...
    @property
    def date(self) -> Date: ...
    @property
    def everybody(self) -> "DayNow":
        """For sums of teams and of the floor."""

    def day_of(self, agent: str) -> WorkingDay: ...


@dataclass(frozen=True, slots=True)
class DayRead:
    """The day of all, as ``read`` finds it."""

    floor: Floor
    day: WorkingDay
    agents: Mapping[str, Counted]
    exposures: Mapping[str, Exposure]
    norms: Mapping[str, Mapping[Step, float]]
    paid: Mapping[str, Paid]
    lost_answers: Mapping[str, float]

    @property
    def date(self) -> Date:
        return self.day.date

    @property
    def everybody(self) -> "DayRead":
        return self

    def day_of(self, agent: str) -> WorkingDay:
        return self.day.of(self.floor.agent_by_id[agent].team)


@dataclass(frozen=True, slots=True)
class _Nothing:
    done: Mapping[Step, int]


NOTHING: Final[Counted] = _Nothing({})


async def read(connection: AsyncConnection, floor: Floor, day: WorkingDay, now: datetime) -> DayRead:
    counts = await funnel.by_agent(connection, floor, day.date, day.ends)
    seen = await states.of_day(connection, day.date)
    lost = await technical.between(connection, day.starts, day.ends)
    return DayRead(
        floor=floor,
        day=day,
        agents={agent.id: counts.get(agent.id, NOTHING) for agent in floor.agents},
        exposures=exposures_of(floor, day, seen, lost, now),
        norms={agent.id: norms_of(floor, agent, day.weekday) for agent in floor.agents},
        paid=await money.paid(connection, floor, day.date),
        lost_answers=await answers.lost(connection, floor, day.date, day.date, now),
    )


def exposures_of(
    floor: Floor, day: WorkingDay, seen: Mapping[str, States], lost: Mapping[str, Lost], now: datetime
) -> dict[str, Exposure]:
    """Exposure of every agent; an open technical verdict lasts until *now*."""
    return {
        agent.id: exposure(
            scheduled(floor, day, agent), day, seen.get(agent.id, ()), technical_spans(lost.get(agent.id, ()), now)
        )
        for agent in floor.agents
    }


def due_of(today: DayNow, agent: str, step: Step, moment: datetime) -> float | None:
    """Part of the agent's norm due by *moment*, for the minutes worked; None without a norm."""
    norm = today.norms.get(agent, {}).get(step)
    if norm is None:
        return None
    return due(norm, step, today.exposures.get(agent, NONE).net, today.day_of(agent), today.day.starts, moment)


def technical_spans(lost: Lost, now: datetime) -> Spans:
    return union((at(start), at(end or now)) for start, end in lost)
