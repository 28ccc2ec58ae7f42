"""A drop against one's own earlier pace."""

import numpy as np
import pytest

from schemas.floor.model import Judgement
from services.rules.deviation import Multiplier
from services.rules.drop import Part, drop, p_ratio_below

BY = Judgement()


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
    found = drop(Part(40, 40.0), Part(2, 20.0), BY, cv=0.4)

    assert found is not None
    assert (found.before.done, found.now.done) == (40, 2)
    assert found.probability > 0.98


def test_an_even_pace_is_no_drop() -> None:
    """Half the norm before, and half the norm now: lagging, and not dropping."""
    assert drop(Part(20, 40.0), Part(10, 20.0), BY, cv=0.4) is None


@pytest.mark.parametrize(("before", "now"), [(Part(9, 2.9), Part(0, 30.0)), (Part(40, 40.0), Part(0, 2.9))])
def test_nothing_is_said_where_little_is_due(before: Part, now: Part) -> None:
    """Of either part at least three."""
    assert drop(before, now, BY, cv=0.4) is None
