"""Whose problem a fault is (DOMAIN §8, the table of patterns). ``undetermined`` is a legal answer, said aloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.floor import Floor
from schemas.steps import AlertKind, Verdict
from services.rules.day import WorkingDay
from services.rules.detectors.line_failure import Finding
from services.rules.detectors.source_silence import Silence
from services.rules.exposure import scheduled
from services.rules.sources import Feeders
from services.rules.spans import at

OTHERS_FINE = 3
"""So many clean attempts of colleagues on the same line clear the line of one agent's failures."""

FLOOR_AGENTS = 4
"""Fewer people at work than this are no floor: a silent source may be one slow agent."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """A verdict with the scope it is about and what it rules out (closed words, put into sentences by messages)."""

    verdict: Verdict
    scope: str
    rules_out: tuple[str, ...] = ()


def of_line(line: str, finding: Finding, others: Mapping[str, bool]) -> Attributed:
    """Verdict on a failing line.

    Args:
        others: every other line with attempts in the finding's time → whether it is failing too.
    """
    guilty = [agent for agent in finding.failures_by_agent if agent]
    if len(finding.failures_by_agent) == 1 and guilty and finding.ok_by_others >= OTHERS_FINE:
        return Attributed("workplace", f"agent:{guilty[0]}", ("line",))
    if not any(code for code in finding.codes if code not in ("failed", "")):
        return Attributed("undetermined", f"line:{line}", ("people",))
    if others and all(others.values()):
        return Attributed("floor", f"line:{line}", ("people",))
    return Attributed("line", f"line:{line}", ("people", "other_lines") if others else ("people",))


def of_silence(floor: Floor, day: WorkingDay, found: Silence) -> Attributed:
    """Verdict on a silent source: the floor's, when it carries the calls of at least half of those at work; else nobody
    can tell whether the source or its webhooks fell silent."""
    feeders = Feeders(floor)
    if found.source not in feeders.call_sources():
        return Attributed("undetermined", f"source:{found.source}")
    moment = at(found.fired_at)
    own = (found.source,)
    working = [
        feeders.of(agent, "calls")
        for agent in floor.agents
        if any([start < moment <= end for start, end in scheduled(floor, day, agent)])  # noqa: C419 - quicker for one span
    ]
    at_work = len(working) - working.count(())
    if at_work >= FLOOR_AGENTS and 2 * working.count(own) >= at_work:
        return Attributed("floor", f"source:{found.source}", ("people",))
    return Attributed("undetermined", f"source:{found.source}")


def kind_of(verdict: Verdict) -> AlertKind:
    """Kind of a silence: an outage when the floor cannot work, else a fault of the data."""
    return "outage" if verdict == "floor" else "data"


def mostly_on(line: str, attempts: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Agents with at least half of their attempts on *line*.

    Args:
        attempts: (agent, line) of every outbound attempt in the window.
    """
    total: dict[str, int] = {}
    on: dict[str, int] = {}
    for agent, used in attempts:
        total[agent] = total.get(agent, 0) + 1
        on[agent] = on.get(agent, 0) + (used == line)
    return frozenset(agent for agent, count in on.items() if 2 * count >= total[agent])
