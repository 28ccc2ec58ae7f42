"""Forecasts of the day that were kept at each close, with what the day gave (DOMAIN §11)."""

from collections.abc import Mapping, Sequence
from datetime import date as Date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import PAYMENT
from schemas.floor import Floor
from services.board.storage.funnel import roster
from services.rules.money.record import RECORD_DAYS, CameOut

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


async def payments(connection: AsyncConnection, floor: Floor, today: Date) -> Mapping[str, Sequence[CameOut]]:
    """Slice → the whole floor's payments of the last working days before *today*."""
    given = {"today": today, "scope": f"floor:{floor.floor}", "days": RECORD_DAYS, "agents": roster(floor)["agents"]}
    found: dict[str, list[CameOut]] = {}
    for row in await connection.execute(_PAYMENTS, given):
        found.setdefault(row.slice, []).append(CameOut(row.low, row.high, row.plan, row.p_plan, row.came))
    return found
