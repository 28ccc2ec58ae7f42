"""A drop against one's own earlier pace."""

from datetime import date, timedelta

import numpy as np
import pytest

from schemas.floor.judgement import Judgement
from schemas.floor.learned import Prior
from services.rules.deviation import Multiplier
from services.rules.drop import Drop, Part, drop, drop_of_days, drop_today, drops_at, p_ratio_below
from services.rules.pace import Point
from tests.services.rules.stories import floor

BY = Judgement()
PRIOR = BY.of("hunters", "calls")


def test_the_ratio_of_two_multipliers_against_simulation() -> None:
    """P(now < 0.8 · before), by a million draws of both; the error of the draws is under 0.002."""
    draws = np.random.default_rng(3)
    now, before = Multiplier(9.5, 14.0), Multiplier(21.0, 18.0)
    share = np.mean(
        draws.gamma(now.shape, 1 / now.rate, 1_000_000) < 0.8 * draws.gamma(before.shape, 1 / before.rate, 1_000_000)
    )

    assert p_ratio_below(now, before, 0.8) == pytest.approx(float(share), abs=0.003)


def test_a_sure_drop_is_told_with_both_parts() -> None:
    """2 of 20 after 40 of 40."""
    found = drop(Part(40, 40.0), Part(2, 20.0), BY, PRIOR)

    assert found is not None
    assert (found.before.done, found.now.done) == (40, 2)
    assert found.probability > 0.98


def test_an_even_pace_is_no_drop() -> None:
    """Half the norm before, and half the norm now: lagging, and not dropping."""
    assert drop(Part(20, 40.0), Part(10, 20.0), BY, PRIOR) is None


@pytest.mark.parametrize(("before", "now"), [(Part(9, 2.9), Part(0, 30.0)), (Part(40, 40.0), Part(0, 2.9))])
def test_nothing_is_said_where_little_is_due(before: Part, now: Part) -> None:
    """Of either part at least three."""
    assert drop(before, now, BY, PRIOR) is None


TODAY = date(2026, 11, 23)


def test_a_slice_is_compared_with_the_earlier_ones_of_its_day_only() -> None:
    """20 of 10 twice, then 1 of 10; what was done yesterday and after the slice is not in it."""
    own = [Point(TODAY - timedelta(days=1), "11:00", 0, 10.0)]
    own += [
        Point(TODAY, name, done, 10.0) for name, done in (("11:00", 20), ("13:00", 20), ("16:00", 1), ("18:00", 30))
    ]

    found = drop_today(own, TODAY, "16:00", BY, PRIOR)

    assert found is not None
    assert (found.before, found.now) == (Part(40, 20.0), Part(1, 10.0))
    assert drop_today(own, TODAY, "11:00", BY, PRIOR) is None
    assert drop_today(own, TODAY, "18:00", BY, PRIOR) is None


def test_a_slice_is_compared_with_the_same_one_of_past_days() -> None:
    """Five days of 12 out of 10 at that hour, and 2 today; four days are too few."""
    past = [Point(TODAY - timedelta(days=ago), "11:00", 12, 10.0) for ago in range(5, 0, -1)]
    today = Point(TODAY, "11:00", 2, 10.0)

    found = drop_of_days([*past, today], TODAY, "11:00", BY, PRIOR)

    assert found is not None
    assert (found.before, found.now) == (Part(60, 50.0), Part(2, 10.0))
    assert drop_of_days([*past[1:], today], TODAY, "11:00", BY, PRIOR) is None


def test_what_was_learned_of_a_team_decides_what_is_a_drop() -> None:
    """By hand: 5 of 20 after 40 of 40, CV 0.2 and φ 3 against CV 0.4 and φ 1.3; 0.45 is no drop, 0.95 is."""
    learned = Prior(prior_cv=0.2, overdispersion=3.0, mean=0.9)
    before, now = Part(40, 40.0), Part(5, 20.0)

    scattered = p_ratio_below(
        Multiplier(25 + 5 / 3, 25 / 0.9 + 20 / 3), Multiplier(25 + 40 / 3, 25 / 0.9 + 40 / 3), 0.8
    )
    usual = p_ratio_below(
        Multiplier(6.25 + 5 / 1.3, 6.25 + 20 / 1.3), Multiplier(6.25 + 40 / 1.3, 6.25 + 40 / 1.3), 0.8
    )

    assert drop(before, now, BY, learned) is None
    assert scattered < BY.drop.probability < usual
    assert drop(before, now, BY, PRIOR) == Drop(before, now, pytest.approx(usual))


def test_each_teams_drops_go_by_its_own_people() -> None:
    """The same numbers of two people; of one team it was learned that a step scatters."""
    more = "judgement: {learned: [{for: {team: hunters}, step: calls, prior_cv: 0.2, overdispersion: 3, mean: 0.9}]}"
    two = floor("agents: [{id: ivan, team: hunters}, {id: petr, team: farmers}]", more=more)
    own = [Point(TODAY, "11:00", 40, 40.0), Point(TODAY, "13:00", 5, 20.0)]

    found = drops_at({("ivan", "calls"): own, ("petr", "calls"): own}, TODAY, "13:00", two)

    assert [one.agent for one in found] == ["petr"]
