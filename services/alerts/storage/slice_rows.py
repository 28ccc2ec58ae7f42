"""What the closer froze: closes, and the rows of one slice and team."""

from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.rows import SliceRow
from schemas.tables import closes, coaching, slices, task_acts, task_revisions, tasks, team_issues, technical

DAYS: Final = 28
"""Calendar days of past slices that a slice is compared with."""


async def closed(connection: AsyncConnection, since: Date) -> Sequence[Any]:
    """Slices closed on time from *since* on, oldest first."""
    query = sa.select(closes).where(closes.c.date >= since, closes.c.on_time).order_by(closes.c.cut_off)
    return (await connection.execute(query)).all()


async def rows_of(connection: AsyncConnection, date: Date, slice_: str, team: str) -> Sequence[Any]:
    query = sa.select(slices).where(slices.c.date == date, slices.c.slice == slice_, slices.c.team == team)
    return (await connection.execute(query.order_by(slices.c.agent, slices.c.step))).all()


async def past_of(connection: AsyncConnection, date: Date, team: str, cut_off: datetime) -> list[SliceRow]:
    """The team's rows of the last DAYS up to the slice closed at *cut_off*, in order of time."""
    columns = slices.c
    query = sa.select(slices).where(
        columns.date.between(date - timedelta(days=DAYS), date), columns.team == team, columns.cut_off <= cut_off
    )
    names = set(SliceRow.__struct_fields__)
    return [
        SliceRow(**{name: value for name, value in row.items() if name in names})
        for row in (await connection.execute(query.order_by(columns.cut_off))).mappings()
    ]


async def team_below(connection: AsyncConnection, date: Date, slice_: str, team: str) -> frozenset[str]:
    """Steps on which the whole team was below the norm at that slice."""
    columns = team_issues.c
    query = sa.select(columns.evidence).where(columns.date == date, columns.slice == slice_, columns.team == team)
    evidence = (await connection.execute(query)).scalar() or {}
    return frozenset(one["step"] for one in evidence.get("steps") or ())


async def teams_of(connection: AsyncConnection, date: Date, slice_: str) -> Sequence[str]:
    query = sa.select(slices.c.team).where(slices.c.date == date, slices.c.slice == slice_).distinct()
    return list((await connection.execute(query.order_by(slices.c.team))).scalars())


async def tasks_of(connection: AsyncConnection, team: str, cut_off: datetime) -> Sequence[Any]:
    """The team's tasks that a message at *cut_off* may speak of: opened by then, not verified before."""
    query = sa.select(tasks).where(
        tasks.c.team == team,
        tasks.c.opened <= cut_off,
        sa.or_(tasks.c.dismissed_at.is_(None), tasks.c.opened == cut_off),
        sa.or_(tasks.c.verified.is_(None), tasks.c.verified >= cut_off),
    )
    return (await connection.execute(query.order_by(tasks.c.opened, tasks.c.agent, tasks.c.step))).all()


async def given_since(connection: AsyncConnection, team: str, since: Date) -> Sequence[Any]:
    """The team's tasks of these days, from which it is counted which time each one is: without dismissed ones, and without
    those whose time was technical, as it is known now."""
    now = (
        sa.select(task_revisions.c.result)
        .where(task_revisions.c.task == tasks.c.task)
        .order_by(task_revisions.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = sa.select(tasks.c.task, tasks.c.agent, tasks.c.step, tasks.c.opened, tasks.c.date).where(
        tasks.c.team == team,
        tasks.c.date >= since,
        tasks.c.dismissed_at.is_(None),
        sa.func.coalesce(now, tasks.c.result).is_distinct_from("invalidated"),
    )
    return (await connection.execute(query)).all()


async def acts_of(connection: AsyncConnection, found: Sequence[Any]) -> dict[str, list[Any]]:
    """Task → what people did about it, oldest first."""
    ids = [task.task for task in found]
    acts: dict[str, list[Any]] = {}
    if ids:
        query = sa.select(task_acts).where(task_acts.c.task.in_(ids)).order_by(task_acts.c.id)
        for row in await connection.execute(query):
            acts.setdefault(row.task, []).append(row)
    return acts


async def acted_since(connection: AsyncConnection, since: Date) -> Sequence[Any]:
    """``date``, ``slice``, ``team`` of slices about whose tasks somebody did something, or of whose tasks one was lifted;
    ``acts``: how many acts, each lifted task counted as one."""
    lifted = sa.distinct(sa.case((tasks.c.evidence["verified"].has_key("ground"), tasks.c.task)))
    acts = sa.func.count(task_acts.c.id) + sa.func.count(lifted)
    query = (
        sa.select(tasks.c.date, tasks.c.slice, tasks.c.team, acts.label("acts"))
        .outerjoin(task_acts, task_acts.c.task == tasks.c.task)
        .where(tasks.c.date >= since)
        .group_by(tasks.c.date, tasks.c.slice, tasks.c.team)
        .having(acts > 0)
    )
    return (await connection.execute(query)).all()


async def tasks_by_id(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Any]:
    query = sa.select(tasks).where(tasks.c.task.in_(ids))
    return {row.task: row for row in await connection.execute(query)}


async def cases_of(connection: AsyncConnection, team: str, cut_off: datetime) -> Sequence[Any]:
    query = sa.select(coaching).where(coaching.c.team == team, coaching.c.opened == cut_off)
    return (await connection.execute(query.order_by(coaching.c.agent))).all()


async def cases_lifted(connection: AsyncConnection, team: str, cut_off: datetime) -> Sequence[Any]:
    query = sa.select(coaching).where(coaching.c.team == team, coaching.c.lifted == cut_off)
    return (await connection.execute(query.order_by(coaching.c.agent))).all()


async def technical_agents(
    connection: AsyncConnection, agents: Sequence[str], start: datetime, end: datetime
) -> frozenset[str]:
    """Agents with technical minutes in (start, end]."""
    query = sa.select(technical.c.agent).where(
        technical.c.agent.in_(agents),
        technical.c.started_at < end,
        sa.or_(technical.c.ended_at.is_(None), technical.c.ended_at > start),
    )
    return frozenset((await connection.execute(query.distinct())).scalars())
