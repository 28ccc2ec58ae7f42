"""Traffic of a day in bins of five minutes, by path: a line, a number (DID), a campaign, an agent (DOMAIN §8).

A bin is ``(start, end]``, named by ``end``'s position on the clock; a call belongs to the bin in which it ended.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from math import ceil
from typing import Final

import msgspec

from schemas.facts import Disposition
from schemas.floor import Floor
from schemas.floor.outages import Outages
from services.rules.causes import blame
from services.rules.day import WorkingDay

BIN_S: Final = 300
RING_EDGES: Final = (2, 4, 6, 8, 11, 15, 20, 26, 34, 44, 58, 76, 100)
"""Seconds from dialling to the answer, counted in these steps."""
SAMPLES: Final = 3
SETTLE: Final = timedelta(seconds=60)
"""So long after its end a bin is waited for: webhooks take their time."""

ATTEMPTS, ANSWERED, FAILED, STUCK, BAD, SHORT, LONG, RINGS = range(8)
SIZE: Final = RINGS + len(RING_EDGES) + 1

Path = tuple[str, str]
"""("line" | "did" | "campaign" | "agent" | "team", name)."""
Key = tuple[str, str | None, str | None, str | None]
"""(line, did, campaign, agent)."""
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
    bad: bool = False
    """The number is none: the codes blame the list (rules.causes)."""


@dataclass(slots=True)
class Cell:
    """Counts of one (line, did, campaign, agent) in one bin, with samples: short talks, calls nobody took, other talks, and
    numbers that are none."""

    counts: Counts
    short: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    talked: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Digest:
    """One bin added up once, however often the day is surveyed.

    ``shared``: lines, numbers and campaigns. ``agents``: agent → the first counts, up to RINGS. ``routes``: the paths that a
    call took → [attempts, those that got through, answered, bad numbers], whoever dialled. ``used``: agent → line → attempts.
    ``short``: line → agent → short calls. ``teams``: filled by ``of_teams``.
    """

    shared: dict[Path, Counts]
    agents: dict[str, Counts]
    routes: dict[tuple[Path, ...], Counts]
    used: dict[str, dict[str, int]]
    short: dict[str, dict[str, int]]
    teams: tuple[Floor, dict[str, Counts]] | None = None

    def of_teams(self, floor: Floor) -> dict[str, Counts]:
        """Team → the first counts of its agents."""
        if self.teams is None or self.teams[0] is not floor:
            found: dict[str, Counts] = {}
            for agent, counts in self.agents.items():
                if agent in floor.agent_by_id:
                    _add_first(found.setdefault(floor.agent_by_id[agent].team, [0] * RINGS), counts)
            self.teams = floor, found
        return self.teams[1]


class Bin(dict[Key, Cell]):
    """Cells of one bin, and what they add up to."""

    __slots__ = ("_digest",)

    def __init__(self) -> None:
        super().__init__()
        self._digest: Digest | None = None

    def changed(self) -> None:
        self._digest = None

    @property
    def digest(self) -> Digest:
        if self._digest is None:
            self._digest = _digest(self)
        return self._digest


Cells = dict[int, Bin]


def _digest(cells: Mapping[Key, Cell]) -> Digest:
    found = Digest({}, {}, {}, {}, {})
    for (line, did, campaign, agent), cell in cells.items():
        counts, route = cell.counts, tuple(paths_of(line, did, campaign))
        for path in route:
            add(found.shared.get(path) or found.shared.setdefault(path, empty()), counts)
        own = found.routes.get(route) or found.routes.setdefault(route, [0, 0, 0, 0])
        own[0] += counts[ATTEMPTS]
        own[1] += counts[ATTEMPTS] - counts[FAILED]
        own[2] += counts[ANSWERED]
        own[3] += counts[BAD]
        if not agent:
            continue
        _add_first(found.agents.get(agent) or found.agents.setdefault(agent, [0] * RINGS), counts)
        used = found.used.setdefault(agent, {})
        used[line] = used.get(line, 0) + counts[ATTEMPTS]
        if counts[SHORT]:
            short = found.short.setdefault(line, {})
            short[agent] = short.get(agent, 0) + counts[SHORT]
    return found


def _add_first(total: Counts, counts: Counts) -> None:
    for place in range(RINGS):
        total[place] += counts[place]


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
    """Most cells hold no answer, and then nothing behind it."""
    total[ATTEMPTS] += more[ATTEMPTS]
    total[FAILED] += more[FAILED]
    total[STUCK] += more[STUCK]
    total[BAD] += more[BAD]
    if more[ANSWERED]:
        total[ANSWERED] += more[ANSWERED]
        for place in range(SHORT, len(more)):
            if more[place]:
                total[place] += more[place]


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
    failed: bool,
    limits: tuple[float, float],
    by: Outages,
) -> Call:
    """
    Args:
        failed: by the network (causes.is_network_failure).
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
        failed=failed,
        stuck=not answered and is_stuck(disposition, sip, q850, by),
        short=answered and talk_s < limits[0],
        long=answered and talk_s >= limits[1],
        ring=bisect_right(RING_EDGES, ring_s) if answered and ring_s is not None else -1,
        call_id=call_id,
        bad=not answered and blame(disposition, sip, q850, by.causes) == "list",
    )


def put(cells: Cells, calls: Iterable[Call]) -> None:
    """Count *calls*; samples are the first of a bin, so calls come in order of time."""
    last, of_bin = None, Bin()
    for call in calls:
        number = ceil(call.at.timestamp() / BIN_S) - 1
        if number != last:
            last, of_bin = number, cells.setdefault(number, Bin())
            of_bin.changed()
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
            if call.bad:
                counts[BAD] += 1
                if len(cell.bad) < SAMPLES:
                    cell.bad.append(call.call_id)
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
