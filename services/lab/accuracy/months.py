"""The forecast of the month against months whose end is known (DOMAIN §11; docs/decisions/0023-payments-of-the-month.md).

A made-up floor issues invoices at one pace, a known share of them is paid after a known wait, amounts are gamma. Each month is
told once, on its 15th, from 90 days of such invoices; months are independent, so each counts once.
"""

from collections.abc import Sequence
from datetime import date as Date
from datetime import timedelta
from random import Random
from typing import Final

import msgspec

from schemas.floor.forecasting import Forecasting
from services.lab.accuracy.rates import Expected, Share
from services.rules.forecast import INTERVAL, Forecast
from services.rules.money.lag import Settled, learn
from services.rules.money.month import Amounts, OpenInvoices, Rest, Sales, end_of_month

MONTHS: Final = 150
TODAY: Final = Date(2026, 10, 15)
LAST: Final = Date(2026, 10, 31)
BACK: Final = 90
PER_DAY: Final = 6.0
"""Invoices of a working day; Monday to Friday."""
PAID_SHARE: Final = 0.65
MEAN_WAIT: Final = 7.0
"""Days, exponential, of those that are ever paid."""
MEAN_MINOR: Final = 8_000_000.0
AMOUNT_CV: Final = 0.7
MINUTES: Final = 4800.0
"""Scheduled on a working day."""
OVERDISPERSION: Final = 1.3
TOLD: Final = Expected(low=INTERVAL - 0.03, high=INTERVAL + 0.05, text=f"about {100 * INTERVAL:g}")
"""What is learned is learned from a few hundred invoices: coverage is near 80 %, not exactly it."""


class Months(msgspec.Struct, frozen=True, kw_only=True):
    """How often the month ended inside the interval, by count and in money."""

    months: int
    expected: Expected
    count: Share
    minor: Share

    @property
    def agrees(self) -> bool:
        return self.expected.agrees(self.count) and self.expected.agrees(self.minor)


MonthEnd = tuple[Forecast, float, Forecast, float]
"""Count foretold and come, money foretold and come."""


def months(ends: Sequence[MonthEnd]) -> Months:
    return Months(
        months=len(ends),
        expected=TOLD,
        count=Share.count(sum(said.low <= came <= said.high for said, came, _, _ in ends), len(ends)),
        minor=Share.count(sum(said.low <= came <= said.high for _, _, said, came in ends), len(ends)),
    )


def foretell_month(random: Random, number: int) -> MonthEnd:
    """One floor's month, told in the morning of its 15th. *number* tells the draws apart."""
    invoices = list(_invoices(random))
    sales = _sales(invoices)
    lag = learn((Settled(issued, _known(paid)) for issued, paid, _ in invoices if issued < TODAY), TODAY)
    ahead = [((day - TODAY).days, MINUTES) for day in _working(TODAY, LAST)]
    rest = Rest(ahead, (LAST - TODAY).days, 1.0)
    found = end_of_month(sales, lag, rest, None, overdispersion=OVERDISPERSION, seed=f"{number}", by=Forecasting())
    if found.count is None or found.minor is None:
        raise ValueError(found.missing)
    came = [minor for _, paid, minor in invoices if paid is not None and TODAY.replace(day=1) <= paid <= LAST]
    return found.count, len(came), found.minor, sum(came)


Invoice = tuple[Date, Date | None, int]
"""Issued, paid if ever, amount."""


def _invoices(random: Random) -> list[Invoice]:
    found: list[Invoice] = []
    shape = 1 / AMOUNT_CV**2
    for day in _working(TODAY - timedelta(days=BACK), LAST):
        mean = random.gammavariate(PER_DAY / (OVERDISPERSION - 1), OVERDISPERSION - 1)
        for _ in range(_poisson(random, mean)):
            paid = random.random() < PAID_SHARE
            wait = timedelta(days=int(random.expovariate(1 / MEAN_WAIT)))
            found.append((day, day + wait if paid else None, round(random.gammavariate(shape, MEAN_MINOR / shape))))
    return found


def _poisson(random: Random, mean: float) -> int:
    count, left = 0, random.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + random.expovariate(1.0)
    return count


def _sales(invoices: Sequence[Invoice]) -> Sales:
    """As it is known in the morning of TODAY."""
    paid = [(day, minor) for _, day, minor in invoices if day is not None and day < TODAY]
    recent_from = TODAY - timedelta(days=30)
    recent = [minor for day, minor in paid if day >= recent_from]
    month = [minor for day, minor in paid if day >= TODAY.replace(day=1)]
    return Sales(
        paid_count=len(month),
        paid_minor=sum(month),
        open=[
            OpenInvoices((TODAY - issued).days, minor)
            for issued, day, minor in invoices
            if issued < TODAY and _known(day) is None
        ],
        recent_invoices=sum(recent_from <= issued < TODAY for issued, _, _ in invoices),
        recent_unlinked=0,
        recent_min=MINUTES * len(_working(recent_from, TODAY - timedelta(days=1))),
        amounts=Amounts(len(recent), float(sum(recent)), float(sum(minor**2 for minor in recent))),
        linked=len(recent),
        payments=len(recent),
    )


def _known(paid: Date | None) -> Date | None:
    return paid if paid is not None and paid < TODAY else None


def _working(first: Date, last: Date) -> list[Date]:
    days = (first + timedelta(days=away) for away in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]
