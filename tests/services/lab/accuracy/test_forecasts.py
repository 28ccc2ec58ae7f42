"""The forecast of the day keeps its own promises."""

from collections.abc import Sequence

import pytest

from services.lab.accuracy.floors import one_step
from services.lab.accuracy.forecasts import End, forecasts, foretell
from services.lab.simulate.chance import stream
from services.rules.forecast import Forecast

DAYS = 1500
FLOOR = one_step(1)
Days = Sequence[Sequence[End]]


@pytest.fixture(scope="module")
def days() -> Days:
    """Eight intervals of 99.9 % from a fixed seed: of other seeds about one in a hundred would fail."""
    random = stream(20261123, "forecast")
    return [foretell(FLOOR, random) for _ in range(DAYS)]


def test_the_forecast_says_what_comes(days: Days) -> None:
    """Of made-up days four of five end inside the interval, and the plan is reached as often as was said."""
    found = forecasts(FLOOR, days)
    assert (found.days, [one.slice for one in found.interval]) == (DAYS, ["11:00", "13:00", "15:00"])
    assert sum(one.reached.of for one in found.plan) == DAYS
    assert found.agrees


def test_a_forecast_that_is_too_sure_is_found_out(days: Days) -> None:
    """Half the interval holds too few days; a chance told 15 points too high is not reached."""
    narrow = forecasts(FLOOR, [[(_narrowed(one), end) for one, end in day] for day in days])
    assert [one.agrees for one in narrow.interval] == [False] * 3
    bold = forecasts(FLOOR, [[(_emboldened(one), end) for one, end in day] for day in days])
    assert False in [one.agrees for one in bold.plan]


def _narrowed(one: Forecast) -> Forecast:
    return Forecast(
        one.done, one.plan, one.median, (one.low + one.median) // 2, (one.high + one.median) // 2, one.p_plan
    )


def _emboldened(one: Forecast) -> Forecast:
    p = None if one.p_plan is None else min(1.0, one.p_plan + 0.15)
    return Forecast(one.done, one.plan, one.median, one.low, one.high, p)
