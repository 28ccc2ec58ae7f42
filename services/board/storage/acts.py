"""People's acts about tasks (services.acts.tasks) and coaching cases: appended, in one transaction with what they change."""

import asyncio
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.acts import (
    Close,
    CoachingAct,
    TaskAct,
    arguments_of,
    kind_of,
)
from services.acts.tasks import Recorded, record
from services.acts.tasks import read as read_task
from services.reads.cases import Done, read_coaching
from services.rules.acts import Refusal

_acts, _cases = tables.task_acts.c, tables.coaching_acts.c


async def record_coaching(
    connection: AsyncConnection, case: str, act: CoachingAct, at: datetime, by: str, key: str | None = None
) -> bool | Literal["no_case", "case_closed"]:
    """Do *act* about *case*, within the caller's transaction; False when it says what stands already."""
    query = sa.select(tables.coaching.c.agent).where(tables.coaching.c.case == case).with_for_update()
    if (await connection.execute(query)).one_or_none() is None:
        return "no_case"
    rows = await connection.execute(
        sa.select(_cases.key, _cases.act, _cases.arguments).where(_cases.case == case).order_by(_cases.id)
    )
    earlier = [(row.key, read_coaching(row.act, row.arguments)) for row in rows]
    if (key is not None and any(used == key for used, _ in earlier)) or (earlier and earlier[-1][1] == act):
        return False
    if any(isinstance(one, Close) for _, one in earlier):
        return "case_closed"
    row = {"case": case, "at": at, "by": by, "act": kind_of(act), "arguments": arguments_of(act), "key": key}
    await connection.execute(sa.insert(tables.coaching_acts).values(row))
    return True


class Acts:
    """Transactions of the board; what does not answer within *deadline_s* raises TimeoutError, as a reading does."""

    def __init__(self, engine: AsyncEngine, deadline_s: float) -> None:
        self._engine, self._deadline_s = engine, deadline_s

    async def about_task(
        self, task: str, act: TaskAct, at: datetime, by: str, key: str | None
    ) -> Recorded | Refusal | Literal["no_task"]:
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            return await record(connection, task, act, at, by, key)

    async def about_case(
        self, case: str, act: CoachingAct, at: datetime, by: str, key: str | None
    ) -> bool | Literal["no_case", "case_closed"]:
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            return await record_coaching(connection, case, act, at, by, key)


async def of_tasks(connection: AsyncConnection, tasks: list[str]) -> dict[str, list[Done]]:
    """Task → its acts, oldest first."""
    found: dict[str, list[Done]] = {}
    if tasks:
        query = sa.select(tables.task_acts).where(_acts.task.in_(tasks)).order_by(_acts.id)
        for row in await connection.execute(query):
            found.setdefault(row.task, []).append(Done(row.act, read_task(row.act, row.arguments), row.at, row.by))
    return found
