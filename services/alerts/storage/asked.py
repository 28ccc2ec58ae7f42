"""Acts that a messenger heard: inserted once, whoever sends them again."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.alert_acts import AlertAct, Via, arguments_of, kind_of
from schemas.rows import derived_id
from schemas.tables import alert_acts, alerts, task_acts, tasks


async def ask(
    connection: AsyncConnection, act: AlertAct, alert: str | None, at: datetime, by: str, via: Via, key: str
) -> bool:
    """False when the same *key* asked before."""
    row = {"act": derived_id("alert_act", via, alert, key), "alert": alert, "kind": kind_of(act)}
    values = insert(alert_acts).values(**row, arguments=arguments_of(act), at=at, by=by, via=via)
    made = await connection.execute(values.on_conflict_do_nothing().returning(alert_acts.c.act))
    return made.first() is not None


async def known(connection: AsyncConnection, alert: str) -> Any:
    """``team`` and ``state``; None when there is none."""
    if not is_id(alert):
        return None
    query = sa.select(alerts.c.team, alerts.c.state).where(alerts.c.alert == alert)
    return (await connection.execute(query)).first()


async def task(connection: AsyncConnection, task: str) -> Any:
    """The row of a task; None when there is none."""
    if not is_id(task):
        return None
    return (await connection.execute(sa.select(tasks).where(tasks.c.task == task))).first()


async def was_done(connection: AsyncConnection, task: str, key: str) -> bool:
    """Whether this very press was written down before: it is answered as it was then."""
    same = (task_acts.c.task == task) & (task_acts.c.key == key)
    return is_id(task) and (await connection.execute(sa.select(sa.literal(1)).where(same).limit(1))).first() is not None


async def told_what(connection: AsyncConnection, task: str) -> str:
    """The head's own words of what to do in a task, or an empty text."""
    query = sa.select(task_acts.c.arguments).where(task_acts.c.task == task, task_acts.c.act == "edit")
    said = [row.get("what") for row in (await connection.execute(query.order_by(task_acts.c.id))).scalars()]
    return next((str(one) for one in reversed(said) if one is not None), "")


async def open_tasks(connection: AsyncConnection) -> int:
    """Neither verified nor dismissed."""
    query = sa.select(sa.func.count()).where(tasks.c.result.is_(None), tasks.c.dismissed_at.is_(None))
    return int((await connection.execute(query)).scalar_one())


async def silences(connection: AsyncConnection) -> list[tuple[str, str, dict[str, Any]]]:
    """(detector, scope, evidence) of the open alerts about sources."""
    query = sa.select(alerts.c.detector, alerts.c.scope, alerts.c.evidence).where(
        alerts.c.resolved_at.is_(None), alerts.c.scope.startswith("source:")
    )
    return [(row.detector, row.scope, row.evidence or {}) for row in await connection.execute(query)]


async def open_count(connection: AsyncConnection) -> int:
    query = sa.select(sa.func.count()).where(alerts.c.resolved_at.is_(None))
    return int((await connection.execute(query)).scalar_one())


def is_id(text: str) -> bool:
    """Whether it can be the id of a row; a messenger sends back what it was given, or anything."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
