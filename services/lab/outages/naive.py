"""Limits as other products have them: an absolute answer rate, a fixed number of failures, five minutes of silence."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from schemas.facts import CallEnded
from services.lab.backtest.read import Version

WINDOW: Final = timedelta(minutes=15)
LOWEST: Final = 0.15
FAILURES: Final = 5
LEAST: Final = 20
SILENT: Final = timedelta(minutes=5)


def naive_alarms(versions: Sequence[Version]) -> list[datetime]:
    """Moments at which a line begins to break one of the limits, looked at every quarter of an hour."""
    calls = [(one.at, one.line, one.data) for one in versions if isinstance(one.data, CallEnded)]
    if not calls:
        return []
    found = [after[0] for before, after in pairwise(calls) if after[0] - before[0] > SILENT]
    broken: set[str] = set()
    at = calls[0][0].replace(minute=0, second=0)
    while at < calls[-1][0]:
        at += WINDOW
        for line in sorted({line for _, line, _ in calls}):
            own = [data for ended, on, data in calls if on == line and at - WINDOW < ended <= at]
            answered = sum(data.disposition == "answered" for data in own)
            failed = sum(data.disposition == "congestion" for data in own)
            bad = len(own) >= LEAST and (answered < LOWEST * len(own) or failed >= FAILURES)
            if bad and line not in broken:
                found.append(at)
            (broken.add if bad else broken.discard)(line)
    return sorted(found)
