"""Traffic of a day in bins of five minutes, by path: a line, a number (DID), a campaign, an agent (DOMAIN §8).

A bin is ``(start, end]``, named by ``end``'s position on the clock; a call belongs to the bin in which it ended.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil
from typing import Final

import msgspec

from schemas.facts import Disposition
from schemas.floor.outages import Outages
from services.rules.causes import is_network_failure
from services.rules.day import WorkingDay

BIN_S: Final = 300
RING_EDGES: Final = (2, 4, 6, 8, 11, 15, 20, 26, 34, 44, 58, 76, 100)
"""Seconds from dialling to the answer, counted in these steps."""
SAMPLES: Final = 3
SETTLE: Final = timedelta(seconds=60)
"""So long after its end a bin is waited for: webhooks take their time."""

ATTEMPTS, ANSWERED, FAILED, STUCK, SHORT, LONG, RINGS = range(7)
SIZE: Final = RINGS + len(RING_EDGES) + 1

Path = tuple[str, str]
"""("line" | "did" | "campaign" | "agent" | "team", name)."""
Counts = list[int]


class Call(msgspec.Struct, frozen=True, gc=False):
    """One outbound attempt as detectors see it; ``short`` and ``long`` by its team's limits."""

    at: datetime
    line: str
    did: str | None
    campaign: str | None
    agent: str | None
    answered: bool
    failed: bool
    stuck: bool
    short: bool
    long: bool
    ring: int
    call_id: str = ""


@dataclass(slots=True)
class Cell:
    """Counts of one (line, did, campaign, agent) in one bin, with samples: short talks, calls nobody took, other talks."""

    counts: Counts
    short: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    talked: list[str] = field(default_factory=list)


Cells = dict[int, dict[tuple[str, str | None, str | None, str | None], Cell]]


def bin_of(at: datetime) -> int:
    return ceil(at.timestamp() / BIN_S) - 1


def last_bin(day: WorkingDay, now: datetime) -> int:
    """The newest bin that is over and waited for, within the working day."""
    return bin_of(min(now - SETTLE, day.over) + timedelta(microseconds=1)) - 1


def starts(number: int) -> datetime:
    return datetime.fromtimestamp(number * BIN_S, UTC)


def ends(number: int) -> datetime:
    return datetime.fromtimestamp((number + 1) * BIN_S, UTC)


def hour_of(number: int, zone: tzinfo) -> tuple[int, int]:
    """(weekday, hour) of the floor's clock at the start of a bin."""
    local = starts(number).astimezone(zone)
    return local.weekday(), local.hour


def empty() -> Counts:
    return [0] * SIZE


def add(total: Counts, more: Counts) -> None:
    for place, count in enumerate(more):
        if count:
            total[place] += count


def is_stuck(disposition: Disposition, sip: int | None, q850: int | None, by: Outages) -> bool:
    """The network never said that it rings: a timeout without progress."""
    return disposition not in ("answered", "voicemail") and (
        sip in by.no_progress.stuck_sip or (sip is None and q850 in by.no_progress.stuck_q850)
    )


def call_of(
    at: datetime,
    line: str,
    did: str | None,
    campaign: str | None,
    agent: str | None,
    disposition: Disposition,
    sip: int | None,
    q850: int | None,
    talk_s: float,
    ring_s: float | None,
    call_id: str,
    limits: tuple[float, float],
    by: Outages,
) -> Call:
    """
    Args:
        limits: seconds under which an answered call is short, and from which it is long.
    """
    answered = disposition == "answered"
    return Call(
        at=at,
        line=line,
        did=did,
        campaign=campaign,
        agent=agent,
        answered=answered,
        failed=not answered and is_network_failure(disposition, sip, q850, by.causes),
        stuck=not answered and is_stuck(disposition, sip, q850, by),
        short=answered and talk_s < limits[0],
        long=answered and talk_s >= limits[1],
        ring=bisect_right(RING_EDGES, ring_s) if answered and ring_s is not None else -1,
        call_id=call_id,
    )


def put(cells: Cells, calls: Iterable[Call]) -> None:
    """Count *calls*; samples are the first of a bin, so calls come in order of time."""
    for call in calls:
        of_bin = cells.setdefault(ceil(call.at.timestamp() / BIN_S) - 1, {})
        key = (call.line, call.did, call.campaign, call.agent)
        cell = of_bin.get(key)
        if cell is None:
            cell = of_bin[key] = Cell(empty())
        counts = cell.counts
        counts[ATTEMPTS] += 1
        if call.answered:
            counts[ANSWERED] += 1
            if call.short:
                counts[SHORT] += 1
            kept = cell.short if call.short else cell.talked
            if len(kept) < SAMPLES:
                kept.append(call.call_id)
            if call.long:
                counts[LONG] += 1
            if call.ring >= 0:
                counts[RINGS + call.ring] += 1
        else:
            counts[FAILED] += call.failed
            counts[STUCK] += call.stuck
            if len(cell.missed) < SAMPLES:
                cell.missed.append(call.call_id)


def paths_of(line: str, did: str | None, campaign: str | None) -> list[Path]:
    found: list[Path] = [("line", line)]
    if did:
        found.append(("did", did))
    if campaign:
        found.append(("campaign", campaign))
    return found


def ring_p95(counts: Counts) -> float | None:
    """Seconds within which 95 of 100 answers came, interpolated within their step; None without answers."""
    rings = counts[RINGS:]
    total = sum(rings)
    if not total:
        return None
    wanted, seen = 0.95 * total, 0
    for step, count in enumerate(rings):
        if seen + count >= wanted:
            low = float(RING_EDGES[step - 1]) if step else 0.0
            high = float(RING_EDGES[step]) if step < len(RING_EDGES) else 2.0 * RING_EDGES[-1]
            return low + (high - low) * (wanted - seen) / count
        seen += count
    return None
