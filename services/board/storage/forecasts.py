"""Forecasts of the day and the month that were kept at closes, with what came (DOMAIN §11)."""

from collections.abc import Mapping, Sequence
from datetime import date as Date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.facts import PAYMENT, REFUND
from schemas.floor import Floor
from schemas.steps import MonthUnit
from services.reads.funnel import roster
from services.rules.money.months import MonthsTold, Told, months_told
from services.rules.money.record import CameOut

_month = tables.month_forecasts.c

_PAYMENTS: Final = sa.text(
    f"""
WITH days AS (
  SELECT DISTINCT date FROM forecasts WHERE date < :today AND scope = :scope AND step = 'payments'
  ORDER BY date DESC LIMIT :days
), came AS (
  SELECT f.day, count(*)::int AS n FROM facts f JOIN days d ON d.date = f.day
  WHERE f.type = '{PAYMENT}' AND f.agent = ANY(:agents) GROUP BY f.day
)
SELECT o.slice, o.low, o.high, o.plan, o.p_plan, coalesce(c.n, 0) AS came
FROM forecasts o JOIN days USING (date) LEFT JOIN came c ON c.day = o.date
WHERE o.scope = :scope AND o.step = 'payments' ORDER BY o.slice, o.date
"""  # noqa: S608 - constants of ours
)

_ENDS: Final = sa.text(
    f"""
SELECT date_trunc('month', day)::date AS month,
  count(*) FILTER (WHERE type = '{PAYMENT}')::bigint AS payments,
  coalesce(sum(CASE type WHEN '{REFUND}' THEN -amount_minor ELSE amount_minor END)
    FILTER (WHERE currency = :currency), 0)::bigint AS minor
FROM facts WHERE day >= :since AND day < :until AND type IN ('{PAYMENT}', '{REFUND}') AND agent = ANY(:agents)
GROUP BY 1
"""  # noqa: S608 - constants of ours
)


async def payments(connection: AsyncConnection, floor: Floor, today: Date) -> Mapping[str, Sequence[CameOut]]:
    """Slice → the whole floor's payments of the last working days before *today*."""
    given = {
        "today": today,
        "scope": f"floor:{floor.floor}",
        "days": floor.forecast.record_days,
        "agents": roster(floor)["agents"],
    }
    found: dict[str, list[CameOut]] = {}
    for row in await connection.execute(_PAYMENTS, given):
        found.setdefault(row.slice, []).append(CameOut(row.low, row.high, row.plan, row.p_plan, row.came))
    return found


async def months(connection: AsyncConnection, floor: Floor, today: Date) -> MonthsTold:
    """The whole floor's months as foretold before *today*, in money where it was ever told, else in payments; and how
    finished ones ended, as facts say now."""
    since = _months_before(today, floor.forecast.record_months)
    query = sa.select(tables.month_forecasts).where(
        _month.scope == f"floor:{floor.floor}", _month.date >= since, _month.date <= today
    )
    told: dict[MonthUnit, list[Told]] = {}
    for row in await connection.execute(query.order_by(_month.date)):
        one = Told(row.date, row.done, row.plan, row.median, row.low, row.high, row.p_plan)
        told.setdefault(row.unit, []).append(one)
    unit: MonthUnit = "payments" if "payments" in told and "minor" not in told else "minor"
    given = {
        "since": since,
        "until": today.replace(day=1),
        "currency": floor.currency,
        "agents": roster(floor)["agents"],
    }
    ends = {row.month: int(getattr(row, unit)) for row in await connection.execute(_ENDS, given)}
    return months_told(unit, told.get(unit, ()), ends, today)


def _months_before(today: Date, months_: int) -> Date:
    """The first day of the month so many before that of *today*."""
    year, month = divmod(today.year * 12 + today.month - 1 - months_, 12)
    return Date(year, month + 1, 1)
