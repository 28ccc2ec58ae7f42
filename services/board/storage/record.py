"""What the record of a task is read from: frozen slices of the team, and the agent's own calls of the same slices before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.facts import CALL
from schemas.steps import Step
from services.rules.record import CallSeen, Slot

_slices, _facts = tables.slices.c, tables.facts.c


@dataclass(frozen=True, slots=True)
class SliceCount:
    date: Date
    slice: str
    cut_off: datetime
    agent: str
    step: Step
    done: int
    in_slice: int
    target: float | None

    @property
    def slot(self) -> Slot:
        return self.date, self.slice


async def of_team(connection: AsyncConnection, team: str, since: Date, until: Date) -> list[SliceCount]:
    """Frozen rows of a team on these dates, oldest first."""
    return await _read(connection, _slices.team == team, _slices.date >= since, _slices.date <= until)


async def of_agent_before(connection: AsyncConnection, agent: str, before: Date, days: int) -> list[SliceCount]:
    """Frozen rows of the agent's days before *before*, as far back as *days* working days of one kind may reach."""
    reach = timedelta(days=4 * days)
    return await _read(connection, _slices.agent == agent, _slices.date < before, _slices.date >= before - reach)


async def _read(connection: AsyncConnection, *where: sa.ColumnElement[bool]) -> list[SliceCount]:
    query = sa.select(tables.slices).where(*where).order_by(_slices.cut_off, _slices.agent, _slices.step)
    return [
        SliceCount(row.date, row.slice, row.cut_off, row.agent, row.step, row.done, row.in_slice, row.target)
        for row in await connection.execute(query)
    ]


async def calls_of(connection: AsyncConnection, agent: str, days: Sequence[Date]) -> Mapping[Date, list[CallSeen]]:
    """The agent's calls by day, oldest first; internal ones left out."""
    found: dict[Date, list[CallSeen]] = {day: [] for day in days}
    query = (
        sa.select(_facts.day, _facts.occurred_at, _facts.talk_s, _facts.disposition, _facts.data["started_at"].astext)
        .where(_facts.agent == agent, _facts.day.in_(days), _facts.type == CALL, _facts.direction != "internal")
        .order_by(_facts.occurred_at)
    )
    for day, ended, talk_s, disposition, started in await connection.execute(query):
        began = datetime.fromisoformat(started) if started else ended
        found[day].append(CallSeen(began, ended, talk_s if disposition == "answered" else None))
    return found
