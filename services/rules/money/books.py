"""Invoices and payments of the last weeks, grouped: what the month's forecast is made of (ADR 0023).

Live PostgreSQL groups them (``schemas.queries``), a back-test does it itself; the rest is the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

from schemas.floor import Floor


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


@dataclass(frozen=True, slots=True)
class Books:
    """Of the days since ``first_day``. A payment belongs to the invoice it names; one that names none, to that of its deal."""

    invoices: Sequence[InvoiceGroup] = ()
    payments: Sequence[PaymentGroup] = ()


def first_day(floor: Floor, date: Date) -> Date:
    """The first day whose invoices and payments a forecast on *date* looks at."""
    return min(date.replace(day=1), date - timedelta(days=floor.forecast.lag_days))


def arguments(floor: Floor, date: Date, until: datetime, known_by: datetime) -> tuple[Any, ...]:
    """Of INVOICES_OF_DAYS and PAYMENTS_OF_DAYS."""
    agents, teams = [agent.id for agent in floor.agents], [agent.team for agent in floor.agents]
    return agents, teams, first_day(floor, date), date, until, known_by


def of_rows(invoices: Iterable[Any], payments: Iterable[Any]) -> Books:
    """Rows of the two queries."""
    return Books(
        [InvoiceGroup(row.team, row.issued, row.paid, row.currency, row.minor, row.count) for row in invoices],
        [
            PaymentGroup(
                *(row.team, row.day, row.currency, row.count, row.linked, int(row.minor)),
                squares=float(row.squares),
                refunded_minor=int(row.refunded_minor),
            )
            for row in payments
        ],
    )
