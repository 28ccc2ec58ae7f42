"""Source silence: nothing arrived although ten events were due (DOMAIN §8).

Silent when the source's interval is exceeded *and* the events expected from norms × exposure since the last arrival
reach the minimum. One event ends it. Outside working time nothing is expected, so nothing is silent, and the interval does
not run: a floor of six hundred owes ten presentations nine seconds after nine (docs/decisions/0038-tried-as-a-customer.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from services.rules.sources import Load


@dataclass(frozen=True, slots=True)
class Silence:
    """One episode: ``since`` the last arrival (or the start of the day), ``fired_at`` when both limits were reached."""

    source: str
    since: datetime
    fired_at: datetime
    expected: float
    resolved_at: datetime | None = None


def silence(
    load: Load, since: datetime, now: datetime, *, expect_every_s: float, min_expected: float
) -> Silence | None:
    """The open silence of a source whose last arrival was at *since*, judged at *now*; None when there is none.

    ``expected`` is counted up to *now*.
    """
    if now <= since + timedelta(seconds=expect_every_s):
        return None
    earliest = load.at_work_for(since, expect_every_s)
    if earliest is None or now <= earliest or (expected := load.expected(since, now)) < min_expected:
        return None
    return Silence(load.source, since, max(earliest, _reached(load, since, now, min_expected)), expected)


def silences(
    load: Load,
    arrivals: Iterable[datetime],
    starts: datetime,
    now: datetime,
    *,
    expect_every_s: float,
    min_expected: float,
) -> list[Silence]:
    """All silences of a day, from its start to *now*; the last one may be open.

    Args:
        arrivals: instants at which events arrived, in order; a caller may leave out those that follow the previous
            one within *expect_every_s*, as long as the two ends of every longer gap are there.
    """
    found: list[Silence] = []
    last = starts
    for arrival in (*arrivals, None):
        until = now if arrival is None else min(arrival, now)
        one = silence(load, last, until, expect_every_s=expect_every_s, min_expected=min_expected)
        if one is not None:
            closed = arrival is not None and arrival <= now
            found.append(Silence(one.source, one.since, one.fired_at, one.expected, arrival if closed else None))
        if arrival is not None:
            last = max(last, arrival)
    return found


def gaps(arrivals: Sequence[datetime], longer_than_s: float) -> list[datetime]:
    """*arrivals* thinned out: both ends of every gap longer than *longer_than_s* stay, and between them enough that
    no gap appears which was none; with the first and the last arrival that is all ``silences`` needs."""
    kept = list(arrivals[:1])
    for arrival, following in pairwise(arrivals[1:]):
        if (following - kept[-1]).total_seconds() > longer_than_s:
            kept.append(arrival)
    return [*kept, *arrivals[1:][-1:]]


def _reached(load: Load, since: datetime, now: datetime, wanted: float) -> datetime:
    """The whole second by which the expected events since *since* reach *wanted* (they do, by *now*)."""
    low, high = 0, int((now - since).total_seconds()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if load.expected(since, since + timedelta(seconds=middle)) >= wanted:
            high = middle
        else:
            low = middle
    return since + timedelta(seconds=high)
