"""Instants and lengths of time in whatever form a body has them. None raises."""

import re
from datetime import datetime, timedelta
from typing import Any, Final

from services.ingest.providers import instants, values

_NEVER: Final = re.compile(r"[0\s:T.\-]*(Z|\+00:?00)?|null|none|nil|n/a", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?:(?P<h>\d{1,4}):)?(?P<m>\d{1,4}):(?P<s>\d{1,2}(?:\.\d{1,6})?)")
_LONGEST: Final = 366 * 86_400.0


def never(raw: Any) -> bool:
    """Whether it says that there was no such instant: nothing, 0, ``0000-00-00 00:00:00``, null in words."""
    if raw is None or raw is False or raw in ("", [], {}):
        return True
    return bool(_NEVER.fullmatch(raw.strip())) if isinstance(raw, str) else raw == 0


def no_length(raw: Any) -> bool:
    """Whether it says nothing; 0 is a length."""
    return raw is None or raw in ("", [], {}) or (isinstance(raw, str) and raw.strip() in ("", "-"))


def instant(raw: Any, pattern: str, zone: str) -> datetime | None:
    """*pattern*: auto, epoch_s, epoch_ms, iso, or one of strptime; local time of *zone* when no offset is written."""
    match pattern:
        case "auto":
            return instants.instant(raw, zone)
        case "iso":
            return instants.from_iso(raw, zone)
        case "epoch_s" | "epoch_ms":
            return _epoch(raw, 1 if pattern == "epoch_s" else 1000)
    written = values.text(raw, 100)
    if written is None:
        return None
    try:
        found = datetime.strptime(written, pattern)  # noqa: DTZ007 - the zone is put on below
    except (ValueError, OverflowError):
        return None
    return instants.from_iso(found.isoformat(), zone)


def length(raw: Any, unit: str) -> timedelta | None:
    """A number of *unit* (s, ms), or ``hh:mm:ss`` and ``mm:ss``; negative and endless ones are none."""
    clock = _CLOCK.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if clock:
        seconds = int(clock["h"] or 0) * 3600 + int(clock["m"]) * 60 + float(clock["s"])
    else:
        plain = values.number(raw)
        if plain is None:
            return None
        seconds = plain / (1000 if unit == "ms" else 1)
    return timedelta(seconds=seconds) if 0 <= seconds <= _LONGEST else None


def _epoch(raw: Any, per_second: int) -> datetime | None:
    found = values.number(raw)
    if found is None or not 0 < found / per_second < 10**11:
        return None
    return instants.from_epoch(found / per_second)
