"""Sources that are not connected yet, or were only within the day: of whom nothing is known for that (ADR 0043).

Whose step is told by no other source is not judged on it that day: what happened before the first fact is nowhere.
"""

from collections.abc import Mapping
from datetime import datetime

from schemas.floor import Floor
from schemas.steps import Step
from services.rules.day import WorkingDay
from services.rules.detectors.source_silence import silence
from services.rules.sources import FED_BY, Feeders, loads

Missing = Mapping[tuple[str, Step], tuple[str, ...]]
"""(agent, step) → sources of which alone the step is told, and of which nothing, or not the whole day, is known."""


def late(floor: Floor, day: WorkingDay, first: Mapping[str, datetime]) -> dict[str, datetime]:
    """Of sources whose first fact ever arrived on *day*, those that can only have been connected then: with as much due
    before it as a silence takes (DOMAIN §8).

    Args:
        first: source → arrival of its first fact.
    """
    if not first:
        return {}
    expected, limits = loads(floor, day), floor.outages.source_silence
    found = {}
    for source, arrived in sorted(first.items()):
        load = expected.get(source)
        every_s = floor.source_by_id[source].expect_every_s
        if load and silence(load, day.starts, arrived, expect_every_s=every_s, min_expected=limits.min_expected):
            found[source] = arrived
    return found


def missing(floor: Floor, unheard: frozenset[str], connected: Mapping[str, datetime]) -> Missing:
    """
    Args:
        unheard: sources that never sent anything. connected: see ``late``.
    """
    gone = unheard | frozenset(connected)
    if not gone:
        return {}
    feeders = Feeders(floor)
    found = {}
    for agent in floor.agents:
        for step, feed in FED_BY.items():
            sources = feeders.of(agent, feed)
            if sources and gone.issuperset(sources):
                found[agent.id, step] = tuple(sorted(sources))
    return found


def of_teams(floor: Floor, found: Missing) -> tuple[dict[tuple[str, Step], tuple[str, ...]], ...]:
    """(team, step) → sources: where nobody's step is known, and where only some people's is not."""
    sources: dict[tuple[str, Step], set[str]] = {}
    known: set[tuple[str, Step]] = set()
    feeders = Feeders(floor) if found else None
    for agent in floor.agents if feeders else ():
        for step, feed in FED_BY.items():
            if (agent.id, step) in found:
                sources.setdefault((agent.team, step), set()).update(found[agent.id, step])
            elif feeders and feeders.of(agent, feed):
                known.add((agent.team, step))
    whole = {key: tuple(sorted(own)) for key, own in sources.items() if key not in known}
    partly = {key: tuple(sorted(own)) for key, own in sources.items() if key in known}
    return whole, partly
