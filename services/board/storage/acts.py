"""People's acts about tasks and coaching cases: appended, in one transaction with what they change.

``record`` and ``record_coaching`` are all there is to it: a service that hears people elsewhere does the same three statements.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.acts import (
    Close,
    CoachingAct,
    Dismiss,
    Edit,
    TaskAct,
    TaskState,
    arguments_of,
    coaching_act,
    kind_of,
    task_act,
)
from services.rules.acts import Refusal, Standing, advance, standing

_tasks, _acts, _cases = tables.tasks.c, tables.task_acts.c, tables.coaching_acts.c


@dataclass(frozen=True, slots=True)
class Done:
    """One act that was done. ``act`` is None where a newer version of Srez wrote what this one cannot read."""

    kind: str
    act: TaskAct | CoachingAct | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the task is after an act; ``new``: False for a request that said what stands already."""

    state: TaskState
    target: int
    new: bool


async def record(
    connection: AsyncConnection, task: str, act: TaskAct, at: datetime, by: str, key: str | None = None
) -> Recorded | Refusal | Literal["no_task"]:
    """Do *act* about *task*, within the caller's transaction. The row of the task is held until it ends.

    Args:
        key: the asker's own id of this request; asked again with it, nothing is done twice.
    """
    query = sa.select(_tasks.state, _tasks.target, _tasks.issued, _tasks.result).where(_tasks.task == task)
    row = (await connection.execute(query.with_for_update())).one_or_none()
    if row is None:
        return "no_task"
    known = await connection.execute(
        sa.select(_acts.key, _acts.act, _acts.arguments).where(_acts.task == task).order_by(_acts.id)
    )
    earlier = [(one.key, _read(task_act, one.act, one.arguments)) for one in known]
    if key is not None and any(used == key for used, _ in earlier):
        return Recorded(row.state, row.target, new=False)
    now = standing(row.state, row.target, row.result, [one for _, one in earlier if one is not None])
    after = advance(now, act)
    if not isinstance(after, Standing):
        return after
    if after == now:
        return Recorded(row.state, row.target, new=False)
    await connection.execute(
        sa.insert(tables.task_acts).values(
            task=task, at=at, by=by, act=kind_of(act), arguments=arguments_of(_told(act, now)), key=key
        )
    )
    changed: dict[str, Any] = {"state": after.state, "target": after.target}
    if after.target != now.target and row.issued is None:
        changed["issued"] = now.target
    if isinstance(act, Dismiss):
        changed["dismissed_at"] = at
    await connection.execute(sa.update(tables.tasks).where(_tasks.task == task).values(changed))
    return Recorded(after.state, after.target, new=True)


def _told(act: TaskAct, now: Standing) -> TaskAct:
    """With what the history has to say beside it."""
    if isinstance(act, Edit) and act.target is not None:
        return msgspec.structs.replace(act, was=now.target)
    return act


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
    earlier = [(row.key, _read(coaching_act, row.act, row.arguments)) for row in rows]
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
            found.setdefault(row.task, []).append(
                Done(row.act, _read(task_act, row.act, row.arguments), row.at, row.by)
            )
    return found


async def of_cases(connection: AsyncConnection, cases: list[str]) -> dict[str, list[Done]]:
    """Case → its acts, oldest first."""
    found: dict[str, list[Done]] = {}
    if cases:
        query = sa.select(tables.coaching_acts).where(_cases.case.in_(cases)).order_by(_cases.id)
        for row in await connection.execute(query):
            act = _read(coaching_act, row.act, row.arguments)
            found.setdefault(row._mapping["case"], []).append(Done(row.act, act, row.at, row.by))
    return found


def _read(reader: Any, kind: str, arguments: Any) -> Any:
    try:
        return reader(kind, arguments)
    except (KeyError, msgspec.ValidationError):
        return None
