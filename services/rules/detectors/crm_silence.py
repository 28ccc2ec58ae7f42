"""CRM silence: what a source feeds, presentations or invoices, stopped while calls go on (DOMAIN §8).

Expected since the last mark: answered calls of the people this source feeds × the marks per answered call of the history,
for calls older than the learned lag (95 of 100 marks follow an answered call within it). Enter: at least 10 expected, none
came. Leave: one mark. A feed without a history is not watched: the silence of its whole source is (source_silence).
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from math import exp

from services.rules.baselines import Baselines, Feed
from services.rules.detectors.windowed import Finding
from services.rules.paths import ANSWERED, ends
from services.rules.series import Numbers


def silences(
    feed: Feed,
    marks: Sequence[datetime],
    people: Collection[str],
    answered: Numbers,
    span: tuple[int, int],
    begins: datetime,
    by: Baselines,
) -> list[Finding]:
    """
    Args:
        marks: instants of the feed's facts of the day, in order. people: agents whom the source feeds.
        answered: running total of their answered calls, by bin; span: first and last bin.
        begins: start of the working day.
    """
    limits, (first, last) = by.floor.outages.crm_silence, span
    calls = sum(by.whole[path][ANSWERED] for agent in people if (path := ("agent", agent)) in by.whole)
    if by.marks.get(feed, 0) < limits.min_marks or not calls:
        return []
    each, lag = by.marks[feed] / calls, timedelta(seconds=by.lag_s(feed))
    found: list[Finding] = []
    open_: Finding | None = None
    for number in range(first, last + 1):
        now = ends(number)
        came = bisect_right(marks, now)
        since = max(begins, marks[came - 1] if came else begins)
        if open_ is not None:
            if since > open_.since:
                open_.resolved_at = next(mark for mark in marks if mark > open_.since)
                open_.last_bad = open_.resolved_at
                open_ = None
            else:
                open_.last_bad = now
            continue
        start, end = _at(since, first, last), _at(now - lag, first, last)
        calls_since = float(answered[max(start, end)] - answered[start])
        if calls_since * each < limits.min_expected:
            continue
        evidence = {
            "since": since.isoformat(),
            "source": feed[0],
            "feed": feed[1],
            "answered": round(calls_since),
            "expected": round(calls_since * each, 2),
            "per_answered": round(each, 6),
            "lag_s": lag.total_seconds(),
            "window_from": since.isoformat(),
            "window_until": now.isoformat(),
            "p_value": exp(-calls_since * each),
        }
        open_ = Finding("crm_silence", ("feed", "/".join(feed)), since, now, now, evidence)
        found.append(open_)
    return found


def _at(instant: datetime, first: int, last: int) -> int:
    """Position in the running total of the whole bins that ended by *instant*."""
    return int(min(max((instant - ends(first - 1)).total_seconds() // 300, 0), last - first + 1))
