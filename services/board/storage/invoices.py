"""Invoices and payments of the last days, as the month's forecast needs them: grouped, open ones with their age.

A payment belongs to the invoice it names; one that names none, to the invoice of its deal. Whose invoice it was decides
whose payment is awaited; refunds are not counted as payments (docs/decisions/0023-payments-of-the-month.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import INVOICE, PAYMENT, REFUND
from schemas.floor import Floor
from services.board.storage.funnel import roster


@dataclass(frozen=True, slots=True)
class InvoiceGroup:
    """*count* invoices of a team issued on one day; ``paid``: day of the first payment; ``minor`` each, of open ones."""

    team: str
    issued: Date
    paid: Date | None
    currency: str
    minor: int | None
    count: int


@dataclass(frozen=True, slots=True)
class PaymentGroup:
    """A team's payments of one day and currency; ``linked``: those that belong to an invoice seen."""

    team: str
    day: Date
    currency: str
    count: int
    linked: int
    minor: int
    squares: float
    refunded_minor: int


_INVOICES: Final = f"""
WITH roster AS (
  SELECT * FROM unnest(CAST(:agents AS text[]), CAST(:teams AS text[])) AS r(agent, team)
), issued AS (
  SELECT r.team, f.event_id, f.day, f.currency, f.amount_minor, f.data->>'invoice' AS invoice, f.data->>'deal' AS deal
  FROM facts f JOIN roster r USING (agent) WHERE f.day BETWEEN :first AND :last AND f.type = '{INVOICE}'
), came AS (
  SELECT f.event_id, f.day, f.data->>'invoice' AS invoice, f.data->>'deal' AS deal
  FROM facts f WHERE f.day BETWEEN :first AND :last AND f.type = '{PAYMENT}'
), linked AS (
  SELECT i.event_id AS issued, c.event_id AS came, c.day FROM issued i JOIN came c ON c.invoice = i.invoice
  UNION ALL
  SELECT i.event_id, c.event_id, c.day FROM issued i JOIN came c ON c.deal = i.deal
  WHERE c.invoice IS NULL OR NOT EXISTS (SELECT FROM issued n WHERE n.invoice = c.invoice)
)
"""  # noqa: S608 - constants of ours

_BY_INVOICE: Final = sa.text(
    _INVOICES  # noqa: S608 - constants of ours
    + """, firsts AS (SELECT issued, min(day) AS paid FROM linked GROUP BY issued)
SELECT i.team, i.day AS issued, p.paid, i.currency,
       CASE WHEN p.paid IS NULL THEN i.amount_minor END AS minor, count(*)::int AS n
FROM issued i LEFT JOIN firsts p ON p.issued = i.event_id
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""
)

_BY_DAY: Final = sa.text(
    _INVOICES  # noqa: S608 - constants of ours
    + f""", known AS (SELECT DISTINCT came FROM linked)
SELECT r.team, f.day, f.currency,
  count(*) FILTER (WHERE f.type = '{PAYMENT}')::int AS n,
  count(k.came)::int AS linked,
  coalesce(sum(f.amount_minor) FILTER (WHERE f.type = '{PAYMENT}'), 0)::bigint AS minor,
  coalesce(sum(f.amount_minor::float8 ^ 2) FILTER (WHERE f.type = '{PAYMENT}'), 0) AS squares,
  coalesce(sum(f.amount_minor) FILTER (WHERE f.type = '{REFUND}'), 0)::bigint AS refunded
FROM facts f JOIN roster r USING (agent) LEFT JOIN known k ON k.came = f.event_id
WHERE f.day BETWEEN :first AND :last AND f.type IN ('{PAYMENT}', '{REFUND}')
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""  # noqa: S608
)


async def invoices(connection: AsyncConnection, floor: Floor, first: Date, last: Date) -> Sequence[InvoiceGroup]:
    """Invoices issued on *first* … *last*, and whether they were paid by the end of *last*."""
    rows = await connection.execute(_BY_INVOICE, _given(floor, first, last))
    return [InvoiceGroup(row.team, row.issued, row.paid, row.currency, row.minor, row.n) for row in rows]


async def payments(connection: AsyncConnection, floor: Floor, first: Date, last: Date) -> Sequence[PaymentGroup]:
    rows = await connection.execute(_BY_DAY, _given(floor, first, last))
    return [
        PaymentGroup(
            *(row.team, row.day, row.currency, row.n, row.linked, int(row.minor)),
            squares=float(row.squares),
            refunded_minor=int(row.refunded),
        )
        for row in rows
    ]


def _given(floor: Floor, first: Date, last: Date) -> dict[str, object]:
    given = roster(floor)
    return {"agents": given["agents"], "teams": given["teams"], "first": first, "last": last}
