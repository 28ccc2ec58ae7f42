"""One common cause makes one issue: what is explained by something nearer to the wire is not told again (ADR 0026).

Precedence: a failing line or a silent source → no progress → short calls of a line → bad numbers of a campaign → answers of
a number, a campaign, a line → one workplace → marks of the CRM → efficiency. Only what began by the time the other fired
inhibits it, so that nothing said is taken back by a later fault.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from schemas.floor import Floor
from services.rules import paths
from services.rules.detectors.windowed import Detector, Finding
from services.rules.paths import Cells

ORDER: Final[tuple[Detector, ...]] = (
    "no_progress",
    "short_calls",
    "bad_numbers",
    "answer_rate",
    "workplace_audio",
    "crm_silence",
    "efficiency_drop",
)
AFTER: Final = timedelta(minutes=60)
"""So long after a fault its traffic still stands in the windows of others."""


@dataclass(frozen=True, slots=True)
class Other:
    """A failing line or a silent source."""

    what: Literal["line", "source"]
    name: str
    since: datetime
    until: datetime
    verdict: str


def left(floor: Floor, cells: Cells, found: Sequence[Finding], others: Sequence[Other], now: datetime) -> list[Finding]:
    """Findings that no other explains, in order of precedence and time."""
    stand: list[Finding] = []
    for one in sorted(
        found, key=lambda one: (ORDER.index(one.detector), one.path[0] != "floor", one.fired_at, one.path)
    ):
        outer = [other for other in others if other.since <= one.fired_at and other.until + AFTER >= one.since]
        before = [other for other in stand if _meets(other, one, now)]
        if not _explained(floor, cells, one, outer, before):
            stand.append(one)
    return sorted(stand, key=lambda one: (one.fired_at, one.detector, one.path))


def _meets(other: Finding, one: Finding, now: datetime) -> bool:
    return other.since <= one.fired_at and (other.resolved_at or now) >= one.since


def _explained(floor: Floor, cells: Cells, one: Finding, outer: Sequence[Other], before: Sequence[Finding]) -> bool:
    lines = {other.name for other in outer if other.what == "line"}
    if one.detector == "crm_silence":
        return any(other.what == "source" and other.name == one.evidence["source"] for other in outer)
    if one.detector == "efficiency_drop":
        return _efficiency(floor, one, outer, before)
    if any(other.verdict == "floor" for other in outer):
        return True
    if one.detector == "workplace_audio":
        lines |= {other.path[1] for other in before if other.detector == "short_calls"}
        return one.evidence["line"] in lines or _short_over(cells, one, lines)
    bad = {other.path: other for other in before if other.detector == "bad_numbers"}
    if one.detector == "bad_numbers" and "line" in one.evidence:
        return any(other.evidence.get("line") == one.evidence["line"] for other in bad.values())
    if one.detector == "answer_rate":
        if one.path in bad:
            return True
        lines |= {other.path[1] for other in before if other.path[0] == "line" and other.detector != "answer_rate"}
    return _mostly(cells, one, lines)


def _short_over(cells: Cells, one: Finding, lines: set[str]) -> bool:
    """Whether at least half of an agent's short calls in the finding's window ran over *lines*."""
    on = total = 0
    first = paths.bin_of(datetime.fromisoformat(one.evidence["window_from"])) + 1
    for number in range(first, paths.bin_of(one.fired_at) + 1):
        of_bin = cells.get(number)
        for line, by_agent in of_bin.digest.short.items() if of_bin is not None else ():
            short = by_agent.get(one.path[1], 0)
            total += short
            on += short if line in lines else 0
    return total > 0 and 2 * on >= total


def _mostly(cells: Cells, one: Finding, lines: set[str]) -> bool:
    """Whether at least half of the finding's own traffic runs over *lines*."""
    if not lines:
        return False
    if one.path[0] == "line":
        return one.path[1] in lines
    on = total = 0
    last = paths.bin_of(one.fired_at)
    for number in range(last - 11, last + 1):
        of_bin = cells.get(number)
        for route, counts in of_bin.digest.routes.items() if of_bin is not None else ():
            if one.path in route:
                total += counts[0]
                on += counts[0] if route[0][1] in lines else 0
    return total > 0 and 2 * on >= total


def _efficiency(floor: Floor, one: Finding, outer: Sequence[Other], before: Sequence[Finding]) -> bool:
    """Technical faults and the floor's own drop explain a team's; a single workplace explains nobody else's."""
    telephony = {source.id for source in floor.sources if "calls" in source.feeds}
    if any(other.what == "line" or other.name in telephony for other in outer):
        return True
    return any(
        other.path[0] == "floor" if other.detector == "efficiency_drop" else other.detector != "workplace_audio"
        for other in before
    )
