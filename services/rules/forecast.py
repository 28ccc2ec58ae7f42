"""How the day will end: done + what is still to come (DOMAIN §11, first sentence), and what the day's plan is.

M is the multiplier of the norm (deviation.py). What comes in the rest of the day, given M, has mean M·Λ and variance
φ·M·Λ with Λ the expected count ahead and φ the overdispersion; with M ~ Gamma(k, r) that is taken as the negative
binomial of the same mean and variance, which for φ = 1 is exact: NegBin(k, r / (r + Λ)).

The plan of the day (docs/decisions/0010-plan-of-the-day.md): for a step the day norms of everybody for the minutes they are
scheduled — an outage or a coaching hour lowers what is due of a person, never the plan. For payments, where the floor file
plans the month, it is an even share of what is left of that: by count, or money turned into payments of the mean amount.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from math import ceil, sqrt
from typing import Final

from scipy.special import betainc

from schemas.floor import Floor
from schemas.steps import Step
from services.rules.day import WorkingDay, is_working
from services.rules.deviation import EXACT, Multiplier, multiplier
from services.rules.exposure import Exposure
from services.rules.target import due, dues

INTERVAL: Final = 0.8


@dataclass(frozen=True, slots=True)
class Course:
    """A step in mid-day, of one agent or several, against the norm.

    ``expected`` is Λ since local midnight, ``ahead`` Λ of the rest of the day, ``planned`` the norm for the minutes
    scheduled. ``beside``: counts of those who have no norm; they are added to the end of the day as they are.
    """

    done: int
    expected: float
    ahead: float
    planned: float
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """Counts at the end of the day; ``low`` … ``high`` holds it with 80 %. ``p_plan`` is None where nothing is planned."""

    done: int
    plan: float | None
    median: int
    low: int
    high: int
    p_plan: float | None


def course(done: int, norm: float, own: Exposure, day: WorkingDay, now: datetime, step: Step | None = None) -> Course:
    """An agent's step at *now*; *norm* is of a full standard shift. Without *step* its curve is flat."""
    total = due(norm, step, own.net, day, day.starts, day.ends)
    so_far = due(norm, step, own.net, day, day.starts, now)
    planned = due(norm, step, own.scheduled, day, day.starts, day.ends)
    return Course(done, so_far, max(0.0, total - so_far), planned)


def courses_of(
    done: Mapping[Step, int], norms: Mapping[Step, float], own: Exposure, day: WorkingDay, now: datetime
) -> dict[Step, Course]:
    """``course`` of every norm of one agent; minutes that weigh alike are added up once."""
    total = dues(norms, own.net, day, day.starts, day.ends)
    so_far = dues(norms, own.net, day, day.starts, now)
    planned = total if own.scheduled == own.net else dues(norms, own.scheduled, day, day.starts, day.ends)
    return {
        step: Course(done.get(step, 0), so_far[step], max(0.0, total[step] - so_far[step]), planned[step])
        for step in norms
    }


def together(courses: Iterable[Course], beside: int = 0) -> Course:
    """Several agents as one; *beside* counts those among them who have no norm."""
    every = list(courses)
    return Course(
        done=sum(one.done for one in every),
        expected=sum(one.expected for one in every),
        ahead=sum(one.ahead for one in every),
        planned=sum(one.planned for one in every),
        beside=beside + sum(one.beside for one in every),
    )


def end_of_day(one: Course, plan: float | None, *, cv: float, overdispersion: float, mean: float = 1.0) -> Forecast:
    """
    Args:
        plan: count to reach by the end of the day; None when there is none. Half a payment is reached by a whole one.
        cv: of the prior of M — ``judgement.prior_cv`` of an agent, ``judgement.team.prior_cv`` of a team or the floor.
        mean: of that prior.
    """
    has = one.done + one.beside
    own = multiplier(one.done, one.expected, cv=cv, overdispersion=overdispersion, mean=mean)
    rest = _Rest(own, one.ahead, overdispersion)
    tail = (1 - INTERVAL) / 2
    return Forecast(
        done=has,
        plan=plan,
        median=has + rest.quantile(0.5),
        low=has + rest.quantile(tail),
        high=has + rest.quantile(1 - tail),
        p_plan=None if plan is None else rest.p_at_least(whole(plan) - has),
    )


class _Rest:
    """Distribution of the count in the rest of the day: NegBin(size, p), or nothing at all where nothing is ahead."""

    def __init__(self, posterior: Multiplier, ahead: float, overdispersion: float) -> None:
        self.mean = posterior.mean * ahead
        self.size = self.p = 1.0
        if self.mean > 0:
            self.size = self.mean / (overdispersion - 1 + self.mean / posterior.shape)
            self.p = self.size / (self.size + self.mean)

    def cdf(self, count: int) -> float:
        """P(rest ≤ count)."""
        return float(betainc(self.size, count + 1, self.p)) if self.mean > 0 and count >= 0 else float(count >= 0)

    def p_at_least(self, count: int) -> float:
        return 1 - self.cdf(count - 1)

    def quantile(self, probability: float) -> int:
        """The least count whose cdf reaches *probability*."""
        low, high = -1, int(self.mean + sqrt(self.mean / self.p)) + 1
        while self.cdf(high) < probability:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.cdf(middle) >= probability else (middle, high)
        return high


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """What is to be paid in a month: minor units of the reporting currency, or a count; money goes first."""

    minor: int | None
    count: int | None


@dataclass(frozen=True, slots=True)
class Paid:
    """Payments of a team or the floor in the reporting currency. Money of the month and the day is net of refunds;
    ``recent``: payments, refunds apart, of the ``forecast.pace_days`` before today."""

    month_count: int = 0
    month_minor: int = 0
    today_minor: int = 0
    recent_count: int = 0
    recent_minor: int = 0


def month_plan(floor: Floor, date: Date, team: str | None = None) -> MonthPlan | None:
    """The month's plan of a team, or of the floor: its own, else the sum of its teams' where each of them has one."""
    of_month = [one for one in floor.plan if one.month == f"{date:%Y-%m}"]
    if team is not None:
        chosen = [one for one in of_month if one.for_.team == team]
    else:
        by_team = [one for one in of_month if one.for_.team]
        every = {one.for_.team for one in by_team} == set(floor.team_by_id)
        chosen = [one for one in of_month if one.for_.floor == floor.floor] or (by_team if every else [])
    minor = [one.payments_minor for one in chosen if one.payments_minor is not None]
    count = [one.payments for one in chosen if one.payments is not None]
    whole_minor = sum(minor) if minor and len(minor) == len(chosen) else None
    whole_count = sum(count) if count and len(count) == len(chosen) else None
    return MonthPlan(whole_minor, whole_count) if (whole_minor, whole_count) != (None, None) else None


def plan_of_step(one: Course) -> float | None:
    """Day norms for the scheduled minutes; None when nobody with a norm is scheduled."""
    return one.planned or None


def plan_of_payments(month: MonthPlan, paid: Paid, done: int, days: int, least: int) -> float | None:
    """Payments to have by tonight: *done* and what is still owed today, in payments of the recent mean amount.

    Args:
        paid: ``month_…`` before today.
        days: working days left in the month, today included.
        least: fewer recent payments give no mean amount to turn money into payments by (``forecast.min_payments``).
    Returns: None when money cannot be turned into payments, or today is not a working day.
    """
    if days < 1:
        return None
    if month.minor is None:
        return None if month.count is None else max(0, month.count - paid.month_count) / days
    owed = max(0, month.minor - paid.month_minor) / days - paid.today_minor
    if owed <= 0:
        return float(done)
    if paid.recent_count < least or paid.recent_minor <= 0:
        return None
    return done + owed / (paid.recent_minor / paid.recent_count)


def whole(plan: float) -> int:
    """The count that reaches a *plan*, as it is shown everywhere: 25.2 payments are reached by 26.

    Source: docs/decisions/0046-one-number-one-name.md
    """
    return ceil(plan - EXACT)


def days_left(floor: Floor, date: Date, team: str | None = None) -> int:
    """Working days of the team, or of the floor, from *date* to the end of its month; 0 when *date* is none itself."""
    if not is_working(floor, date, team):
        return 0
    found, day = 0, date
    while day.month == date.month:
        found += is_working(floor, day, team)
        day += timedelta(days=1)
    return found
