"""Thinning arrivals out neither hides a gap nor makes one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.rules.detectors.source_silence import gaps

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LIMIT_S = 180


def longer(arrivals: list[datetime]) -> list[tuple[datetime, datetime]]:
    return [pair for pair in pairwise(arrivals) if (pair[1] - pair[0]).total_seconds() > LIMIT_S]


@given(st.lists(st.integers(0, 400), max_size=60))
def test_the_longer_gaps_stay_the_same(steps: list[int]) -> None:
    """The gaps longer than the limit are the same before and after, and so are the first and the last arrival."""
    arrivals, at = [], START
    for step in steps:
        at += timedelta(seconds=step)
        arrivals.append(at)
    kept = gaps(arrivals, LIMIT_S)
    assert longer(kept) == longer(arrivals)
    assert kept[:1] == arrivals[:1]
    assert kept[-1:] == arrivals[-1:]


def test_a_steady_stream_is_no_gap() -> None:
    """An hour with an arrival every ten seconds has no gap, and only a few arrivals are kept."""
    steady = [START + timedelta(seconds=10 * n) for n in range(361)]
    kept = gaps(steady, LIMIT_S)
    assert longer(kept) == []
    assert len(kept) <= 3600 / LIMIT_S + 3
