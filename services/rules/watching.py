"""Runs every detector over windows along the bins of one day (DOMAIN §8).

Most windows of most paths are far from any limit. Each detector says by arithmetic over the whole day which windows could be
bad at all (``prospects``); only those, and those of a watch that is open, are looked at in full. The others are ``QUIET``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from schemas.floor import Floor
from services.rules import attribution, feeds, paths
from services.rules.baselines import Baselines, Feed
from services.rules.day import WorkingDay
from services.rules.detectors import (
    answer_rate,
    bad_numbers,
    efficiency_drop,
    no_progress,
    short_calls,
    workplace_audio,
)
from services.rules.detectors.answer_rate import Totals
from services.rules.detectors.windowed import QUIET, Finding, Prospects, Signal, Watch
from services.rules.explaining import explained
from services.rules.feeds import Marks
from services.rules.paths import ANSWERED, ATTEMPTS, FAILED, LONG, Cells, Path
from services.rules.series import series_of
from services.rules.usual import FLOOR, Scheduled, Usual, expected, usual

TWICE: Final = (2, 3)
"""One window alone may be chance: a day has a hundred of them on every path."""
EFFICIENCY: Final = ((ATTEMPTS, "calls"), (LONG, "long_calls"))


@dataclass(frozen=True, slots=True)
class Watched:
    """What the detectors found, before anything explains anything. ``fine``: whether the floor's answers were as usual in a
    finding's time. ``fed``: (source, feed) → agents whom it feeds."""

    findings: list[Finding]
    lines: frozenset[Path]
    fine: Callable[[Finding], bool]
    fed: Mapping[Feed, frozenset[str]]


def watched(
    floor: Floor,
    day: WorkingDay,
    cells: Cells,
    marks: Marks,
    by: Baselines,
    bins: tuple[int, int],
    now: datetime,
) -> Watched:
    """
    Args:
        marks: (source, feed) → instants of its facts, in order. bins: the first and the last of the day to look at.
    """
    view = _View(floor, day, cells, by, *bins)
    view.on_lines()
    view.bad_numbers()
    view.answers()
    view.workplaces()
    fed = feeds.fed(floor)
    silent = feeds.findings(day, cells, marks, by, fed, *bins)
    view.efficiency()
    over = now >= day.over
    for watch in view.watches if over else ():
        watch.close_day(day.over)
    for one in silent if over else ():
        if one.resolved_at is None:
            one.resolved_at, one.by_day = max(day.over, one.fired_at), True
    return Watched([*silent, *(one for watch in view.watches for one in watch.findings)], view.lines, view.fine, fed)


class _View:
    """One day's traffic, arranged for the detectors."""

    def __init__(self, floor: Floor, day: WorkingDay, cells: Cells, by: Baselines, first: int, last: int) -> None:
        self.floor, self.day, self.cells, self.by, self.first, self.last = floor, day, cells, by, first, last
        self.series = series_of(cells, first, last, self._with_short_calls().__contains__)
        self.hours = [paths.hour_of(number, floor.zone) for number in range(first, last + 1)]
        self.watches: list[Watch] = []
        self.shared = [path for path in self.series if path[0] in ("line", "did", "campaign")]
        self.lines = frozenset(path for path in self.shared if path[0] == "line")
        for path in self.shared:
            answer_rate.expectation(path, self.series[path], by, self.hours)
        lines = [self.series[path] for path in self.shared if path[0] == "line"]
        zero = np.zeros(last - first + 2)
        self.totals = Totals(
            sum(((one.total[:, ATTEMPTS] - one.total[:, FAILED]).astype(np.float64) for one in lines), zero),
            sum((one.total[:, ANSWERED].astype(np.float64) for one in lines), zero),
            sum((one.expected["answered"] for one in lines), zero),
        )

    def _with_short_calls(self) -> set[str]:
        """Agents with short calls enough to be looked at."""
        short: dict[str, int] = {}
        for number, of_bin in self.cells.items():
            if number <= self.last:
                for own in of_bin.digest.short.values():
                    for agent, count in own.items():
                        short[agent] = short.get(agent, 0) + count
        least = self.floor.outages.short_calls.agent_answered
        return {agent for agent, count in short.items() if count >= least}

    def _watch(
        self,
        watch: Watch,
        seen: Prospects,
        look: Callable[[int], Signal | None],
    ) -> None:
        self.watches.append(watch)
        for place in np.flatnonzero(seen.enough).tolist():
            number = self.first + place
            full = watch.open is not None or seen.bad[place]
            watch.look(number, look(number) if full else QUIET)

    def on_lines(self) -> None:
        leave, family = self.floor.outages.no_progress.leave_bins, len(self.lines)
        for path in self.shared:
            if path[0] != "line":
                continue
            own = self.series[path]
            self._watch(
                Watch("no_progress", path, enter=TWICE, leave=(leave, leave)),
                no_progress.prospects(path, own, self.hours, self.by),
                lambda n, p=path, o=own: no_progress.signal(p, o, n, self.by),  # type: ignore[misc]
            )
            self._watch(
                Watch("short_calls", path, enter=TWICE),
                short_calls.prospects(path, own, self.hours, self.by),
                lambda n, p=path, o=own: short_calls.signal(p, o, self.cells, n, self.by, family),  # type: ignore[misc]
            )

    def bad_numbers(self) -> None:
        campaigns = [path for path in self.shared if path[0] == "campaign"]
        for path in campaigns:
            own = self.series[path]
            self._watch(
                Watch("bad_numbers", path, enter=TWICE),
                bad_numbers.prospects(path, own, self.hours, self.by),
                lambda n, p=path, o=own: bad_numbers.signal(p, o, self.cells, n, self.by, len(campaigns)),  # type: ignore[misc]
            )

    def _listed(self, number: int) -> list[Path]:
        """Campaigns whose bad numbers stand in the windows of answers that end with bin *number*."""
        over = paths.starts(number - self.floor.outages.answer_rate.bins[1])
        return [
            watch.path
            for watch in self.watches
            if watch.detector == "bad_numbers"
            and any(
                one.fired_at <= paths.ends(number) and (one.resolved_at is None or one.resolved_at > over)
                for one in watch.findings
            )
        ]

    def answers(self) -> None:
        """All shared paths bin by bin: of those that fire together the surest explains its traffic away from the others."""
        watches = {path: Watch("answer_rate", path, enter=TWICE) for path in self.shared}
        self.watches += watches.values()
        rows = [
            (
                path,
                self.series[path],
                answer_rate.prospects(path, self.series[path], self.totals, self.by),
                watches[path],
            )
            for path in self.shared
        ]
        for place in range(self.last - self.first + 1):
            number = self.first + place
            seen: dict[Path, Signal] = {}
            for path, own, prospects, watch in rows:
                if not prospects.enough[place]:
                    continue
                signal: Signal | None = QUIET
                if prospects.bad[place] or watch.open is not None:
                    signal = answer_rate.signal(path, own, self.totals, number, self.by, len(self.shared))
                if signal is not None:
                    seen[path] = signal
            bad = [path for path, signal in seen.items() if signal.bad]
            open_ = [path for path, watch in watches.items() if watch.open is not None]
            listed = self._listed(number) if bad else []
            stand, same = explained(self.floor, self.cells, self.by, bad, [*open_, *listed], seen, number)
            for path, signal in seen.items():
                if signal.bad and path not in open_ and (path not in stand or path in listed):
                    continue
                watches[path].look(number, signal)
                if (found := watches[path].open) is not None and found.fired_at == paths.ends(number):
                    found.same_traffic = same.get(path, ())

    def workplaces(self) -> None:
        agents = [path for path in self.series if path[0] == "agent"]
        mains = self._main_lines([path[1] for path in agents])
        for path in agents:
            own, line = self.series[path], mains[path[1]]
            on = self.series[("line", line)]
            if not workplace_audio.possible(path, own, line, self.hours, self.by):
                continue
            seen = workplace_audio.prospects(path, own, line, self.hours, self.by)
            self._watch(
                Watch("workplace_audio", path),
                seen,
                lambda n, p=path, o=own, s=on, x=line: workplace_audio.signal(p, o, s, x, n, self.by),  # type: ignore[misc]
            )

    def _main_lines(self, agents: Sequence[str]) -> dict[str, str]:
        """Agent → the line used most."""
        used: dict[str, dict[str, int]] = {agent: {} for agent in agents}
        for number, of_bin in self.cells.items():
            by_agent = of_bin.digest.used if number <= self.last else {}
            for agent in agents if by_agent else ():
                for line, count in by_agent.get(agent, {}).items():
                    used[agent][line] = used[agent].get(line, 0) + count
        return {agent: min(own, key=lambda name, o=own: (-o[name], name)) for agent, own in used.items()}  # type: ignore[misc]

    def efficiency(self) -> None:
        limits = self.floor.outages.efficiency
        profile = usual(self.by, tuple(place for place, _ in EFFICIENCY))
        if profile.days < limits.min_days:
            return
        plan, done = Scheduled(self.floor, self.day), self._by_team(limits.bins)
        teams = [team.id for team in self.floor.teams]
        groups: list[tuple[Path, list[str]]] = [(FLOOR, teams)]
        if len(teams) > 1:
            groups += [(("team", team), [team]) for team in teams]
        for path, of in groups:
            watches = {step: Watch("efficiency_drop", path, enter=TWICE) for _, step in EFFICIENCY}
            self.watches += watches.values()
            for number in range(self.first, self.last + 1):
                if (number + 1) % limits.bins == 0:
                    for place, step in EFFICIENCY:
                        if any(watch.open for other, watch in watches.items() if other != step):
                            continue  # one drop of a team is one issue
                        watches[step].look(number, self._half_hour(path, of, place, step, number, plan, profile, done))

    def _by_team(self, bins: int) -> dict[tuple[str, int], list[int]]:
        found: dict[tuple[str, int], list[int]] = {}
        for number, of_bin in self.cells.items():
            for team, counts in of_bin.digest.of_teams(self.floor).items():
                own = found.setdefault((team, number // bins), [0] * paths.RINGS)
                for place, _ in EFFICIENCY:
                    own[place] += counts[place]
        return found

    def _half_hour(
        self,
        path: Path,
        teams: list[str],
        place: int,
        step: str,
        number: int,
        plan: Scheduled,
        profile: Usual,
        done: Mapping[tuple[str, int], list[int]],
    ) -> Signal | None:
        bins = self.floor.outages.efficiency.bins
        start, end = paths.ends(number - bins), paths.ends(number)
        hour = paths.hour_of(number, self.floor.zone)
        due = expected(profile, plan, teams, place, start, end, hour)
        counted = sum(done[team, number // bins][place] for team in teams if (team, number // bins) in done)
        return efficiency_drop.signal(path, step, counted, due, number, profile.spread, self.by)

    def fine(self, one: Finding) -> bool:
        a = max(0, paths.bin_of(one.since) + 1 - self.first)
        b = max(a, paths.bin_of(one.fired_at) + 1 - self.first)
        due = float(self.totals.expected[b] - self.totals.expected[a])
        return due <= 0 or float(self.totals.answered[b] - self.totals.answered[a]) >= attribution.ANSWERS_FINE * due
