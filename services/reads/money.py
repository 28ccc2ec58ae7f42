"""Money of a day or a month, per team, kind and currency. Currencies are never added up; refunds lower payments."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import INVOICE, PAYMENT, REFUND
from schemas.floor import Floor
from services.reads.funnel import roster
from services.rules.forecast import Paid

Money = Mapping[tuple[str, str, str], int]
"""(team, kind, currency) → minor units; kinds are invoices, payments (net of refunds), refunds."""

_SUM = sa.text(
    f"""
SELECT r.team, f.type, f.currency, sum(f.amount_minor)::bigint AS minor
FROM facts f JOIN unnest(CAST(:agents AS text[]), CAST(:teams AS text[])) AS r(agent, team) USING (agent)
WHERE f.day BETWEEN :first AND :last AND f.type IN ('{INVOICE}', '{PAYMENT}', '{REFUND}')
GROUP BY r.team, f.type, f.currency
"""  # noqa: S608 - constants of ours
)


async def between(connection: AsyncConnection, floor: Floor, first: Date, last: Date) -> Money:
    """Sums of the days *first* … *last*, both included."""
    given = roster(floor)
    rows = await connection.execute(
        _SUM, {"agents": given["agents"], "teams": given["teams"], "first": first, "last": last}
    )
    found: dict[tuple[str, str, str], int] = {}
    for team, type_, currency, minor in rows:
        kind = {INVOICE: "invoices", PAYMENT: "payments", REFUND: "refunds"}[type_]
        found[team, kind, currency] = found.get((team, kind, currency), 0) + int(minor)
        if kind == "refunds":
            found[team, "payments", currency] = found.get((team, "payments", currency), 0) - int(minor)
    return found


_FIRST = sa.text(
    f"""
SELECT f.agent, f.occurred_at FROM facts f JOIN unnest(CAST(:agents AS text[])) AS r(agent) USING (agent)
WHERE f.day = :day AND f.type = '{PAYMENT}' ORDER BY f.occurred_at, f.event_id LIMIT 1
"""  # noqa: S608 - constants of ours
)


async def first_payment(connection: AsyncConnection, floor: Floor, day: Date) -> tuple[str, datetime] | None:
    """(agent, when) of the day's first payment."""
    row = (await connection.execute(_FIRST, {"agents": roster(floor)["agents"], "day": day})).first()
    return (row.agent, row.occurred_at) if row else None


_PAID = sa.text(
    f"""
WITH p AS (
  SELECT r.team, f.type = '{PAYMENT}' AS counts, f.currency = :currency AS ours,
         CASE f.type WHEN '{REFUND}' THEN -f.amount_minor ELSE f.amount_minor END AS net,
         f.day = :today AS today, f.day < :today AND f.day >= :month AS month,
         f.day < :today AND f.day >= :recent AS recent
  FROM facts f JOIN unnest(CAST(:agents AS text[]), CAST(:teams AS text[])) AS r(agent, team) USING (agent)
  WHERE f.day BETWEEN least(CAST(:month AS date), CAST(:recent AS date)) AND :today AND f.type IN ('{PAYMENT}', '{REFUND}')
)
SELECT team,
  count(*) FILTER (WHERE counts AND month) AS month_count,
  coalesce(sum(net) FILTER (WHERE ours AND month), 0)::bigint AS month_minor,
  coalesce(sum(net) FILTER (WHERE ours AND today), 0)::bigint AS today_minor,
  count(*) FILTER (WHERE counts AND ours AND recent) AS recent_count,
  coalesce(sum(net) FILTER (WHERE counts AND ours AND recent), 0)::bigint AS recent_minor
FROM p GROUP BY team
"""  # noqa: S608 - constants of ours
)


async def paid(connection: AsyncConnection, floor: Floor, today: Date) -> dict[str, Paid]:
    """Team → payments of the month and of today in the reporting currency; teams without any are absent.

    The mean payment is that of ``forecast.pace_days`` before today (docs/decisions/0010-plan-of-the-day.md).
    """
    given = roster(floor)
    rows = await connection.execute(
        _PAID,
        {
            "agents": given["agents"],
            "teams": given["teams"],
            "currency": floor.currency,
            "today": today,
            "month": today.replace(day=1),
            "recent": today - timedelta(days=floor.forecast.pace_days),
        },
    )
    return {
        row.team: Paid(
            month_count=int(row.month_count),
            month_minor=int(row.month_minor),
            today_minor=int(row.today_minor),
            recent_count=int(row.recent_count),
            recent_minor=int(row.recent_minor),
        )
        for row in rows
    }
