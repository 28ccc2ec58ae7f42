"""Instants and lengths as the PBX prints them: ISO 8601 by our template, else in the culture of the machine.

``11/23/2026 6:00:00 AM``, ``23.11.2026 6:00:00``, ``23/11/2026 06:00``, ``2026-11-23 06:00:00`` … Which of the first
two numbers is the month is told by ``options.dates`` (``mdy`` or ``dmy``), else by a number above 12, else by which
reading lies within two days before the receipt, else by the separator: dots and dashes are day first, slashes month first.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from services.ingest.providers import instants

_DATE: Final = re.compile(
    r"(?P<a>\d{1,4})(?P<sign>[./-])\s?(?P<b>\d{1,2})[./-]\s?(?P<c>\d{1,4})\.?,?[T\s]\s*"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?\s*"
    r"(?P<half>[AaPp]\.?\s?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_SPAN: Final = re.compile(r"(?:(\d{1,4})[.:])??(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2})(?:[.,](\d{1,9}))?", re.ASCII)
_SPACES: Final = re.compile(r"[\u00a0\u2007\u202f\u200e\u200f]")
_SECONDS: Final = re.compile(r"(\d{1,7})(?:[.,](\d{1,9}))?", re.ASCII)
_NEAR: Final = timedelta(days=2)


class Reading(NamedTuple):
    """How to read what is ambiguous. ``zone``: of stamps that name none; ``order``: mdy, dmy or None."""

    zone: str
    order: str | None
    received_at: datetime


def instant(text: str | None, reading: Reading) -> datetime | None:
    if text is None:
        return None
    clean = _SPACES.sub(" ", text).strip()
    match = _DATE.fullmatch(clean)
    if match is None or len(match["a"]) == 4:
        return instants.instant(clean, reading.zone) or (_stamp(match, 0, reading.zone) if match else None)
    month_first, day_first = _stamp(match, 1, reading.zone), _stamp(match, 2, reading.zone)
    if month_first is None or day_first is None:
        return month_first or day_first
    if reading.order in ("mdy", "dmy"):
        return month_first if reading.order == "mdy" else day_first
    near = [found for found in (month_first, day_first) if abs(reading.received_at - found) <= _NEAR]
    if len(near) == 1:
        return near[0]
    return month_first if match["sign"] == "/" else day_first


def length_s(text: str | None) -> float | None:
    """``00:01:05``, ``1.02:03:04.5`` (days first), ``1:05``, ``65``, ``65,4``."""
    clean = (text or "").strip()
    if match := _SECONDS.fullmatch(clean):
        return float(f"{match[1]}.{match[2] or 0}")
    match = _SPAN.fullmatch(clean)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[:4])
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return whole + float(f"0.{match[5] or 0}")


def _stamp(match: re.Match[str], order: int, zone: str) -> datetime | None:
    """*order* 0: year first; 1: month first; 2: day first."""
    a, b, c = match["a"], match["b"], match["c"]
    year, month, day = {0: (a, b, c), 1: (c, a, b), 2: (c, b, a)}[order]
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"][0] in "Pp" else 0)
    full_year = int(year) + (2000 if len(year) == 2 else 0)
    named = match["zone"] or ""
    offset = "+00:00" if named in ("Z", "UTC", "GMT") else named
    stamp = (
        f"{full_year:04}-{int(month):02}-{int(day):02}T{hour:02}:{match['minute']}:{match['second'] or '00'}{offset}"
    )
    return instants.from_iso(stamp, zone)


def printed(instant_: datetime) -> str:
    """As our template prints it; part of a call's key."""
    return instant_.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
