"""The end of the day: against a simulation of the same model, at its edges, and against plans counted by hand."""

from datetime import date

import numpy as np
import pytest

from services.rules.day import working_day
from services.rules.exposure import exposure, scheduled
from services.rules.forecast import (
    Course,
    MonthPlan,
    Paid,
    course,
    days_left,
    end_of_day,
    month_plan,
    plan_of_payments,
    plan_of_step,
    together,
)
from tests.services.rules.stories import MONDAY, floor, instant, monday, spans

DRAWS = 200_000
AGENT, TEAM = 0.4, 0.15


def simulated(one: Course, cv: float, phi: float) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Ends of the day drawn in two steps: M from its posterior, then a count of mean MΛ and variance φMΛ."""
    chance = np.random.default_rng(2611)
    m = chance.gamma(cv**-2 + one.done / phi, 1 / (cv**-2 + one.expected / phi), DRAWS) * one.ahead
    rest = chance.poisson(m) if phi == 1 else chance.negative_binomial(m / (phi - 1), 1 / phi)
    return one.done + one.beside + rest


@pytest.mark.parametrize("cv", [AGENT, TEAM])
@pytest.mark.parametrize("phi", [1.0, 1.3, 2.0])
@pytest.mark.parametrize(
    "one",
    [
        Course(0, 0.0, 80.0, 80.0),
        Course(25, 40.0, 40.0, 80.0),
        Course(2, 0.6, 0.4, 1.0),
        Course(3, 13.4, 10.2, 24.0, beside=2),
        Course(548, 672.0, 500.0, 1184.0),
    ],
    ids=["morning", "behind", "rare", "team", "floor"],
)
def test_it_is_what_a_simulation_says(one: Course, phi: float, cv: float) -> None:
    """Median and interval within one count (1 % of large ones), P(plan) within 0.015; within 0.005 for φ = 1."""
    drawn = simulated(one, cv, phi)
    for plan in (one.planned, 0.8 * one.planned, 1.2 * one.planned):
        found = end_of_day(one, plan, cv=cv, overdispersion=phi)
        for said, share in ((found.low, 0.1), (found.median, 0.5), (found.high, 0.9)):
            assert said == pytest.approx(np.quantile(drawn, share, method="inverted_cdf"), abs=1, rel=0.01)
        assert found.p_plan == pytest.approx(np.mean(drawn >= plan), abs=0.005 if phi == 1 else 0.015)


def test_nothing_ahead_is_what_is_done() -> None:
    """After the last minute of work the day ends as it stands: the plan is met or it is not."""
    over = Course(7, 9.0, 0.0, 9.0, beside=1)
    found = end_of_day(over, 8.0, cv=AGENT, overdispersion=1.3)
    assert (found.low, found.median, found.high, found.p_plan) == (8, 8, 8, 1.0)
    assert end_of_day(over, 8.1, cv=AGENT, overdispersion=1.3).p_plan == 0.0


def test_zero_expected_leaves_the_prior() -> None:
    """Before the first minute the norm is all that is known; with no norm at all nothing more comes."""
    fresh = end_of_day(Course(0, 0.0, 100.0, 100.0), 100.0, cv=TEAM, overdispersion=1.0)
    assert fresh.low < fresh.median < fresh.high
    assert fresh.median == pytest.approx(99, abs=1)
    assert end_of_day(Course(4, 0.0, 0.0, 0.0), None, cv=TEAM, overdispersion=1.3).high == 4


def test_no_plan_has_no_probability() -> None:
    """Absent is not zero."""
    nobody = together([], beside=3)
    assert plan_of_step(nobody) is None
    found = end_of_day(nobody, plan_of_step(nobody), cv=TEAM, overdispersion=1.3)
    assert (found.done, found.median, found.plan, found.p_plan) == (3, 3, None, None)


def test_a_plan_that_is_reached_stays_reached() -> None:
    """Counts only grow: with the plan done already, nothing is left to chance."""
    assert end_of_day(Course(12, 5.7, 4.3, 10.0), 12.0, cv=AGENT, overdispersion=1.3).p_plan == 1.0


def test_a_half_is_reached_by_a_whole() -> None:
    """A plan of 2.4 needs three; one of 3, a hair above by rounding, needs three too."""
    third = end_of_day(Course(2, 2.0, 1.0, 3.0), 3.0, cv=AGENT, overdispersion=1.0).p_plan
    for plan in (2.4, 3.0 + 1e-12):
        assert end_of_day(Course(2, 2.0, 1.0, 3.0), plan, cv=AGENT, overdispersion=1.0).p_plan == third


def test_an_outage_lowers_the_forecast_and_not_the_plan() -> None:
    """80 calls in eight hours: at 14:00 half are due; an hour lost to a line takes ten from what comes, none from the plan."""
    of = floor()
    day = monday(of)
    shift = scheduled(of, day, of.agents[0])
    well = course(40, 80.0, exposure(shift, day, (), ()), day, instant("14:00"))
    hurt = course(40, 80.0, exposure(shift, day, (), spans("16:00-17:00")), day, instant("14:00"))
    assert (well.expected, well.ahead, well.planned) == (40.0, 40.0, 80.0)
    assert (hurt.expected, hurt.ahead, hurt.planned) == (40.0, 30.0, 80.0)
    assert together([well, hurt]) == Course(80, 80.0, 70.0, 160.0)


PLANS = """
plan:
  - {for: {team: hunters}, month: 2026-11, payments_minor: 1000}
  - {for: {team: farmers}, month: 2026-11, payments_minor: 500, payments: 9}
  - {for: {team: farmers}, month: 2026-12, payments: 30}
"""


def test_whose_month() -> None:
    """The floor's own plan, else the sum of its teams' where each has one; a team's is its own."""
    of = floor(more=PLANS)
    assert month_plan(of, MONDAY) == MonthPlan(1500, None)
    assert month_plan(of, MONDAY, "farmers") == MonthPlan(500, 9)
    assert month_plan(of, date(2026, 12, 1)) is None
    assert month_plan(of, date(2026, 12, 1), "farmers") == MonthPlan(None, 30)
    whole = floor(more=PLANS + "  - {for: {floor: main}, month: 2026-11, payments_minor: 2000}")
    assert month_plan(whole, MONDAY) == MonthPlan(2000, None)


def test_days_left_of_the_month() -> None:
    """From Monday the 23rd to Monday the 30th: six working days; a Saturday is none."""
    assert days_left(floor(), MONDAY) == 6
    assert days_left(floor(), date(2026, 11, 30)) == 1
    assert days_left(floor(), date(2026, 11, 28)) == 0
    assert not working_day(floor(), date(2026, 11, 28)).working


@pytest.mark.parametrize(
    ("month", "paid", "days", "plan"),
    [
        # 600 are left for 6 days, 100 a day; 40 came today, the other 60 are 3 payments of 20.
        (MonthPlan(1000, None), Paid(month_minor=400, today_minor=40, recent_count=20, recent_minor=400), 6, 7.0),
        (MonthPlan(1000, None), Paid(month_minor=400, today_minor=100), 6, 4.0),
        (MonthPlan(1000, None), Paid(month_minor=1200), 6, 4.0),
        (MonthPlan(1000, None), Paid(month_minor=400, recent_count=9, recent_minor=180), 6, None),
        (MonthPlan(1000, 50), Paid(month_minor=400, recent_count=20, recent_minor=400), 1, 34.0),
        (MonthPlan(None, 50), Paid(month_count=20), 6, 5.0),
        (MonthPlan(None, 50), Paid(month_count=60), 6, 0.0),
        (MonthPlan(1000, 50), Paid(recent_count=20, recent_minor=400), 0, None),
    ],
    ids=["share", "reached", "month done", "too few payments", "last day", "count", "count done", "day off"],
)
def test_payments_of_the_day(month: MonthPlan, paid: Paid, days: int, plan: float | None) -> None:
    """With four payments today: an even share of what is left of the month, in payments."""
    assert plan_of_payments(month, paid, 4, days, 10) == plan
