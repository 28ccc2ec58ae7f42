"""What agents did in whole days, by frozen slices: the last slice of each day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.steps import Step

_slices = tables.slices.c


@dataclass(frozen=True, slots=True)
class DayTotal:
    """``due`` by actual exposure, up to the day's last slice."""

    date: Date
    agent: str
    step: Step
    done: int
    due: float


async def of_agents(connection: AsyncConnection, agents: Sequence[str], since: Date, until: Date) -> list[DayTotal]:
    """Days with something due, oldest first; steps without a norm are left out, and so is what could not be trusted."""
    if not agents:
        return []
    newest = (
        sa.select(tables.slices)
        .where(_slices.agent.in_(agents), _slices.date >= since, _slices.date <= until)
        .ext(distinct_on(_slices.agent, _slices.step, _slices.date))
        .order_by(_slices.agent, _slices.step, _slices.date, _slices.cut_off.desc())
        .subquery()
    )
    query = sa.select(newest).where(newest.c.target > 0, newest.c.trusted).order_by(newest.c.date)
    return [DayTotal(row.date, row.agent, row.step, row.done, row.target) for row in await connection.execute(query)]
