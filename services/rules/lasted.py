"""From when to when a trouble lasted: the one answer of every page, message and report.

It *began* with its first failure, or with the last thing heard of a silent source, and *ended* with its last failure, or with
what was heard again. Beside it stand two other instants under names of their own: when it was noticed (``fired_at``) and when
its alert was lifted (``resolved_at``: after some minutes without failures, or by a person).

Source: docs/decisions/0046-one-number-one-name.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Lasted:
    """``ended`` is None while it lasts."""

    began: datetime
    ended: datetime | None

    def minutes(self, now: datetime, zone: ZoneInfo) -> int:
        """Length between the wall-clock minutes that are shown: 14:31–14:52 is 21, whatever the seconds were."""
        return between(self.began, self.ended or now, zone)


def lasted(evidence: Mapping[str, Any], fired_at: datetime, resolved_at: datetime | None) -> Lasted:
    """By the evidence of an alert; what it lacks, or cannot be read, is taken from the alert's own instants."""
    began = min(_instant(evidence.get("began")) or _instant(evidence.get("since")) or fired_at, fired_at)
    if resolved_at is None:
        return Lasted(began, None)
    return Lasted(began, max(began, min(_instant(evidence.get("until")) or resolved_at, resolved_at)))


def between(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Minutes between two instants as clocks in *zone* show them, without their seconds."""
    first, last = (one.astimezone(zone).replace(second=0, microsecond=0).astimezone(UTC) for one in (start, end))
    return max(0, round((last - first).total_seconds() / 60))


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
