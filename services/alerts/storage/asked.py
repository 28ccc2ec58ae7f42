"""Acts that a messenger heard: inserted once, whoever sends them again."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.alert_acts import AlertAct, Via, arguments_of, kind_of
from schemas.rows import derived_id
from schemas.tables import alert_acts, alerts


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
    query = sa.select(alerts.c.team, alerts.c.state).where(sa.cast(alerts.c.alert, sa.Text) == alert)
    return (await connection.execute(query)).first()


async def open_count(connection: AsyncConnection) -> int:
    query = sa.select(sa.func.count()).where(alerts.c.resolved_at.is_(None))
    return int((await connection.execute(query)).scalar_one())
