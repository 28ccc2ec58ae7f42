"""Start, answer and end of a CDR: local stamps, Unix seconds, or what can be reckoned from durations."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.ingest.providers import instants, values
from services.ingest.providers.asterisk.record import Record

WEEK_S: Final = 7 * 86_400.0
ASTRAY: Final = timedelta(minutes=30)
"""An end this far from start + duration was read in the wrong one of two equal hours."""
_UNIQUE: Final = re.compile(r"(?:.*-)?(\d{9,11})\.\d+")
_RECORDED: Final = re.compile(r"-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-")


@dataclass(frozen=True, slots=True)
class Times:
    """``answer`` is when the channel was answered, by whomever. ``guessed``: there was no time, the receipt stands in."""

    start: datetime
    answer: datetime | None
    end: datetime
    guessed: bool


def of(record: Record, zone: str, received_at: datetime) -> Times:
    unique = record.get("uniqueid")
    stamps = [instant(record.get(name), zone, unique) for name in ("start", "answer", "end")]
    start, answer, end = stamps
    length, talk = (_seconds(record.get(name)) for name in ("duration", "billsec"))
    start = start or _recorded(record.get("recording"), zone)
    if start and length is not None and (end is None or abs(end - start - length) > ASTRAY):
        end = start + length
    guessed = not any((start, answer, end))
    end = end or (answer + talk if answer and talk is not None else None) or answer or start
    end = end or instant(record.get("at"), zone, unique) or received_at
    start = start or (end - length if length is not None else None) or answer or end
    start, end = min(start, end), max(start, end)
    if talk and (answer is None or abs(end - answer - talk) > ASTRAY):
        answer = end - talk
    return Times(start, min(max(answer, start), end) if answer else None, end, guessed)


def instant(value: object, zone: str, unique: str | None) -> datetime | None:
    """A stamp; of the hour that comes twice the later one when the channel (``epoch.counter``) was made in it."""
    found = instants.instant(value, zone)
    made = _UNIQUE.fullmatch(unique) if unique else None
    if found is None or made is None or not isinstance(value, str):
        return found
    later = _later(value, zone)
    created = datetime.fromtimestamp(int(made[1]), UTC)
    return later if later and later > found and found + ASTRAY < created <= later + timedelta(seconds=5) else found


def _later(value: str, zone: str) -> datetime | None:
    try:
        local = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return None if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)


def _recorded(name: str | None, zone: str) -> datetime | None:
    """FreePBX names a recording ``out-NUMBER-EXTENSION-20261123-090000-UNIQUEID.wav``: when it began."""
    match = _RECORDED.search(name) if name else None
    return instants.from_iso("{}-{}-{}T{}:{}:{}".format(*match.groups()), zone) if match else None


def _seconds(value: object) -> timedelta | None:
    found = values.number(value)
    return timedelta(seconds=found) if found is not None and 0 <= found <= WEEK_S else None
