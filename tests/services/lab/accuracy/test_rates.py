"""Shares, their intervals and what agrees with them."""

import pytest
from scipy import stats

from services.lab.accuracy.rates import CONFIDENCE, Share, Wait, about


@pytest.mark.parametrize(("hits", "of"), [(0, 40), (9, 40), (4000, 18000), (40, 40)])
def test_the_interval_is_wilsons(hits: int, of: int) -> None:
    """As scipy has it."""
    found = Share.count(hits, of)
    theirs = stats.binomtest(hits, of).proportion_ci(CONFIDENCE, method="wilson")
    assert found.low == pytest.approx(theirs.low, abs=1e-12)
    assert found.high == pytest.approx(theirs.high, abs=1e-12)


def test_slices_of_a_day_are_one_observation() -> None:
    """The share is of slices, the interval of days."""
    assert Share.count(40, 400, units=100) == Share(
        share=0.1, low=Share.count(10, 100).low, high=Share.count(10, 100).high, hits=40, of=400
    )


def test_nothing_counted_says_nothing() -> None:
    """No days: anything is possible."""
    found = Share.count(0, 0)
    assert (found.low, found.high) == (0, 1)


def test_a_known_value_agrees_to_its_last_digit() -> None:
    """83 % is 82.5 to 83.5; a range is what lies between its ends, rounded."""
    precise = Share(share=0.834, low=0.8339, high=0.8341, hits=1, of=1)
    assert about(0.01, 0.83).agrees(precise)
    assert not about(0.001, 0.83).agrees(precise)
    assert about(0.01, 0.7, 0.83).agrees(precise)
    assert not about(0.01, 0.84, 0.9).agrees(precise)
    assert (about(0.005, 0.225).text, about(0.001, 0.003, 0.004).text) == ("22.5", "0.3–0.4")


@pytest.mark.parametrize(("slices", "alarms"), [(4800, 24), (4800, 1), (100000, 400)])
def test_the_interval_of_a_wait_is_the_exact_one_of_a_poisson_count(slices: int, alarms: int) -> None:
    """At its ends the alarms that were seen lie in a tail of half the rest."""
    found, tail = Wait.count(slices, alarms), (1 - CONFIDENCE) / 2
    assert found.high is not None
    assert stats.poisson.cdf(alarms, slices / found.low) == pytest.approx(tail)
    assert stats.poisson.sf(alarms - 1, slices / found.high) == pytest.approx(tail)


def test_a_wait_without_an_alarm_has_no_end() -> None:
    """Only the least is known."""
    found = Wait.count(4800, 0)
    assert (found.mean, found.high, str(found)) == (None, None, "> 632")
    assert found.per(200) == "0.00 (≤ 0.32)"
