"""All detectors over windows, together: what fires, what inhibits what, and whose problem it is (DOMAIN §8; ADR 0026).

Live, at the close of a slice and in a back-test the same call, from the same cells.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from schemas.floor import Floor
from schemas.steps import AlertKind
from services.rules import attribution, feeds, paths
from services.rules.attribution import Attributed
from services.rules.baselines import Baselines
from services.rules.day import WorkingDay
from services.rules.detectors import (
    answer_rate,
    efficiency_drop,
    no_progress,
    short_calls,
    workplace_audio,
)
from services.rules.detectors.answer_rate import Totals
from services.rules.detectors.source_silence import Silence
from services.rules.detectors.windowed import Finding, Signal, Watch
from services.rules.feeds import Marks
from services.rules.inhibition import Other, left
from services.rules.lost_answers import lost_answers
from services.rules.paths import ANSWERED, ATTEMPTS, FAILED, LONG, SHORT, Cells, Path, last_bin
from services.rules.series import samples, series_of
from services.rules.spans import Spans, at, union
from services.rules.usual import FLOOR, Scheduled, Usual, expected, usual

TWICE: Final = (2, 3)
"""One window alone may be chance: a day has a hundred of them on every path."""
EFFICIENCY: Final = ((ATTEMPTS, "calls"), (LONG, "long_calls"))


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding that stands, whose it is, and whose time it takes."""

    finding: Finding
    attributed: Attributed
    kind: AlertKind
    agents: frozenset[str]

    @property
    def subject(self) -> str:
        return f"{self.finding.path[0]}:{self.finding.path[1]}"


def survey(
    floor: Floor,
    day: WorkingDay,
    cells: Cells,
    marks: Marks,
    by: Baselines,
    failing: Sequence[tuple[str, datetime, datetime | None, str]],
    silent: Sequence[Silence],
    now: datetime,
) -> list[Issue]:
    """Issues of the day known at *now*.

    Args:
        cells: traffic of the day. marks: (source, feed) → instants of its facts, in order.
        failing: (line, since, resolved, verdict) of line failures. silent: silences of any source.
    """
    last = last_bin(day, now)
    own = [number for number in cells if number <= last]
    if not own or not day.working:
        return []
    view = _View(floor, day, cells, by, min(own), last)
    crm = feeds.findings(floor, day, cells, marks, by, min(own), last)
    found = [*view.lines(), *view.answers(), *view.workplaces(), *crm, *view.efficiency()]
    for watch in view.watches:
        if now >= day.over:
            watch.close_day(day.over)
    found += [one for watch in view.watches for one in watch.findings]
    for one in found:
        if one.detector == "crm_silence" and one.resolved_at is None and now >= day.over:
            one.resolved_at, one.by_day = max(day.over, one.fired_at), True
    others = [Other("line", line, since, end or now, verdict) for line, since, end, verdict in failing]
    others += [
        Other("source", one.source, one.since, one.resolved_at or now, attribution.of_silence(floor, day, one).verdict)
        for one in silent
    ]
    stand = left(floor, cells, found, others, now)
    return _with_losses([view.issue(one, stand, now) for one in stand], floor, cells, by)


def _with_losses(issues: list[Issue], floor: Floor, cells: Cells, by: Baselines) -> list[Issue]:
    """Bad numbers and lists say in their evidence how many conversations they cost, by team."""
    bad = [one.finding for one in issues if one.attributed.verdict in ("number", "list")]
    for finding, lost in zip(bad, lost_answers(floor, cells, by, bad), strict=True):
        finding.evidence["lost_answers"] = {team: round(count, 2) for team, count in sorted(lost.items())}
    return issues


def spans_of(issues: Sequence[Issue], now: datetime) -> dict[str, Spans]:
    """Agent → technical spans of *issues*."""
    raw: dict[str, list[tuple[float, float]]] = {}
    for one in issues:
        for agent in one.agents:
            raw.setdefault(agent, []).append((at(one.finding.since), at(one.finding.until(now))))
    return {agent: union(own) for agent, own in raw.items()}


class _View:
    """One day's traffic, arranged for the detectors."""

    def __init__(self, floor: Floor, day: WorkingDay, cells: Cells, by: Baselines, first: int, last: int) -> None:
        self.floor, self.day, self.cells, self.by, self.first, self.last = floor, day, cells, by, first, last
        self.series = series_of(cells, first, last, self._short_of(cells).__contains__)
        self.hours = [paths.hour_of(number, floor.zone) for number in range(first, last + 1)]
        self.watches: list[Watch] = []
        self._routes: dict[int, dict[tuple[Path, ...], list[int]]] = {}
        self.shared = [path for path in self.series if path[0] in ("line", "did", "campaign")]
        for path in self.shared:
            answer_rate.expectation(path, self.series[path], by, self.hours)
        lines = [self.series[path] for path in self.shared if path[0] == "line"]
        zero = np.zeros(last - first + 2)
        self.totals = Totals(
            sum(((one.total[:, ATTEMPTS] - one.total[:, FAILED]).astype(np.float64) for one in lines), zero),
            sum((one.total[:, ANSWERED].astype(np.float64) for one in lines), zero),
            sum((one.expected["answered"] for one in lines), zero),
        )

    def _short_of(self, cells: Cells) -> set[str]:
        """Agents with short calls enough to be looked at."""
        short: dict[str, int] = {}
        for number, of_bin in cells.items():
            for (_, _, _, agent), cell in of_bin.items():
                if agent and number <= self.last and cell.counts[SHORT]:
                    short[agent] = short.get(agent, 0) + cell.counts[SHORT]
        least = self.floor.outages.short_calls.agent_answered
        return {agent for agent, count in short.items() if count >= least}

    def _watch(self, watch: Watch, look: Callable[[int], Signal | None], bins: Iterable[int] | None = None) -> None:
        self.watches.append(watch)
        for number in range(self.first, self.last + 1) if bins is None else bins:
            watch.look(number, look(number))

    def lines(self) -> list[Finding]:
        family = sum(path[0] == "line" for path in self.shared)
        for path in self.shared:
            if path[0] != "line":
                continue
            own = self.series[path]
            leave = self.floor.outages.no_progress.leave_bins
            self._watch(
                Watch("no_progress", path, enter=TWICE, leave=(leave, leave)),
                lambda n, p=path, o=own: no_progress.signal(p, o, n, self.by),  # type: ignore[misc]
            )
            self._watch(
                Watch("short_calls", path, enter=TWICE),
                lambda n, p=path, o=own: short_calls.signal(p, o, self.cells, n, self.by, family),  # type: ignore[misc]
            )
        return []

    def answers(self) -> list[Finding]:
        """All shared paths bin by bin: of those that fire together the surest explains its traffic away from the others."""
        watches = {path: Watch("answer_rate", path, enter=TWICE) for path in self.shared}
        self.watches += watches.values()
        for number in range(self.first, self.last + 1):
            seen = {
                path: signal
                for path in self.shared
                if (
                    signal := answer_rate.signal(
                        path, self.series[path], self.totals, number, self.by, len(self.shared)
                    )
                )
                is not None
            }
            bad = [path for path, signal in seen.items() if signal.bad]
            open_ = [path for path, watch in watches.items() if watch.open is not None]
            stand, same = self._explained(bad, open_, seen, number)
            for path, signal in seen.items():
                if signal.bad and path not in stand and path not in open_:
                    continue
                watches[path].look(number, signal)
                if (found := watches[path].open) is not None and found.fired_at == paths.ends(number):
                    found.same_traffic = same.get(path, ())
        return []

    def _explained(
        self, bad: list[Path], open_: list[Path], seen: Mapping[Path, Signal], number: int
    ) -> tuple[set[Path], dict[Path, tuple[Path, ...]]]:
        """Those of *bad* that stand on traffic of their own; and which others share all of it."""
        if len(bad) < 2 and not (bad and open_):
            return set(bad), {}
        rank = {"did": 0, "campaign": 1, "line": 2}
        order = sorted(bad, key=lambda p: (p not in open_, seen[p].evidence["p_value"], rank[p[0]], p))
        stand: list[Path] = [path for path in open_ if path not in bad]
        same: dict[Path, tuple[Path, ...]] = {}
        bins = self.floor.outages.answer_rate.bins[1]
        for path in order:
            n, k = self._without(path, stand, number, bins)
            base = seen[path].evidence["base"]
            if path in open_ or not stand or self._bad_alone(path, n, k, base):
                stand.append(path)
            elif n == 0:
                for before in stand:
                    if self._without(before, [path], number, bins)[0] == 0:
                        same[before] = (*same.get(before, ()), path)
        return set(stand), same

    def _bad_alone(self, path: Path, n: int, k: int, base: float) -> bool:
        """Whether traffic that *path* shares with no other found is bad by the same limits."""
        limits = self.floor.outages.answer_rate
        return (
            2 * n >= limits.min_attempts
            and k < limits.below * n * base
            and answer_rate.tail(k, n, base, self.by.spread_of(path[0])) < limits.p
        )

    def _without(self, path: Path, others: Sequence[Path], number: int, bins: int) -> tuple[int, int]:
        """(attempts that got through, answered) of *path* in the window, but for the traffic it shares with *others*."""
        n = k = 0
        for one in range(number - bins + 1, number + 1):
            for on, (through, answered) in self._by_route(one).items():
                if path in on and not any(other in on for other in others):
                    n += through
                    k += answered
        return n, k

    def _by_route(self, number: int) -> dict[tuple[Path, ...], list[int]]:
        """Shared paths of the calls of a bin → [attempts that got through, answered]; whoever dialled."""
        found = self._routes.get(number)
        if found is None:
            found = self._routes[number] = {}
            for (line, did, campaign, _), cell in self.cells.get(number, {}).items():
                own = found.setdefault(tuple(paths.paths_of(line, did, campaign)), [0, 0])
                own[0] += cell.counts[ATTEMPTS] - cell.counts[FAILED]
                own[1] += cell.counts[ANSWERED]
        return found

    def workplaces(self) -> list[Finding]:
        main: dict[str, dict[str, int]] = {}
        for number, of_bin in self.cells.items():
            for (line, _, _, agent), cell in of_bin.items():
                if agent and number <= self.last and ("agent", agent) in self.series:
                    used = main.setdefault(agent, {})
                    used[line] = used.get(line, 0) + cell.counts[ATTEMPTS]
        for path, own in self.series.items():
            if path[0] != "agent":
                continue
            line = min(main[path[1]], key=lambda name, p=path: (-main[p[1]][name], name))  # type: ignore[misc]
            on = self.series[("line", line)]
            if not workplace_audio.possible(path, own, line, self.hours, self.by):
                continue
            self._watch(
                Watch("workplace_audio", path),
                lambda n, p=path, o=own, s=on, x=line: workplace_audio.signal(p, o, s, x, n, self.by),  # type: ignore[misc]
                (np.flatnonzero(np.diff(own.total[:, ANSWERED])) + self.first).tolist(),
            )
        return []

    def efficiency(self) -> list[Finding]:
        limits = self.floor.outages.efficiency
        profile = usual(self.by, tuple(place for place, _ in EFFICIENCY))
        if profile.days < limits.min_days:
            return []
        plan, team_of = Scheduled(self.floor, self.day), {agent.id: agent.team for agent in self.floor.agents}
        done = self._by_team(team_of, limits.bins)
        teams = [team.id for team in self.floor.teams]
        watched: list[tuple[Path, list[str]]] = [(FLOOR, teams)]
        if len(teams) > 1:
            watched += [(("team", team), [team]) for team in teams]
        for path, of in watched:
            watches = {step: Watch("efficiency_drop", path, enter=TWICE) for _, step in EFFICIENCY}
            self.watches += watches.values()
            for number in range(self.first, self.last + 1):
                if (number + 1) % limits.bins == 0:
                    for place, step in EFFICIENCY:
                        if any(watch.open for other, watch in watches.items() if other != step):
                            continue  # one drop of a team is one issue
                        watches[step].look(number, self._half_hour(path, of, place, step, number, plan, profile, done))
        return []

    def _by_team(self, team_of: Mapping[str, str], bins: int) -> dict[tuple[str, int], list[int]]:
        found: dict[tuple[str, int], list[int]] = {}
        for number, of_bin in self.cells.items():
            for (_, _, _, agent), cell in of_bin.items():
                if agent and agent in team_of:
                    paths.add(found.setdefault((team_of[agent], number // bins), paths.empty()), cell.counts)
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
        counted = sum(done.get((team, number // bins), paths.empty())[place] for team in teams)
        return efficiency_drop.signal(path, step, counted, due, number, profile.spread, self.by)

    def issue(self, one: Finding, stand: Sequence[Finding], now: datetime) -> Issue:
        attributed = attribution.of_window(
            one, stand, {path for path in self.shared if path[0] == "line"}, self._fine()
        )
        last = paths.bin_of(one.fired_at)
        one.evidence["calls"] = self._samples(one, last)
        if one.detector == "answer_rate":
            one.evidence["teams"] = self._teams(one.path, last)
        one.evidence["rules_out"] = list(attributed.rules_out)
        return Issue(one, attributed, attribution.kind_of_window(one, attributed), self._affected(one, attributed, now))

    def _samples(self, one: Finding, last: int) -> list[str]:
        """Calls to open: those that show the fault, the newest first; of marks and drops, talks that brought nothing."""
        if one.detector in ("short_calls", "workplace_audio"):
            return samples(self.cells, one.path, range(last, last - 12, -1), _short)
        if one.detector not in ("crm_silence", "efficiency_drop"):
            return samples(self.cells, one.path, range(last, last - 12, -1), _missed)
        people = self._people(one)
        return samples(self.cells, ("of", ""), range(last, last - 12, -1), _talked, of=people.__contains__)

    def _people(self, one: Finding) -> frozenset[str]:
        if one.detector == "crm_silence":
            return feeds.fed(self.floor)[one.evidence["source"], one.evidence["feed"]]
        kind, name = one.path
        return frozenset(agent.id for agent in self.floor.agents if kind == "floor" or agent.team == name)

    def _teams(self, path: Path, last: int) -> list[str]:
        """Teams of whose attempts in the hour before at least ``teams_share`` were on *path*."""
        team_of = {agent.id: agent.team for agent in self.floor.agents}
        on: dict[str, int] = {}
        total: dict[str, int] = {}
        for number in range(last - 11, last + 1):
            for (line, did, campaign, agent), cell in self.cells.get(number, {}).items():
                if (team := team_of.get(agent or "")) is not None:
                    total[team] = total.get(team, 0) + cell.counts[ATTEMPTS]
                    if path in paths.paths_of(line, did, campaign):
                        on[team] = on.get(team, 0) + cell.counts[ATTEMPTS]
        share = self.floor.outages.answer_rate.teams_share
        return sorted(team for team, count in on.items() if count >= share * total[team] > 0)

    def _fine(self) -> Callable[[Finding], bool]:
        """Whether the floor's answers were as usual in a finding's time."""

        def fine(one: Finding) -> bool:
            a = max(0, paths.bin_of(one.since) + 1 - self.first)
            b = max(a, paths.bin_of(one.fired_at) + 1 - self.first)
            due = float(self.totals.expected[b] - self.totals.expected[a])
            return (
                due <= 0 or float(self.totals.answered[b] - self.totals.answered[a]) >= attribution.ANSWERS_FINE * due
            )

        return fine

    def _affected(self, one: Finding, attributed: Attributed, now: datetime) -> frozenset[str]:
        """Whose time is technical (ADR 0027)."""
        if attributed.verdict == "workplace":
            return frozenset({one.path[1]})
        if attributed.verdict not in ("line", "floor") or one.path[0] != "line":
            return frozenset()
        used: list[tuple[str, str]] = []
        for number in range(paths.bin_of(one.since) + 1, paths.bin_of(one.until(now)) + 1):
            for (line, _, _, agent), cell in self.cells.get(number, {}).items():
                if agent:
                    used += [(agent, line)] * cell.counts[ATTEMPTS]
        found = attribution.mostly_on(one.path[1], used)
        if attributed.verdict == "floor":
            found |= {agent.id for agent in self.floor.agents} - {agent for agent, _ in used}
        return found


def _missed(cell: paths.Cell) -> list[str]:
    return cell.missed


def _short(cell: paths.Cell) -> list[str]:
    return cell.short


def _talked(cell: paths.Cell) -> list[str]:
    return cell.talked or cell.missed
