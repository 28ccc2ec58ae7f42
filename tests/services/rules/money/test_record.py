"""The record of forecasts: how many ended inside, and whether chances were kept."""

import pytest

from services.rules.money.record import CameOut, exact_interval, record


def test_inside_and_kept() -> None:
    """Both ends of the interval are inside; a plan is reached by half a payment more, not by half a payment less."""
    ends = [
        CameOut(5, 9, 7.5, 0.9, 5),
        CameOut(5, 9, 7.5, 0.8, 9),
        CameOut(5, 9, 7.5, 0.1, 10),
        CameOut(5, 9, None, None, 4),
    ]
    found = record("11:00", ends)
    assert (found.slice, found.days, found.inside) == ("11:00", 4, 2)
    assert [(round(one.said, 6), one.met, one.of) for one in found.kept] == [(0.1, 1, 1), (0.85, 1, 2)]


def test_certainty_has_its_place() -> None:
    assert [one.of for one in record("x", [CameOut(1, 1, 1.0, 1.0, 1), CameOut(1, 1, 1.0, 0.0, 1)]).kept] == [1, 1]


def test_the_interval_is_exact() -> None:
    """Seventeen of twenty, by the tables of Clopper and Pearson; none and all reach the edge."""
    assert exact_interval(17, 20) == pytest.approx((0.6563, 0.9578), abs=5e-4)
    assert exact_interval(0, 20)[0] == 0
    assert exact_interval(20, 20)[1] == 1
