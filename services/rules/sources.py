"""Which source brings which step of which agent, and how much a source is expected to bring (DOMAIN §5 a, §8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple

from schemas.floor import Agent, Floor, SourceConfig
from schemas.steps import Step
from services.rules.curve import DayCurve
from services.rules.day import WorkingDay
from services.rules.exposure import scheduled
from services.rules.norms import norms_of
from services.rules.spans import Spans, at, minutes

FED_BY: Final[Mapping[Step, str]] = {
    "calls": "calls",
    "answered": "calls",
    "long_calls": "calls",
    "presentations": "presentations",
    "invoices": "invoices",
    "payments": "payments",
}
FEEDS: Final = tuple(dict.fromkeys(FED_BY.values()))


class Feeders:
    """Sources of each agent and feed: those that feed it and know the agent; else those that know nobody."""

    def __init__(self, floor: Floor) -> None:
        known = {source for agent in floor.agents for source in agent.identities}
        self._by_feed: dict[str, list[SourceConfig]] = {}
        for source in floor.sources:
            for feed in source.feeds:
                self._by_feed.setdefault(feed, []).append(source)
        self._ids = {feed: tuple(source.id for source in sources) for feed, sources in self._by_feed.items()}
        self._anybody = {
            feed: tuple(source.id for source in sources if source.id not in known)
            for feed, sources in self._by_feed.items()
        }

    def of(self, agent: Agent, feed: str) -> tuple[str, ...]:
        identities = agent.identities
        own = [source for source in self._ids.get(feed, ()) if source in identities]
        return tuple(own) or self._anybody.get(feed, ())

    def call_sources(self) -> tuple[str, ...]:
        return tuple(source.id for source in self._by_feed.get("calls", ()))


def team_sources(floor: Floor) -> dict[tuple[str, Step], frozenset[str]]:
    """(team, step) → sources whose silence or lateness makes the step of that team unjudgeable."""
    feeders = Feeders(floor)
    found: dict[tuple[str, str], set[str]] = {}
    for agent in floor.agents:
        for feed in FEEDS:
            found.setdefault((agent.team, feed), set()).update(feeders.of(agent, feed))
    return {
        (team.id, step): frozenset(found.get((team.id, feed), ()))
        for team in floor.teams
        for step, feed in FED_BY.items()
    }


class Group(NamedTuple):
    """When people work, and what they bring a minute (of weight 1, where their step has a curve)."""

    spans: Spans
    per_min: float
    curve: DayCurve | None = None

    def expected(self, start: float, end: float) -> float:
        """Events due in (start, end]: in the first minutes after work begins they come in evenly more and more, as people
        sit down one by one and their first calls end (ADR 0045)."""
        count = minutes if self.curve is None else self.curve.minutes
        found = count(self.spans, start, end)
        for begins, over in self.spans:
            since, until = max(begins, start), min(begins + SIT_DOWN_S, over, end)
            if since < until:
                found += count(((begins, over),), since, until) * ((since + until - 2 * begins) / SIT_DOWN_S - 1)
        return self.per_min * found


BIN_MIN: Final = 5
SIT_DOWN_S: Final = 60.0 * BIN_MIN
"""So long after the day or a break nobody can be expected to bring what they bring later; a bin, so that what is learned of
bins stays true."""
BINS: Final = 24 * 60 // BIN_MIN


def bin_of_day(second: float, zone: tzinfo) -> int:
    """Which five minutes of the local day an instant (seconds since 1970) falls into."""
    local = datetime.fromtimestamp(second, zone)
    return (local.hour * 60 + local.minute) // BIN_MIN


@dataclass(frozen=True, slots=True)
class Shape:
    """By how much each five minutes of a local day usually differ from norms × exposure (rules.arrivals)."""

    zone: tzinfo
    factors: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """What a source is expected to bring, of groups of agents; ``pace``: what today has of it so far, at most 1.

    ``first_after_s``: how long people have to be at work before their day's first result can be there at all.
    """

    source: str
    groups: tuple[Group, ...]
    agents: frozenset[str]
    shape: Shape | None = None
    pace: float = 1.0
    first_after_s: float = 0.0

    def expected(self, start: datetime, end: datetime) -> float:
        """Events due in (start, end] by norms × exposure, as these five minutes usually have of it."""
        return self.pace * self._usual(at(start), at(end))

    def working_s(self, start: datetime, end: datetime) -> float:
        """Seconds of (start, end] in which somebody whom it feeds is due to work, of those that work longest."""
        return 60 * max((minutes(group.spans, at(start), at(end)) for group in self.groups), default=0.0)

    def waits_s(self, since: datetime, every_s: float) -> float:
        """Seconds of work without an event that are nothing yet, after one at *since*, or after the day began."""
        begins = self.begins
        return max(every_s, self.first_after_s) if begins is not None and since <= begins else every_s

    @property
    def begins(self) -> datetime | None:
        """When the day of those whom it feeds begins."""
        first = min((group.spans[0][0] for group in self.groups if group.spans), default=None)
        return None if first is None else datetime.fromtimestamp(first, UTC)

    def _usual(self, start: float, end: float) -> float:
        if self.shape is None:
            return sum(group.expected(start, end) for group in self.groups)
        found, size = 0.0, 60.0 * BIN_MIN
        start = max(start, min((group.spans[0][0] for group in self.groups if group.spans), default=end))
        while start < end:
            until = min(end, (start // size + 1) * size)
            due = sum(group.expected(start, until) for group in self.groups)
            if due:
                found += due * self.shape.factors[bin_of_day(start, self.shape.zone)]
            start = until
        return found


def loads(floor: Floor, day: WorkingDay) -> dict[str, Load]:
    """Load of every source on *day*. A call brings one event, whatever became of it; a step split between two sources
    is expected from each in equal parts. The day's first mark of a CRM follows the day's first conversations."""
    feeders = Feeders(floor)
    curves: dict[Step, DayCurve] = {}
    rates: dict[str, dict[tuple[Spans, Step | None], float]] = {}
    people: dict[str, set[str]] = {}
    told_at_once = set(feeders.call_sources())
    for agent in floor.agents:
        plan = scheduled(floor, day, agent)
        if not plan:
            continue
        per_feed: dict[str, tuple[float, Step]] = {}
        for step, norm in norms_of(floor, agent, day.weekday).items():
            feed = FED_BY[step]
            if feed not in per_feed or norm > per_feed[feed][0]:
                per_feed[feed] = norm, step
        for feed, (norm, step) in per_feed.items():
            own_day = day.of(agent.team)
            key = plan, step if step in own_day.curves else None
            own = feeders.of(agent, feed)
            curves.update(own_day.curves)
            for source in own:
                group = rates.setdefault(source, {})
                group[key] = group.get(key, 0.0) + _per_min(norm, own_day.standard_of(step)) / len(own)
                people.setdefault(source, set()).add(agent.id)
    return {
        source: Load(
            source,
            tuple(Group(plan, rate, curves[step] if step else None) for (plan, step), rate in group.items()),
            frozenset(people[source]),
            first_after_s=0.0 if source in told_at_once else floor.outages.crm_silence.lag_s,
        )
        for source, group in rates.items()
    }


def _per_min(norm: float, standard_min: float) -> float:
    return norm / standard_min if standard_min else 0.0
