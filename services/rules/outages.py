"""All detectors over windows, together: what fires, what inhibits what, and whose problem it is (DOMAIN §8; ADR 0026).

Live, at the close of a slice and in a back-test the same call, from the same cells: ``watching`` runs the detectors,
``explaining`` finds of answers that fall together the surest, ``inhibition`` what explains what.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.floor import Floor
from schemas.steps import AlertKind
from services.rules import attribution, paths
from services.rules.attribution import Attributed
from services.rules.baselines import Baselines, Feed
from services.rules.day import WorkingDay
from services.rules.detectors.source_silence import Silence
from services.rules.detectors.windowed import Finding
from services.rules.feeds import Marks
from services.rules.inhibition import Other, left
from services.rules.lost_answers import lost_answers
from services.rules.paths import ATTEMPTS, Cells, Path, last_bin
from services.rules.series import samples
from services.rules.spans import Spans, at, union
from services.rules.watching import Watched, watched


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
    seen = watched(floor, day, cells, marks, by, (min(own), last), now)
    others = [Other("line", line, since, end or now, verdict) for line, since, end, verdict in failing]
    others += [
        Other("source", one.source, one.since, one.resolved_at or now, attribution.of_silence(floor, day, one).verdict)
        for one in silent
    ]
    stand = left(floor, cells, seen.findings, others, now)
    return _with_losses([_issue(floor, cells, seen, one, stand, now) for one in stand], floor, cells, by)


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
        span = at(one.finding.since), at(one.finding.until(now))
        for agent in one.agents:
            raw.setdefault(agent, []).append(span)
    return {agent: union(own) for agent, own in raw.items()}


def _issue(floor: Floor, cells: Cells, seen: Watched, one: Finding, stand: Sequence[Finding], now: datetime) -> Issue:
    attributed = attribution.of_window(one, stand, seen.lines, seen.fine)
    last = paths.bin_of(one.fired_at)
    one.evidence["calls"] = _samples(floor, cells, seen.fed, one, last)
    if one.detector in ("answer_rate", "bad_numbers"):
        one.evidence["teams"] = _teams(floor, cells, one.path, last)
    one.evidence["rules_out"] = list(attributed.rules_out)
    if one.resolved_at is not None:
        one.evidence["until"] = one.until(one.resolved_at).astimezone(UTC).isoformat()
    kind = attribution.kind_of_window(one, attributed)
    return Issue(one, attributed, kind, _affected(floor, cells, one, attributed, stand, now))


def _samples(floor: Floor, cells: Cells, fed: Mapping[Feed, frozenset[str]], one: Finding, last: int) -> list[str]:
    """Calls to open: those that show the fault, the newest first; of marks and drops, talks that brought nothing."""
    if one.detector in ("short_calls", "workplace_audio"):
        return samples(cells, one.path, range(last, last - 12, -1), _short)
    if one.detector == "bad_numbers":
        return samples(cells, one.path, range(last, last - 12, -1), _bad)
    if one.detector not in ("crm_silence", "efficiency_drop"):
        return samples(cells, one.path, range(last, last - 12, -1), _missed)
    people = _people(floor, fed, one)
    return samples(cells, ("of", ""), range(last, last - 12, -1), _talked, of=people.__contains__)


def _people(floor: Floor, fed: Mapping[Feed, frozenset[str]], one: Finding) -> frozenset[str]:
    if one.detector == "crm_silence":
        return fed[one.evidence["source"], one.evidence["feed"]]
    kind, name = one.path
    return frozenset(agent.id for agent in floor.agents if kind == "floor" or agent.team == name)


def _teams(floor: Floor, cells: Cells, path: Path, last: int) -> list[str]:
    """Teams of whose attempts in the hour before at least ``teams_share`` were on *path*."""
    on: dict[str, int] = {}
    total: dict[str, int] = {}
    for number in range(last - 11, last + 1):
        for (line, did, campaign, agent), cell in cells.get(number, {}).items():
            if agent and (known := floor.agent_by_id.get(agent)) is not None:
                total[known.team] = total.get(known.team, 0) + cell.counts[ATTEMPTS]
                if path in paths.paths_of(line, did, campaign):
                    on[known.team] = on.get(known.team, 0) + cell.counts[ATTEMPTS]
    share = floor.outages.answer_rate.teams_share
    return sorted(team for team, count in on.items() if count >= share * total[team] > 0)


def _affected(
    floor: Floor, cells: Cells, one: Finding, attributed: Attributed, stand: Sequence[Finding], now: datetime
) -> frozenset[str]:
    """Whose time is technical: with half of their attempts on lines of the same fault (ADR 0027, ADR 0042)."""
    if attributed.verdict == "workplace":
        return frozenset({one.path[1]})
    if attributed.verdict not in ("line", "floor") or one.path[0] != "line":
        return frozenset()
    lines = {path[1] for path in attribution.same_fault(one, stand)}
    total: dict[str, int] = {}
    on: dict[str, int] = {}
    users: set[str] = set()
    for number in range(paths.bin_of(one.since) + 1, paths.bin_of(one.until(now)) + 1):
        if number not in cells:
            continue
        digest = cells[number].digest
        for agent, used in digest.used.items():
            total[agent] = total.get(agent, 0) + digest.agents[agent][ATTEMPTS]
            on[agent] = on.get(agent, 0) + sum(count for line, count in used.items() if line in lines)
            if used.get(one.path[1]):
                users.add(agent)
    found = frozenset(agent for agent, count in on.items() if 2 * count >= total[agent])
    if attributed.verdict == "floor":
        return found | ({agent.id for agent in floor.agents} - set(total))
    return found & users


def _missed(cell: paths.Cell) -> list[str]:
    return cell.missed


def _bad(cell: paths.Cell) -> list[str]:
    return cell.bad


def _short(cell: paths.Cell) -> list[str]:
    return cell.short


def _talked(cell: paths.Cell) -> list[str]:
    return cell.talked or cell.missed
