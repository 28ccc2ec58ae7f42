"""What is usual on a path at an hour of the week, from the days before (ADR 0025).

A rate is learned at three widths: the hour of the week, the hour of the day, the whole. Each leans on the wider one as
if that were ``lean_on`` attempts; the whole leans on the kind's own whole, and that on the configured prior.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import tzinfo
from typing import Any, TypeVar

from schemas.floor import Floor
from services.rules import paths
from services.rules.paths import ANSWERED, ATTEMPTS, BAD, FAILED, SHORT, STUCK, Cells, Counts, Path, add, empty

Hours = dict[tuple[Path, int], Counts]
"""(path, hour of the day) → counts; of an agent the whole day stands at hour −1."""

LAG_EDGES = (60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800)
"""Seconds from an agent's last answered call to a mark in the CRM, counted in these steps."""


_Key = TypeVar("_Key")

Feed = tuple[str, str]
"""(source, what it feeds): each is watched for itself."""


@dataclass(slots=True)
class DaySummary:
    """One earlier day. ``marks``: feed → how many; ``lags``: feed → steps of LAG_EDGES → how many;
    ``arrived``: source → five minutes of the local day → facts of that time."""

    hours: Hours = field(default_factory=dict)
    marks: dict[Feed, int] = field(default_factory=dict)
    lags: dict[Feed, list[int]] = field(default_factory=dict)
    arrived: dict[str, dict[int, int]] = field(default_factory=dict)
    _whole: dict[Path, Counts] | None = field(default=None, init=False, repr=False, compare=False)

    def whole(self) -> Mapping[Path, Counts]:
        """``hours`` added up by path, once: the day is learned from on each of the days that follow."""
        if self._whole is None:
            self._whole = {}
            for (path, _), counts in self.hours.items():
                _add_to(self._whole, path, counts)
        return self._whole


def summary(floor: Floor, cells: Cells, zone: tzinfo) -> Hours:
    """A day's cells by hour: lines, numbers, campaigns and teams; agents by day."""
    found: Hours = {}
    for number, of_bin in cells.items():
        hour, digest = paths.hour_of(number, zone)[1], of_bin.digest
        for path, counts in digest.shared.items():
            _add_to(found, (path, hour), counts)
        for team, counts in digest.of_teams(floor).items():
            _add_to(found, (("team", team), hour), counts)
        for agent, counts in digest.agents.items():
            if agent in floor.agent_by_id:
                _add_to(found, (("agent", agent), -1), counts)
    return found


@dataclass
class Baselines:
    """Fixed for a day. ``spread``: correlation of answers within an hour (beta-binomial ρ)."""

    floor: Floor
    how: dict[tuple[Path, int, int], Counts]
    hod: dict[tuple[Path, int], Counts]
    whole: dict[Path, Counts]
    kinds: dict[str, Counts]
    days: int
    spread: float
    marks: dict[Feed, int]
    lags: dict[Feed, list[int]]
    by_day: Mapping[Date, DaySummary]
    spreads: Mapping[str, float] = field(default_factory=dict)
    _shares: dict[tuple[Path, int, int, int], float] = field(default_factory=dict, repr=False)
    profiles: dict[tuple[int, ...], Any] = field(default_factory=dict, repr=False)
    """What ``usual`` worked out of these days."""

    def known(self, path: Path) -> bool:
        """Whether the path has a history of its own."""
        return self.whole.get(path, [0])[ATTEMPTS] >= self.floor.outages.baselines.min_attempts

    def knows(self, kind: str) -> bool:
        """Whether some path of the kind has."""
        return self.kinds.get(kind, [0])[ATTEMPTS] >= self.floor.outages.baselines.min_attempts

    def spread_of(self, kind: str) -> float:
        """Campaigns differ from hour to hour more than lines, which carry all of them."""
        return self.spreads.get(kind, self.spread)

    def share(self, path: Path, part: int, of: int, prior: float, weekday: int, hour: int) -> float:
        """Usual share of count *part* in count *of* (positions of paths.Counts; answers are of attempts that got through)."""
        key = (path, part, weekday, hour)
        if key in self._shares:
            return self._shares[key]
        lean = self.floor.outages.baselines.lean_on
        rate = prior
        for counts in (
            self.kinds.get(path[0]),
            self.whole.get(path),
            self.hod.get((path, hour)),
            self.how.get((path, weekday, hour)),
        ):
            if counts:
                rate = (counts[part] + lean * rate) / (through(counts, of) + lean)
        self._shares[key] = rate
        return rate

    def answered(self, path: Path, weekday: int, hour: int) -> float:
        return self.share(path, ANSWERED, ATTEMPTS, self.floor.outages.baselines.answered, weekday, hour)

    def stuck(self, path: Path, weekday: int, hour: int) -> float:
        return max(
            self.share(path, STUCK, STUCK, self.floor.outages.baselines.stuck, weekday, hour),
            self.floor.outages.baselines.stuck / 2,
        )

    def bad(self, path: Path, weekday: int, hour: int) -> float:
        """Share of attempts whose number is none."""
        prior = self.floor.outages.baselines.bad
        return max(self.share(path, BAD, STUCK, prior, weekday, hour), prior / 2)

    def short(self, path: Path, weekday: int, hour: int) -> float:
        return self.share(path, SHORT, ANSWERED, self.floor.outages.baselines.short, weekday, hour)

    def ring_p95(self, path: Path) -> float:
        counts = self.whole.get(path)
        found = paths.ring_p95(counts) if counts and self.known(path) else None
        return found or self.floor.outages.baselines.ring_p95_s

    def lag_s(self, feed: Feed) -> float:
        """Within this, 95 of 100 marks follow an answered call."""
        steps = self.lags.get(feed, [])
        total, seen = sum(steps), 0
        if total < self.floor.outages.crm_silence.min_marks:
            return self.floor.outages.crm_silence.lag_s
        for step, count in enumerate(steps):
            seen += count
            if seen >= 0.95 * total:
                return float(LAG_EDGES[min(step, len(LAG_EDGES) - 1)])
        return float(LAG_EDGES[-1])


def through(counts: Counts, of: int) -> int:
    """The denominator: for answers, attempts that the network did not fail; for the stuck, all attempts."""
    if of == ATTEMPTS:
        return counts[ATTEMPTS] - counts[FAILED]
    return counts[ATTEMPTS] if of == STUCK else counts[of]


def learn(floor: Floor, days: Mapping[Date, DaySummary]) -> Baselines:
    """
    Args:
        days: earlier days, as known at each one's end; more than ``baselines.days`` are the caller's to leave out.
    """
    found = Baselines(floor, {}, {}, {}, {}, len(days), floor.outages.baselines.spread, {}, {}, days)
    for date, day in days.items():
        weekday = date.weekday()
        for path, counts in day.whole().items():
            _add_to(found.whole, path, counts)
            _add_to(found.kinds, path[0], counts)
        for (path, hour), counts in day.hours.items():
            if hour >= 0:
                _add_to(found.hod, (path, hour), counts)
                _add_to(found.how, (path, weekday, hour), counts)
        for feed, count in day.marks.items():
            found.marks[feed] = found.marks.get(feed, 0) + count
        for feed, steps in day.lags.items():
            own = found.lags.setdefault(feed, [0] * (len(LAG_EDGES) + 1))
            for place, count in enumerate(steps):
                own[place] += count
    found.spreads = _spreads(found, days)
    found.spread = found.spreads["line"]
    return found


def _add_to(totals: dict[_Key, Counts], key: _Key, counts: Counts) -> None:
    add(totals.get(key) or totals.setdefault(key, empty()), counts)


@dataclass(slots=True)
class _Scatter:
    squares: float = 0.0
    pairs: float = 0.0
    attempts: int = 0
    hours: int = 0


def _spreads(found: Baselines, days: Mapping[Date, DaySummary]) -> dict[str, float]:
    """ρ of lines, numbers and campaigns by the method of moments over the hours of their paths; the configured one until
    there are a hundred of them."""
    scatter = {kind: _Scatter() for kind in ("line", "did", "campaign")}
    for date, day in days.items():
        weekday = date.weekday()
        for (path, hour), counts in day.hours.items():
            own = scatter.get(path[0])
            n = counts[ATTEMPTS] - counts[FAILED]
            if own is None or hour < 0 or n < 20:
                continue
            p = min(0.99, max(0.01, found.answered(path, weekday, hour)))
            own.squares += (counts[ANSWERED] - n * p) ** 2 / (p * (1 - p))
            own.pairs += n * (n - 1)
            own.attempts += n
            own.hours += 1
    return {
        kind: found.floor.outages.baselines.spread
        if own.hours < 100
        else min(0.05, max(0.002, (own.squares - own.attempts) / own.pairs))
        for kind, own in scatter.items()
    }


def lags_of(calls: Iterable[tuple[str, float]], marks: Iterable[tuple[str, float]]) -> list[int]:
    """Steps of LAG_EDGES of each mark after its agent's last answered call of the day.

    Args:
        calls: (agent, second) of answered calls; marks: (agent, second). Both in order of time.
    """
    from_calls: dict[str, list[float]] = {}
    for agent, at in calls:
        from_calls.setdefault(agent, []).append(at)
    steps = [0] * (len(LAG_EDGES) + 1)
    for agent, at in marks:
        own = from_calls.get(agent, [])
        place = bisect_right(own, at)
        if place:
            steps[bisect_right(LAG_EDGES, at - own[place - 1])] += 1
    return steps
