"""What the report of a day is made of, beside its counts: money, results of tasks, alerts with the time they took."""

from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import INVOICE, PAYMENT, REFUND
from schemas.tables import alerts, closes, coaching, facts, month_forecasts, tasks, technical


async def newest_close(connection: AsyncConnection) -> Any:
    """The close of the latest cut-off; None before the first."""
    return (await connection.execute(sa.select(closes).order_by(closes.c.cut_off.desc()).limit(1))).first()


async def closes_of(connection: AsyncConnection, date: Date) -> Sequence[Any]:
    query = sa.select(closes).where(closes.c.date == date).order_by(closes.c.cut_off)
    return (await connection.execute(query)).all()


async def money(connection: AsyncConnection, date: Date, agents: Sequence[str]) -> dict[tuple[str, str], int]:
    """(invoices, payments net of refunds or refunds; currency) → minor units."""
    query = (
        sa.select(facts.c.type, facts.c.currency, sa.func.sum(facts.c.amount_minor).label("minor"))
        .where(facts.c.day == date, facts.c.type.in_((INVOICE, PAYMENT, REFUND)), facts.c.agent.in_(agents))
        .group_by(facts.c.type, facts.c.currency)
    )
    found: dict[tuple[str, str], int] = {}
    for type_, currency, minor in await connection.execute(query):
        kind = {INVOICE: "invoices", PAYMENT: "payments", REFUND: "refunds"}[type_]
        found[kind, currency] = found.get((kind, currency), 0) + int(minor)
        if kind == "refunds":
            found["payments", currency] = found.get(("payments", currency), 0) - int(minor)
    return found


async def month(connection: AsyncConnection, date: Date, floor: str) -> Any:
    """The floor's month as the day's last close foretold it, in money; None where it could not."""
    by = month_forecasts.c
    query = sa.select(month_forecasts).where(by.date == date, by.scope == f"floor:{floor}", by.unit == "minor")
    return (await connection.execute(query)).first()


async def given(connection: AsyncConnection, date: Date) -> int:
    query = sa.select(sa.func.count()).select_from(tasks).where(tasks.c.date == date)
    return (await connection.execute(query)).scalar_one()


async def results(connection: AsyncConnection, start: datetime, end: datetime) -> dict[str, int]:
    """Result → tasks verified in (start, end], whenever they were given."""
    query = (
        sa.select(tasks.c.result, sa.func.count().label("n"))
        .where(tasks.c.verified > start, tasks.c.verified <= end, tasks.c.result.is_not(None))
        .group_by(tasks.c.result)
    )
    return {row.result: row.n for row in await connection.execute(query)}


async def cases_of(connection: AsyncConnection, date: Date) -> Sequence[Any]:
    """Opened on that day, and not lifted."""
    query = sa.select(coaching).where(coaching.c.date == date, coaching.c.lifted.is_(None))
    return (await connection.execute(query.order_by(coaching.c.opened, coaching.c.agent))).all()


async def alerts_of(connection: AsyncConnection, date: Date) -> Sequence[Any]:
    """Alerts of the day and those still open from earlier ones, the first first; withdrawn ones were none."""
    query = sa.select(alerts).where(
        sa.or_(alerts.c.date == date, sa.and_(alerts.c.date < date, alerts.c.resolved_at.is_(None))),
        alerts.c.state != "invalidated",
    )
    return (await connection.execute(query.order_by(alerts.c.fired_at, alerts.c.alert))).all()


async def technical_of(connection: AsyncConnection, alert: str, start: datetime, end: datetime) -> Sequence[Any]:
    """Technical time of an alert that touches (start, end]."""
    query = sa.select(technical).where(
        technical.c.alert == alert,
        technical.c.started_at < end,
        sa.or_(technical.c.ended_at.is_(None), technical.c.ended_at > start),
    )
    return (await connection.execute(query.order_by(technical.c.agent, technical.c.started_at))).all()


async def late(connection: AsyncConnection, date: Date, grace: timedelta) -> int:
    """Facts of the day that arrived after the slice they belong to was frozen."""
    frozen = sa.exists().where(
        closes.c.date == date,
        closes.c.cut_off >= facts.c.occurred_at,
        facts.c.received_at > closes.c.cut_off + grace,
    )
    query = sa.select(sa.func.count()).select_from(facts).where(facts.c.day == date, frozen)
    return (await connection.execute(query)).scalar_one()
