"""Faults of lines and sources, as instants of the simulated days."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.floor import Floor
from services.lab.simulate.paths import Path, phone_of
from services.lab.simulate.scenario import Scenario
from services.rules.day import WorkingDay, local_instant
from services.rules.spans import at

PREFERRED: Final = ("freeswitch", "twilio", "bitrix24", "generic")
"""Providers that say why a call failed; a dead trunk of another one is only seen as misses."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Unix seconds. ``line`` is None when the whole source is down."""

    source: str
    line: str | None
    start: float
    end: float

    @property
    def scope(self) -> str:
        return f"line:{self.line}" if self.line else f"source:{self.source}"


def faults(floor: Floor, scenario: Scenario, days: Iterable[WorkingDay]) -> list[Fault]:
    if not scenario.outages:
        return []
    path = _busiest(floor)
    if path is None:
        return []
    found = []
    for day in days:
        for outage in scenario.outages if day.working else ():
            line = path.line(path.trunks[0] if path.trunks else None) if outage.kind == "line" else None
            start, end = (at(local_instant(day.date, clock, floor.zone)) for clock in (outage.start, outage.end))
            found.append(Fault(path.source, line, start, end))
    return found


def _busiest(floor: Floor) -> Path | None:
    """The phone source of most agents, among those that say why a call failed if there are any."""
    paths: Sequence[Path] = [phone_of(floor, agent) for agent in floor.agents]
    telling = [path for path in paths if path.provider in PREFERRED] or paths
    counts = Counter(path.source for path in telling)
    return max(telling, key=lambda path: counts[path.source], default=None)
