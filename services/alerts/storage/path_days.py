"""Traffic by path as ``facts`` has it, and the history behind the baselines."""

import asyncio
from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import queries
from schemas.floor import Floor
from services.rules import path_rows
from services.rules.baselines import Baselines, Feed, learn
from services.rules.path_rows import EVER
from services.rules.paths import Call


async def calls(connection: AsyncConnection, floor: Floor, date: Date, after: datetime, until: datetime) -> list[Call]:
    limits = path_rows.limits_of(floor)
    rows = await _all(connection, queries.CALLS_OF_DAY, (date, after, until, EVER))
    return [path_rows.call_of_row(row, floor, limits) for row in rows]


async def oldest_changed(
    connection: AsyncConnection, sources: Sequence[str], received_after: datetime, date: Date
) -> datetime | None:
    """The oldest call of the day that was received since."""
    rows = await _all(connection, queries.OLDEST_CHANGED, (list(sources), received_after, date))
    found: datetime | None = rows[0].oldest
    return found


async def marks(connection: AsyncConnection, date: Date) -> dict[Feed, list[datetime]]:
    return path_rows.marks_of(await _all(connection, queries.MARKS_OF_DAY, (date, EVER)))


async def baselines(connection: AsyncConnection, floor: Floor, date: Date) -> Baselines:
    """What is usual on *date*, from the days before."""
    by_hour = await _all(connection, queries.CALLS_BY_HOUR, path_rows.by_hour_arguments(floor, date))
    by_agent = await _all(connection, queries.CALLS_BY_AGENT, path_rows.by_agent_arguments(floor, date))
    by_lag = await _all(connection, queries.MARKS_BY_LAG, path_rows.by_lag_arguments(floor, date))
    by_bin = await _all(connection, queries.ARRIVALS_BY_BIN, path_rows.by_arrival_arguments(floor, date))
    return await asyncio.to_thread(lambda: learn(floor, path_rows.summaries(by_hour, by_agent, by_lag, by_bin, floor)))


async def _all(connection: AsyncConnection, query: str, arguments: tuple[Any, ...]) -> Sequence[Any]:
    return (await connection.exec_driver_sql(query, arguments)).all()
