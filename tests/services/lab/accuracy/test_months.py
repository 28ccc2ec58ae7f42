"""The forecast of the month keeps its own promises on floors whose lag and amounts are known."""

import pytest

from services.lab.accuracy.months import MONTHS, MonthEnd, foretell_month, months
from services.lab.simulate.chance import stream
from services.rules.forecast import Forecast


@pytest.fixture(scope="module")
def ends() -> list[MonthEnd]:
    """Two intervals of 99.9 % from a fixed seed: of other seeds about one in five hundred would fail."""
    random = stream(20261127, "months")
    return [foretell_month(random, number) for number in range(MONTHS)]


def test_months_end_where_they_were_told(ends: list[MonthEnd]) -> None:
    found = months(ends)
    assert found.months == MONTHS
    assert found.agrees, (str(found.count), str(found.minor))


def test_a_forecast_that_is_too_sure_is_found_out(ends: list[MonthEnd]) -> None:
    """Half the interval holds too few months."""
    assert not months([(_narrowed(one), came, _narrowed(other), sum_) for one, came, other, sum_ in ends]).agrees


def test_it_is_right_on_the_whole(ends: list[MonthEnd]) -> None:
    """Over all months the medians neither promise too much nor too little: within 2 % (four standard errors)."""
    assert sum(one.median for one, _, _, _ in ends) == pytest.approx(sum(came for _, came, _, _ in ends), rel=0.02)
    assert sum(one.median for _, _, one, _ in ends) == pytest.approx(sum(came for _, _, _, came in ends), rel=0.02)


def _narrowed(one: Forecast) -> Forecast:
    return Forecast(
        one.done, one.plan, one.median, (one.low + one.median) // 2, (one.high + one.median) // 2, one.p_plan
    )
