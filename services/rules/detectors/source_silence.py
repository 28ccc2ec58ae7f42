"""Source silence: nothing arrived although ten events were due (DOMAIN §8).

Silent when the source's interval, in working time, is exceeded *and* the events expected since the last arrival reach the
minimum: by norms × exposure as this time of the week usually has of it (rules.arrivals), at the pace that the day had until
then, at most the usual one. One event ends it. Outside working time nothing is expected, so nothing is silent, and the
interval does not run: a floor of six hundred owes ten presentations nine seconds after nine (ADR 0036, ADR 0038).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp
from typing import Any, Final

from schemas.floor import Floor
from schemas.floor.outages import SourceSilence
from services.rules.sources import Load


@dataclass(frozen=True, slots=True)
class Silence:
    """One episode: ``since`` the last arrival (or the start of the day), ``fired_at`` when both limits were reached.

    ``explained``: events due by then of people who could not work.
    """

    source: str
    since: datetime
    fired_at: datetime
    expected: float
    resolved_at: datetime | None = None
    pace: float = 1.0
    explained: float = 0.0


def silence(
    load: Load, since: datetime, now: datetime, *, expect_every_s: float, min_expected: float
) -> Silence | None:
    """The open silence of a source whose last arrival was at *since*, judged at *now*; None when there is none.

    ``expected`` is counted up to *now*.
    """
    if (now - since).total_seconds() <= expect_every_s:
        return None  # nearly always; the other limit is never the lower one
    waits_s = load.waits_s(since, expect_every_s)
    if (now - since).total_seconds() <= waits_s or load.working_s(since, now) <= waits_s:
        return None
    if (expected := load.expected(since, now)) < min_expected:
        return None
    return Silence(load.source, since, _reached(load, since, now, min_expected, waits_s), expected)


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


def at_pace(
    one: Silence, load: Load, came: int, starts: datetime, now: datetime, *, expect_every_s: float, by: SourceSilence
) -> Silence | None:
    """*one* at the pace that the day had until then: what brings half as much is waited for twice as long.

    Args:
        came: facts of the source that arrived on the day up to ``one.since``. starts: of the day.
    Returns: None while it is not silent by that measure.
    """
    pace = min(1.0, (by.pace_lean + came) / (by.pace_lean + load.expected(starts, one.since)))
    until = min(one.resolved_at or now, now)
    at_that = replace(load, pace=pace)
    found = silence(at_that, one.since, until, expect_every_s=expect_every_s, min_expected=by.min_expected)
    return replace(found, resolved_at=one.resolved_at, pace=pace) if found else None


@dataclass(frozen=True, slots=True)
class Story:
    """Silences of one source that are told as one: the first, with the end of the last."""

    told: Silence
    parts: tuple[Silence, ...]


def stories(found: Sequence[Silence], sources: Collection[str], now: datetime, by: SourceSilence) -> list[Story]:
    """Silences as they are told at *now*, in the order given (ADR 0045).

    When the power is cut, the last talks end one by one: each ends a silence (one event does) and begins another. Those of one
    of *sources* with less than ``back_s`` between them are one story, and it is over when calls have come for so long again.
    """
    back, told = timedelta(seconds=by.back_s), list[Story]()
    for one in found:
        if one.source not in sources:
            told.append(Story(one, (one,)))
            continue
        before = next((story for story in reversed(told) if story.told.source == one.source), None)
        ended = before.parts[-1].resolved_at if before is not None else None
        if before is not None and ended is not None and one.since < ended + back:
            told.remove(before)
            told.append(Story(replace(before.told, resolved_at=one.resolved_at), (*before.parts, one)))
        else:
            told.append(Story(one, (one,)))
    return [
        replace(story, told=replace(story.told, resolved_at=None))
        if story.told.source in sources and story.told.resolved_at is not None and now < story.told.resolved_at + back
        else story
        for story in told
    ]


LAST: Final = 3
"""So many of the facts before a silence are named."""


def name_of(data: Mapping[str, Any]) -> str | None:
    """By which a fact is found again in its source: the call, else the payment, the invoice or the deal."""
    return next((str(data[key]) for key in ("call_id", "payment", "invoice", "deal") if data.get(key)), None)


def evidence(
    one: Silence, load: Load, floor: Floor, rules_out: Sequence[str], last: Sequence[str] = ()
) -> dict[str, Any]:
    """What the alert says; ``p_value`` is that of nothing where so much was due.

    Args:
        last: names of the last facts that arrived before, the newest first. Of telephony they are calls to check by.
    """
    expected = replace(load, pace=one.pace).expected(one.since, one.fired_at) - one.explained
    return {
        "since": one.since.astimezone(floor.zone).isoformat(),
        "began": max(one.since, load.begins or one.since).astimezone(floor.zone).isoformat(),
        "expected": round(expected, 6),
        "arrived": 0,
        "p_value": exp(-expected),
        "window_from": one.since.astimezone(UTC).isoformat(),
        "window_until": one.fired_at.astimezone(UTC).isoformat(),
        "usual_shape": load.shape is not None,
        "pace": round(one.pace, 4),
        "expect_every_s": floor.source_by_id[one.source].expect_every_s,
        "source": one.source,
        "calls": list(last) if "calls" in floor.source_by_id[one.source].feeds else [],
        "last": list(last),
        "rules_out": list(rules_out),
    }


def _reached(load: Load, since: datetime, now: datetime, wanted: float, every_s: float) -> datetime:
    """The whole second by which the interval is over and the expected events since *since* reach *wanted* (by *now*)."""
    low, high = 0, int((now - since).total_seconds()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        until = since + timedelta(seconds=middle)
        if load.working_s(since, until) >= every_s and load.expected(since, until) >= wanted:
            high = middle
        else:
            low = middle
    return since + timedelta(seconds=high)
