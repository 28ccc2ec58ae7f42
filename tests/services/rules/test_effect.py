"""The effect of a task is measured against what the same agent would have done without it."""

import pytest

from schemas.floor.judgement import Judgement
from services.rules.deviation import multiplier
from services.rules.effect import effect

BY = Judgement().of("a", "calls")


def test_the_measure_is_the_shrunk_index_not_the_norm() -> None:
    """Nothing of 5 before the task: not 0 and not 10 of the next 10 due are to be expected, but the index's share."""
    found = effect(0, 5.0, 7, 10.0, BY)
    index = multiplier(0, 5.0, cv=BY.prior_cv, overdispersion=BY.overdispersion).mean
    assert found.expected == pytest.approx(10 * index)
    assert 0 < found.low < found.expected < found.high < 12
    assert found.done == 7


def test_on_norm_before_means_the_norm_after() -> None:
    """As many as were due before: as many as become due are expected."""
    found = effect(10, 10.0, 10, 6.0, BY)
    assert found.expected == pytest.approx(6.0)
    assert found.low <= 6 <= found.high


def test_nothing_due_nothing_expected() -> None:
    """All of the time since was technical."""
    found = effect(3, 8.0, 0, 0.0, BY)
    assert (found.expected, found.low, found.high) == (0.0, 0, 0)


def test_what_was_done_since_moves_no_expectation() -> None:
    """The expectation is made of what was known when the task was given."""
    few, many = effect(3, 8.0, 0, 6.0, BY), effect(3, 8.0, 30, 6.0, BY)
    assert (few.expected, few.low, few.high) == (many.expected, many.low, many.high)
