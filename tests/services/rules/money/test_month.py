"""The month's payments: paid + open + ahead, in count and money, or what is missing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from schemas.floor.forecasting import Forecasting
from services.rules.forecast import MonthPlan
from services.rules.money.lag import Lag, Settled, learn
from services.rules.money.month import Amounts, Month, OpenInvoices, Rest, Sales, end_of_month

TODAY = date(2026, 11, 16)
LAG = learn(
    [Settled(TODAY - timedelta(days=50), TODAY - timedelta(days=50 - wait), 15) for wait in range(8)]
    + [Settled(TODAY - timedelta(days=50), None, 80)],
    TODAY,
)
"""Six in ten pay, evenly within a week."""
REST = Rest([(0, 2400.0), (1, 4800.0), (2, 4800.0), (3, 4800.0), (4, 4800.0)], 14, 0.5)
SALES = Sales(
    paid_count=40,
    paid_minor=4_000_000_00,
    open=[OpenInvoices(age, 100_000_00, 3) for age in range(6)],
    recent_invoices=200,
    recent_unlinked=0,
    recent_min=96_000.0,
    amounts=Amounts(100, 100 * 1e7, 100 * 1.25e14),
    linked=120,
    payments=120,
)


def foresee(sales: Sales = SALES, lag: Lag = LAG, rest: Rest = REST, plan: MonthPlan | None = None) -> Month:
    return end_of_month(sales, lag, rest, plan, overdispersion=1.3, seed="2026-11-16|floor:main", by=Forecasting())


def test_the_mean_adds_up() -> None:
    """Paid, open by age, and 200/96000 invoices a minute × 21600 minutes × 60 % paid in time."""
    found = foresee()
    assert found.count is not None
    assert found.count_parts is not None
    opened = sum(3 * LAG.chance(age, 14, 0.5) for age in range(6))
    assert found.count_parts.open == pytest.approx(opened, rel=0.05)
    assert found.count_parts.ahead == pytest.approx(200 / 96_000 * 21_600 * 0.6, rel=0.05)
    assert found.minor_parts is not None
    assert found.minor_parts.ahead == pytest.approx(found.count_parts.ahead * 1e7, rel=0.05)
    assert found.count.low < found.count.median < found.count.high


def test_the_same_facts_give_the_same_forecast() -> None:
    assert foresee() == foresee()


def test_plans() -> None:
    """P(plan) is 1 for what is paid already, 0 for the impossible, and falls as the plan grows."""
    chances = []
    for count in (40, 60, 75, 90, 4000):
        found = foresee(plan=MonthPlan(count * 100_000_00, count))
        assert found.count is not None
        assert found.minor is not None
        assert found.minor.p_plan is not None
        chances.append(found.count.p_plan or 0.0)
        assert abs(found.minor.p_plan - chances[-1]) < 0.25
    assert (chances[0], chances[-1]) == (1, 0)
    assert chances == sorted(chances, reverse=True)


def test_more_spread_in_amounts_widens_money_only() -> None:
    wide = foresee(replace(SALES, amounts=Amounts(100, 100 * 1e7, 100 * 4e14)))
    same = foresee()
    assert wide.minor is not None
    assert same.minor is not None
    assert wide.minor.high - wide.minor.low > 1.3 * (same.minor.high - same.minor.low)
    assert wide.count == same.count


def test_refunds_and_other_currencies_lower_money_only() -> None:
    found = foresee(replace(SALES, kept_share=0.9, ours_share=0.5))
    assert found.count == foresee().count
    assert found.minor_parts is not None
    assert found.count_parts is not None
    assert found.minor_parts.ahead == pytest.approx(found.count_parts.ahead * 0.45e7, rel=0.06)


def test_payments_without_an_invoice_come_at_their_own_pace() -> None:
    found = foresee(replace(SALES, recent_unlinked=40, payments=160))
    assert found.count_parts is not None
    assert found.count_parts.unlinked == pytest.approx(40 / 96_000 * 21_600, rel=0.05)


def test_the_last_evening_is_what_was_paid() -> None:
    """Nothing ahead and nothing open: the month is known, however little was learned."""
    found = foresee(replace(SALES, open=[], amounts=Amounts()), Lag(), Rest([], 0, 0.0), MonthPlan(1, 41))
    assert found.count is not None
    assert found.minor is not None
    assert (found.count.low, found.count.high, found.count.p_plan) == (40, 40, 0)
    assert (found.minor.low, found.minor.high, found.minor.p_plan) == (4_000_000_00, 4_000_000_00, 1)


@pytest.mark.parametrize(
    ("sales", "lag", "missing"),
    [
        (replace(SALES, linked=50), LAG, ("links",)),
        (SALES, Lag((9,), (9,)), ("lag",)),
        (replace(SALES, recent_invoices=9), LAG, ("pace",)),
        (replace(SALES, linked=0, payments=0, recent_invoices=0, amounts=Amounts()), Lag(), ("lag", "pace", "amounts")),
    ],
)
def test_too_little_is_said(sales: Sales, lag: Lag, missing: tuple[str, ...]) -> None:
    """No number is made of nothing: what is missing is named."""
    found = foresee(sales, lag)
    assert (found.count, found.minor, found.missing) == (None, None, missing)


def test_without_amounts_there_is_a_count() -> None:
    found = foresee(replace(SALES, amounts=Amounts(9, 9e7, 9e14)))
    assert found.count is not None
    assert (found.minor, found.missing) == (None, ("amounts",))


def test_many_open_invoices_by_age_as_one_by_one() -> None:
    """Thousands of them are drawn by age: the same mean, and about the same width."""
    few = [OpenInvoices(2, 1_000_00 * (number + 1), 1) for number in range(400)]
    many = [*few, OpenInvoices(2, 1_000_00, 1)]
    one, other = (foresee(replace(SALES, open=own)) for own in (few, many))
    assert one.minor is not None
    assert other.minor is not None
    assert other.minor.median == pytest.approx(one.minor.median, rel=0.01)
    assert other.minor.high - other.minor.low == pytest.approx(one.minor.high - one.minor.low, rel=0.1)
