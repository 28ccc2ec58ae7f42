"""What each source feeds, watched for itself: which marks stopped while calls went on (DOMAIN §5 a, §8; ADR 0036)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from schemas.floor import Floor
from services.rules.baselines import Baselines, Feed
from services.rules.day import WorkingDay
from services.rules.detectors import crm_silence
from services.rules.detectors.windowed import Finding
from services.rules.path_rows import FEEDS
from services.rules.paths import ANSWERED, Cells, last_bin
from services.rules.series import Numbers
from services.rules.sources import Feeders
from services.rules.spans import at

Marks = Mapping[Feed, Sequence[datetime]]
"""(source, feed) → instants of its facts of a day, in order."""


def findings(
    day: WorkingDay,
    cells: Cells,
    marks: Marks,
    by: Baselines,
    fed: Mapping[Feed, frozenset[str]],
    first: int,
    last: int,
) -> list[Finding]:
    """Silences of every feed over the bins *first* to *last*.

    Args:
        fed: see ``fed``.
    """
    opens = min((span[0] for span in day.standard), default=at(day.starts))
    begins = max(day.starts, datetime.fromtimestamp(opens, day.starts.tzinfo))
    people = {feed: own for feed, own in fed.items() if feed in by.marks}
    totals = _answered(cells, frozenset(people.values()), first, last)
    return [
        one
        for feed, own in sorted(people.items())
        for one in crm_silence.silences(feed, marks.get(feed, ()), own, totals[own], (first, last), begins, by)
    ]


def silent_feeds(
    floor: Floor, day: WorkingDay, cells: Cells, marks: Marks, by: Baselines, now: datetime
) -> frozenset[Feed]:
    """Feeds whose silence is open at *now*: what they bring cannot be judged, whatever explains it."""
    last = last_bin(day, now)
    own = [number for number in cells if number <= last]
    if not own or not day.working:
        return frozenset()
    seen = findings(day, cells, marks, by, fed(floor), min(own), last)
    found = [one for one in seen if one.resolved_at is None]
    feeds = {(one.evidence["source"], one.evidence["feed"]): one.since for one in found}
    return frozenset(feed for feed, since in feeds.items() if not any(mark > since for mark in marks.get(feed, ())))


def fed(floor: Floor) -> dict[Feed, frozenset[str]]:
    """(source, feed) → agents whom it feeds, of the feeds that are watched."""
    feeders, found = Feeders(floor), dict[Feed, set[str]]()
    for agent in floor.agents:
        for feed in FEEDS.values():
            for source in feeders.of(agent, feed):
                found.setdefault((source, feed), set()).add(agent.id)
    return {feed: frozenset(agents) for feed, agents in found.items()}


def _answered(cells: Cells, groups: frozenset[frozenset[str]], first: int, last: int) -> dict[frozenset[str], Numbers]:
    """Running totals of answered calls of each group, by bin."""
    found = {group: [0] * (last - first + 2) for group in groups}
    of: dict[str, list[list[int]]] = {}
    for group, total in found.items():
        for agent in group:
            of.setdefault(agent, []).append(total)
    for number, of_bin in cells.items():
        if first <= number <= last:
            for agent, counts in of_bin.digest.agents.items():
                if counts[ANSWERED]:
                    for total in of.get(agent, ()):
                        total[number - first + 1] += counts[ANSWERED]
    return {group: np.cumsum(total, dtype=np.float64) for group, total in found.items()}
