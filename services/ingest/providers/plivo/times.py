"""Plivo's stamps: ``StartTime``, ``AnswerTime``, ``EndTime`` in the account's own zone, ``SessionStart`` in UTC.

Neither says so. ``StartTime`` and ``SessionStart`` are the same instant written twice, which gives the account's offset;
without both, the source's timezone is believed. The offset is the start's: a clock that is changed during the call is
seen by gaps between stamps that no call has, or by ``Duration``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.ingest.providers import instants, values

_QUARTER: Final = timedelta(minutes=15)
_APART: Final = timedelta(minutes=2)
"""How far the two writings of the start may lie apart."""
_FARTHEST: Final = timedelta(hours=14)
_HOUR: Final = timedelta(hours=1)
_LONGEST_S: Final = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Times:
    """``length_s``: ``Duration``, seconds of talk; ``BillDuration`` is rounded billing time and never read."""

    started: datetime | None
    answered: datetime | None
    ended: datetime | None
    length_s: float | None


def read(parameters: Mapping[str, Any], zone: str) -> Times:
    """*zone*: IANA name, for what has no offset and cannot be derived."""
    session = instants.from_iso(parameters.get("SessionStart"), "UTC")
    stamps = [values.text(parameters.get(name)) for name in ("StartTime", "AnswerTime", "EndTime")]
    offset = _offset(stamps[0], session)
    started, answered, ended = (_instant(stamp, offset, zone) for stamp in stamps)
    length = values.number(parameters.get("Duration"))
    length = length if length is not None and 0 <= length <= _LONGEST_S else None
    started = started or session
    answered = _after(started, answered)
    if answered and ended and length is not None:
        ended = _nearest(ended, answered + timedelta(seconds=length))
    elif started and ended:
        ended = _after(started, ended)
    return Times(started, answered, ended, length)


def _offset(start: str | None, session: datetime | None) -> timedelta | None:
    """Of the account's zone, a multiple of 15 minutes; None when the two are not the same instant."""
    local = instants.from_iso(start, "UTC")
    if session is None or local is None or instants.from_iso(start) is not None:
        return None
    apart = local - session
    offset = round(apart / _QUARTER) * _QUARTER
    return offset if abs(apart - offset) <= _APART and abs(offset) <= _FARTHEST else None


def _instant(stamp: str | None, offset: timedelta | None, zone: str) -> datetime | None:
    if offset is None or instants.from_iso(stamp) is not None:
        return instants.from_iso(stamp, zone)
    found = instants.from_iso(stamp, "UTC")
    return (found - offset).astimezone(UTC) if found else None


def _after(earlier: datetime | None, later: datetime | None) -> datetime | None:
    """The end of the ringing. It takes no hour and no less than nothing, but where the clock was changed meanwhile."""
    if earlier is None or later is None:
        return later
    if later < earlier and later + _HOUR >= earlier:
        return later + _HOUR
    return later - _HOUR if later >= earlier + _HOUR else later


def _nearest(ended: datetime, expected: datetime) -> datetime:
    """The end, an hour earlier or later where that agrees with the duration."""
    return min((ended, ended - _HOUR, ended + _HOUR), key=lambda at: abs(at - expected))
