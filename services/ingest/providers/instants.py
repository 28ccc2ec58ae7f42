"""Instants as vendors write them: Unix seconds to nanoseconds, ISO 8601, RFC 2822 with its usual faults, local stamps.

Every reading gives an aware UTC instant between 1971 and 2200, or None; none raises.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = datetime(1971, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RFC: Final = re.compile(
    r"(?:[A-Za-z]{2,10}\.?,?\s+)?(?P<day>\d{1,2})[\s-]+(?P<month>[A-Za-z]{3})[A-Za-z]*\.?,?[\s-]+(?P<year>\d{4}),?\s+"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<zone>[+-]\d{2}:?\d{2}|GMT|UTC|UT|Z)?\s*"
)
# Steps between the units of a Unix instant: 2 001 in milliseconds is 2 · 10¹² and cannot be seconds before the year 5138.
_UNITS: Final = ((Decimal(10) ** 11, 1_000_000), (Decimal(10) ** 14, 1_000), (Decimal(10) ** 17, 1))


def from_epoch(value: object) -> datetime | None:
    """A Unix instant in s, ms, µs or ns, told apart by size; 0 and less mean "never"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value).strip()[:40])
    except (InvalidOperation, ValueError):
        return None
    if not amount.is_finite() or amount <= 0:
        return None
    micros = next((amount * scale for limit, scale in _UNITS if amount < limit), amount / 1_000)
    return _within(_EPOCH + timedelta(microseconds=int(micros))) if micros < Decimal(10) ** 16 else None


def from_iso(value: object, zone: str | None = None) -> datetime | None:
    """ISO 8601; without an offset it is local time of *zone* (None: not an instant).

    In the hour that comes twice the first one is meant; in the hour that is skipped the clock is read as before it.
    """
    if not isinstance(value, str) or not 8 <= len(value.strip()) <= 40:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if found.tzinfo is None:
        if zone is None:
            return None
        found = found.replace(tzinfo=ZoneInfo(zone))
    return _utc(found)


def from_rfc2822(value: object) -> datetime | None:
    """``Sun, 25 Mar 2018 09:53:19 +0000``; "Thurs", "July" and a missing zone (UTC then) are tolerated."""
    match = _RFC.fullmatch(value.strip()[:60]) if isinstance(value, str) else None
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    month = _MONTHS.index(match["month"].lower()) + 1
    zone = match["zone"] or "Z"
    offset = zone if zone[0] in "+-" else "+00:00"
    stamp = f"{match['year']}-{month:02}-{int(match['day']):02}T{int(match['hour']):02}:{match['minute']}"
    return from_iso(f"{stamp}:{match['second'] or '00'}{offset}")


def instant(value: object, zone: str | None = None) -> datetime | None:
    """Whichever of the three forms it is."""
    return from_epoch(value) or from_iso(value, zone) or from_rfc2822(value)


def _utc(value: datetime) -> datetime | None:
    try:
        return _within(value.astimezone(UTC))
    except (OverflowError, ValueError):
        return None


def _within(value: datetime) -> datetime | None:
    return value if _EARLIEST <= value < _LATEST else None
