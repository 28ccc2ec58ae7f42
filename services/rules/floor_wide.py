"""Lines that fail all at once are one issue: the floor's (DOMAIN §8; ADR 0036).

The first of them tells it, from its own beginning to the end of the last. A line that begins to fail soon after another is
waited for: within HOLD it is known whether the floor stands, and then it is not told for itself (ADR 0045). One that was told
before the floor was known to stand ends at that moment and says so; one that began to fail then, or later, is not told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from services.rules.technical import LineFinding

EVER: Final = datetime.max.replace(tzinfo=UTC)
NEAR: Final = timedelta(minutes=5)
"""Faults that begin so soon after each other may be one."""
HOLD: Final = timedelta(minutes=3)
"""So long the second waits for the lines that nobody happened to dial over yet."""


@dataclass(frozen=True, slots=True)
class ToldLine:
    """``one`` tells of itself and ``others``; ``by_floor``: the floor's issue goes on with it from ``resolved_at`` on."""

    one: LineFinding
    resolved_at: datetime | None
    others: tuple[LineFinding, ...] = ()
    by_floor: bool = False

    @property
    def all(self) -> tuple[LineFinding, ...]:
        return (self.one, *self.others)

    @property
    def until(self) -> dict[str, str]:
        """Evidence: its last failure, once it is over (rules.lasted)."""
        if self.resolved_at is None:
            return {}
        last = max(one.finding.last_failure for one in self.all)
        return {"until": min(last, self.resolved_at).astimezone(UTC).isoformat()}


def told_lines(found: Sequence[LineFinding], now: datetime = EVER) -> list[ToldLine]:
    """Findings that are told at *now*, in order of firing."""
    told = [
        ToldLine(one, one.finding.resolved_at)
        for one in found
        if one.attributed.verdict != "floor" and not (now < one.finding.fired_at + HOLD and _second(one, found))
    ]
    for together in _clusters([one for one in found if one.attributed.verdict == "floor"]):
        first, *rest = together
        known = max(_first_of(line, together) for line in {one.state.line for one in together})
        ends = max(_end(one) for one in together)
        told.append(ToldLine(first, None if ends == EVER else ends, tuple(rest)))
        told += [
            ToldLine(one, min(known, _end(one)), by_floor=_end(one) > known)
            for one in rest
            if one.finding.fired_at < known and not (known < one.finding.fired_at + HOLD and _second(one, found))
        ]
    return sorted(told, key=lambda own: (own.one.finding.fired_at, own.one.state.line))


def _second(one: LineFinding, found: Sequence[LineFinding]) -> bool:
    """Whether another line had begun to fail shortly before, was told by then, and still failed."""
    return any(
        other.state.line != one.state.line
        and other.finding.fired_at <= one.finding.fired_at <= _end(other)
        and (other.finding.fired_at, other.state.line) < (one.finding.fired_at, one.state.line)
        and abs(one.finding.since - other.finding.since) <= NEAR
        for other in found
    )


def _clusters(found: Sequence[LineFinding]) -> list[list[LineFinding]]:
    """Findings that overlap, directly or by others; each in order of firing."""
    clusters: list[list[LineFinding]] = []
    until = None
    for one in sorted(found, key=lambda one: (one.finding.since, one.state.line)):
        if until is None or one.finding.since > until:
            clusters.append([])
            until = _end(one)
        clusters[-1].append(one)
        until = max(until, _end(one))
    return [sorted(own, key=lambda one: (one.finding.fired_at, one.state.line)) for own in clusters]


def _first_of(line: str, together: Sequence[LineFinding]) -> datetime:
    return min(one.finding.fired_at for one in together if one.state.line == line)


def _end(one: LineFinding) -> datetime:
    return one.finding.resolved_at or EVER
