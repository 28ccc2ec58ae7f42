"""Technical minutes of agents, from ``technical``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables

_technical = tables.technical.c


async def between(
    connection: AsyncConnection, start: datetime, end: datetime
) -> Mapping[str, Sequence[tuple[datetime, datetime | None]]]:
    """Agent → (from, to) that touch (start, end]; an open one has no ``to``."""
    query = (
        sa.select(_technical.agent, _technical.started_at, _technical.ended_at)
        .where(
            _technical.started_at < end,
            sa.or_(_technical.ended_at.is_(None), _technical.ended_at > start),
        )
        .order_by(_technical.agent, _technical.started_at)
    )
    found: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for agent, since, until in await connection.execute(query):
        found[agent].append((since, until))
    return found


async def affected(connection: AsyncConnection, start: datetime, end: datetime) -> Mapping[str, int]:
    """Alert → how many agents lost time to it in (start, end]."""
    query = (
        sa.select(_technical.alert, sa.func.count(sa.distinct(_technical.agent)))
        .where(_technical.started_at < end, sa.or_(_technical.ended_at.is_(None), _technical.ended_at > start))
        .group_by(_technical.alert)
    )
    return {alert: int(count) for alert, count in await connection.execute(query)}


async def by_alert(
    connection: AsyncConnection, start: datetime, end: datetime
) -> Mapping[str, Sequence[tuple[str, datetime, datetime | None]]]:
    """Alert → (agent, from, to) that touch (start, end]; an open one has no ``to``."""
    query = (
        sa.select(_technical.alert, _technical.agent, _technical.started_at, _technical.ended_at)
        .where(_technical.started_at < end, sa.or_(_technical.ended_at.is_(None), _technical.ended_at > start))
        .order_by(_technical.alert, _technical.agent, _technical.started_at)
    )
    found: dict[str, list[tuple[str, datetime, datetime | None]]] = defaultdict(list)
    for alert, agent, since, until in await connection.execute(query):
        found[alert].append((agent, since, until))
    return found
