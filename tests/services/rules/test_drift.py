"""Slow declines: the cumulative sum over slices."""

import random
from datetime import date, timedelta
from math import exp, log

import pytest

from schemas.floor.judgement import Judgement
from schemas.floor.learned import Prior
from schemas.rows import SliceRow
from services.rules.drift import drift, limit
from services.rules.pace import Point, points

PLAIN = Judgement(overdispersion=1.0)
PRIOR = PLAIN.of("hunters", "calls")
MONDAY = date(2026, 11, 2)


def told(counts: list[int], expected: float = 6.0) -> list[Point]:
    return [Point(MONDAY + timedelta(days=at // 4), f"{at % 4}", done, expected) for at, done in enumerate(counts)]


def test_the_sum_by_hand() -> None:
    """Three slices of 2 out of 6: S grows by 2·ln ½ + 3 = 1.614 each, the fourth passes ln 200 = 5.298."""
    assert drift(told([2, 2, 2]), PLAIN, PRIOR) is None
    found = drift(told([9, 2, 2, 2, 2]), PLAIN, PRIOR)

    assert found is not None
    assert found.score == pytest.approx(4 * (2 * log(0.5) + 3))
    assert (found.slices, found.done, found.expected, found.since) == (4, 8, 24.0, MONDAY)


def test_it_passes_when_the_pace_is_back() -> None:
    """However long it lasted: the sum is held at twice the limit."""
    long = told([1] * 40)
    assert drift(long, PLAIN, PRIOR) is not None
    assert drift([*long, *told([9] * 4)], PLAIN, PRIOR) is None


def test_overdispersion_makes_it_slower() -> None:
    """What varies more takes more to be seen."""
    assert drift(told([2, 2, 2, 2]), PLAIN, Prior(0.4, 1.3)) is None


def test_one_false_alarm_in_two_hundred_slices_at_most() -> None:
    """On norm the mean number of slices to the first alarm is at least 200, of 400 runs; error rate of the test < 1e-6."""
    chance = random.Random(5)
    waits = []
    for _ in range(400):
        sum_, slices = 0.0, 0
        while sum_ < limit(PLAIN):
            done = _poisson(chance, 6.0)
            sum_, slices = max(0.0, sum_ + done * log(0.5) + 3.0), slices + 1
        waits.append(slices)
    mean = sum(waits) / len(waits)

    assert mean > 200 * (1 + 5 / len(waits) ** 0.5)  # run lengths spread about as widely as their mean


def _poisson(chance: random.Random, mean: float) -> int:
    count, product = 0, chance.random()
    while product > exp(-mean):
        count, product = count + 1, product * chance.random()
    return count


def row(day: date, name: str, in_slice: int, target: float | None, *, trusted: bool = True) -> SliceRow:
    return SliceRow(
        date=day,
        slice=name,
        agent="ivan",
        team="hunters",
        step="calls",
        done=in_slice,
        in_slice=in_slice,
        target=target,
        index=1.0,
        p_below=0.5,
        level="ok",
        trusted=trusted,
    )


def test_what_is_due_in_a_slice_is_the_growth_of_the_target() -> None:
    """It begins anew each day; doubtful slices and lost ones (nothing due) are left out."""
    tuesday = MONDAY + timedelta(days=1)
    rows = [
        row(MONDAY, "11:00", 9, 10.0),
        row(MONDAY, "13:00", 2, 18.0, trusted=False),
        row(MONDAY, "16:00", 0, 18.0),
        row(MONDAY, "18:00", 7, 26.0),
        row(tuesday, "11:00", 5, 10.0),
        row(tuesday, "13:00", 5, None),
    ]

    found = points(rows)["ivan", "calls"]

    assert [(one.done, one.expected) for one in found] == [(9, 10.0), (7, 8.0), (5, 10.0)]
