"""Payments at the end of the month: paid + open invoices + invoices still to come (DOMAIN §11, ADR 0023).

    paid       known, net of refunds
    open       each open invoice is paid this month with the chance its age gives (``lag``), for its own amount
    ahead      invoices per minute scheduled × minutes scheduled until the month ends × their chance × the mean payment
    unlinked   payments that name no invoice and no deal we know, at their own pace per minute scheduled

The whole is drawn many times over from what the facts allow (pace, lag, mean amount, counts, single amounts); median,
interval and P(plan) are read off. The draws are seeded by the caller, so that the same facts give the same forecast.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal
from zlib import crc32

import numpy as np
from numpy.random import PCG64, Generator

from schemas.floor.forecasting import Forecasting
from services.rules.deviation import EXACT
from services.rules.forecast import INTERVAL, Forecast, MonthPlan
from services.rules.money.lag import DrawnLag, Floats, Lag

DRAWS: Final = 4000
SINGLE: Final = 400
"""So many different open invoices are drawn one by one; more of them by age."""

Missing = Literal["links", "lag", "pace", "amounts"]
"""What must be known first: payments that name their invoice, paid invoices, recent invoices, recent payments."""


@dataclass(frozen=True, slots=True)
class OpenInvoices:
    """*count* open invoices of one age and amount; ``minor`` None in a currency other than the reporting one."""

    age: int
    minor: int | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Amounts:
    """Payments in the reporting currency, refunds apart: how many, their sum and sum of squares, in minor units."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    @property
    def cv2(self) -> float:
        """Squared coefficient of variation."""
        if self.count < 2 or not self.total:
            return 0.0
        spread = max(0.0, self.squares - self.count * self.mean**2) / (self.count - 1)
        return spread / self.mean**2


@dataclass(frozen=True, slots=True)
class Sales:
    """What is known of a team or the floor.

    ``paid_minor`` is net of refunds; the ``recent_…`` ones are of ``recent_min`` scheduled minutes before today;
    ``ours_share``: part of recent payments in the reporting currency; ``kept_share``: of their money, not refunded.
    """

    paid_count: int
    paid_minor: int
    open: Sequence[OpenInvoices]
    recent_invoices: int
    recent_unlinked: int
    recent_min: float
    amounts: Amounts
    ours_share: float = 1.0
    kept_share: float = 1.0
    linked: int = 0
    payments: int = 0


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of the month: ``days``: (days from today, minutes scheduled then) of each working day, today's rest
    included; ``last``: days from today to the last of the month; ``today_share``: part of today that is ahead."""

    days: Sequence[tuple[int, float]]
    last: int
    today_share: float


@dataclass(frozen=True, slots=True)
class Parts:
    """Means that add up to the mean of the month."""

    paid: float
    open: float
    ahead: float
    unlinked: float


@dataclass(frozen=True, slots=True)
class Month:
    """``count`` or ``minor`` is None where too little is known; ``missing`` says what. ``…_parts`` go with them."""

    count: Forecast | None
    minor: Forecast | None
    count_parts: Parts | None
    minor_parts: Parts | None
    missing: tuple[Missing, ...]


def end_of_month(
    sales: Sales, lag: Lag, rest: Rest, plan: MonthPlan | None, *, overdispersion: float, seed: str, by: Forecasting
) -> Month:
    """
    Args:
        seed: what the draws are told apart by: date and scope.
    """
    missing = tuple(_missing(sales, lag, rest, by))
    if set(missing) - {"amounts"}:
        return Month(None, None, None, None, missing)
    random = Generator(PCG64(crc32(seed.encode())))
    chances = lag.drawn(random, DRAWS)
    open_count, open_minor = _open(sales, chances, rest, random)
    ahead = _ahead(sales, chances, rest, random, overdispersion)
    unlinked = _counts(
        random, sales.recent_unlinked, sales.recent_min, sum(min_ for _, min_ in rest.days), overdispersion
    )
    count = _forecast(sales.paid_count, open_count + ahead + unlinked, plan.count if plan else None)
    parts = _parts(sales.paid_count, open_count, ahead, unlinked)
    if missing:
        return Month(count, None, parts, None, missing)
    mean = _means(sales.amounts, random)
    ahead_minor, unlinked_minor = (_money(sales, counted, mean, random) for counted in (ahead, unlinked))
    minor = _forecast(sales.paid_minor, open_minor + ahead_minor + unlinked_minor, plan.minor if plan else None)
    return Month(count, minor, parts, _parts(sales.paid_minor, open_minor, ahead_minor, unlinked_minor), ())


def _missing(sales: Sales, lag: Lag, rest: Rest, by: Forecasting) -> Iterator[Missing]:
    ahead = sum(min_ for _, min_ in rest.days) > 0
    waiting = ahead or bool(sales.open)
    if waiting and sales.linked < by.min_linked_share * sales.payments:
        yield "links"
    elif waiting and lag.known < by.min_paid:
        yield "lag"
    if ahead and (sales.recent_invoices < by.min_invoices or sales.recent_min <= 0):
        yield "pace"
    if waiting and sales.amounts.count < by.min_payments:
        yield "amounts"


def _open(sales: Sales, chances: DrawnLag, rest: Rest, random: Generator) -> tuple[Floats, Floats]:
    """Open invoices paid this month, per draw: how many, and their money."""
    count, minor = np.zeros(DRAWS), np.zeros(DRAWS)
    by_age: dict[int, list[OpenInvoices]] = {}
    for one in sales.open:
        by_age.setdefault(one.age, []).append(one)
    for age, own in sorted(by_age.items()):
        chance = np.clip(chances.chance(age, rest.last, rest.today_share), 0, 1)
        if len(sales.open) <= SINGLE:
            for one in own:
                paid = random.binomial(one.count, chance).astype(np.float64)
                count += paid
                minor += paid * float(one.minor or 0)
        else:
            whole = sum(one.count for one in own)
            paid = random.binomial(whole, chance).astype(np.float64)
            count += paid
            minor += _drawn_sum(paid, own, whole, random)
    return count, minor * sales.kept_share


def _drawn_sum(paid: Floats, own: Sequence[OpenInvoices], whole: int, random: Generator) -> Floats:
    """Money of *paid* out of *whole* invoices taken at random."""
    mean = sum(one.count * (one.minor or 0) for one in own) / whole
    variance = sum(one.count * ((one.minor or 0) - mean) ** 2 for one in own) / whole
    spread = np.sqrt(paid * variance * (whole - paid) / max(1, whole - 1))
    found: Floats = np.maximum(0, paid * mean + spread * random.standard_normal(DRAWS))
    return found


def _ahead(sales: Sales, chances: DrawnLag, rest: Rest, random: Generator, overdispersion: float) -> Floats:
    """Invoices that are yet to be issued and paid this month."""
    pace = _pace(random, sales.recent_invoices, sales.recent_min, overdispersion)
    found = np.zeros(DRAWS)
    for away, minutes in rest.days:
        issued = _scattered(random, pace * minutes, overdispersion)
        found += random.binomial(issued, np.clip(chances.chance(0, rest.last - away), 0, 1))
    return found


def _pace(random: Generator, count: int, minutes: float, overdispersion: float) -> Floats:
    """Per minute scheduled: the posterior of a count over known minutes."""
    if not count or minutes <= 0:
        return np.zeros(DRAWS)
    return random.gamma(count / overdispersion, overdispersion / minutes, DRAWS)


def _counts(random: Generator, count: int, seen: float, ahead: float, overdispersion: float) -> Floats:
    pace = _pace(random, count, seen, overdispersion)
    return _scattered(random, pace * ahead, overdispersion).astype(np.float64)


def _scattered(
    random: Generator, mean: Floats, overdispersion: float
) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    """Counts of that mean and of variance φ · mean."""
    if overdispersion > 1:
        mean = random.gamma(mean / (overdispersion - 1), overdispersion - 1)
    return random.poisson(mean).astype(np.int64)


def _means(amounts: Amounts, random: Generator) -> Floats:
    """The true mean payment, as far as the recent ones tell it."""
    if amounts.cv2 <= 0:
        return np.full(DRAWS, amounts.mean)
    shape = amounts.count / amounts.cv2
    return random.gamma(shape, amounts.mean / shape, DRAWS)


def _money(sales: Sales, counted: Floats, mean: Floats, random: Generator) -> Floats:
    """What *counted* payments bring in the reporting currency: sums of gamma amounts."""
    ours = random.binomial(counted.astype(np.int64), sales.ours_share)
    cv2 = sales.amounts.cv2
    brought = ours * mean
    if cv2 > 0:
        brought = np.where(ours > 0, random.gamma(np.maximum(ours, 1) / cv2, mean * cv2), 0.0)
    found: Floats = brought * sales.kept_share
    return found


def _parts(paid: float, *drawn: Floats) -> Parts:
    opened, ahead, unlinked = (float(one.mean()) for one in drawn)
    return Parts(float(paid), opened, ahead, unlinked)


def _forecast(done: int, rest: Floats, plan: float | None) -> Forecast:
    tail = (1 - INTERVAL) / 2
    low, median, high = np.quantile(rest, (tail, 0.5, 1 - tail), method="inverted_cdf")
    p_plan = None if plan is None else float(np.mean(rest >= ceil(plan - EXACT) - done))
    return Forecast(done, plan, done + round(median), done + round(low), done + round(high), p_plan)
