"""Whose problem a fault is (DOMAIN §8, the table of patterns). ``undetermined`` is a legal answer, said aloud."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.floor import Floor
from schemas.steps import AlertKind, Verdict
from services.rules.day import WorkingDay
from services.rules.detectors.line_failure import Finding
from services.rules.detectors.source_silence import Silence
from services.rules.detectors.windowed import Finding as WindowFinding
from services.rules.paths import Path
from services.rules.plans import plans
from services.rules.spans import at

OTHERS_FINE = 3
"""So many clean attempts of colleagues on the same line clear the line of one agent's failures."""

DEAF = 0.8
"""From this share of short calls on it is the audio of a workplace; below, it may be how the agent talks."""

ANSWERS_FINE = 0.85
"""From this share of what is usual on, answers are as they should be."""

WHOLE = "floor:floor"
"""Scope of what concerns everybody."""

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
        return Attributed("floor", WHOLE, ("people",))
    return Attributed("line", f"line:{line}", ("people", "other_lines") if others else ("people",))


def of_silence(floor: Floor, day: WorkingDay, found: Silence, others: Sequence[Silence] = ()) -> Attributed:
    """Verdict on a silent source: the floor's, when it carries the calls of at least half of those at work; else nobody
    can tell whether the source or its webhooks fell silent. A CRM that fell silent while calls went on is the CRM's.

    Args:
        others: silences of the day, of any source.
    """
    known = plans(floor, day)
    feeders = known.feeders
    if found.source not in feeders.call_sources():
        quiet = {one.source for one in others if one.since <= found.fired_at and _lasts(one, found.since)}
        feeds = floor.source_by_id[found.source].feeds
        if {"presentations", "invoices"} & set(feeds) and set(feeders.call_sources()) - quiet:
            return Attributed("offer_or_crm", f"source:{found.source}", ("telephony", "people"))
        return Attributed("undetermined", f"source:{found.source}")
    moment = at(found.fired_at)
    own = (found.source,)
    working = mine = 0
    for (sources, spans), people in known.at_work.items():
        if any(start < moment <= end for start, end in spans):
            working += people if sources else 0
            mine += people if sources == own else 0
    if working >= FLOOR_AGENTS and 2 * mine >= working:
        return Attributed("floor", f"source:{found.source}", ("people",))
    return Attributed("undetermined", f"source:{found.source}")


def _lasts(one: Silence, since: datetime) -> bool:
    return one.resolved_at is None or one.resolved_at > since


def kind_of(verdict: Verdict) -> AlertKind:
    """Kind of a silence: an outage when the floor cannot work, else a fault of the data."""
    return "outage" if verdict == "floor" else "data"


def of_window(
    one: WindowFinding,
    stand: Sequence[WindowFinding],
    lines: Collection[Path],
    answers_fine: Callable[[WindowFinding], bool],
) -> Attributed:
    """Verdict on a finding over windows.

    Args:
        stand: all findings that nothing explains. lines: lines with traffic that day.
        answers_fine: whether the whole floor was answered as usual in a finding's time.
    """
    scope = f"{one.path[0]}:{one.path[1]}"
    match one.detector:
        case "no_progress" | "short_calls":
            together = same_fault(one, stand)
            if len(lines) > 1 and together >= set(lines):
                return Attributed("floor", WHOLE, ("people",))
            return Attributed("line", scope, ("people", "other_lines") if len(lines) > 1 else ("people",))
        case "bad_numbers":
            if "line" in one.evidence:
                return Attributed("undetermined", scope, ("people",))
            return Attributed("list", scope, ("people", "line", "number"))
        case "answer_rate":
            if one.same_traffic:
                return Attributed("undetermined", scope, ("people",))
            if one.path[0] == "did":
                return Attributed("number", scope, ("people", "line", "list"))
            if one.path[0] == "campaign":
                return Attributed("list", scope, ("people", "line", "number"))
            return Attributed("line", scope, ("people",))
        case "workplace_audio":
            if one.evidence["short"] >= DEAF * one.evidence["answered"]:
                return Attributed("workplace", scope, ("line", "list"))
            return Attributed("agent", scope, ("line", "list", "workplace"))
        case "crm_silence":
            return Attributed("offer_or_crm", f"source:{one.evidence['source']}", ("telephony", "people"))
        case "efficiency_drop":
            if one.evidence["step"] != "calls" and answers_fine(one):
                return Attributed("offer_or_crm", scope, ("single_agents", "telephony", "number", "list"))
            return Attributed("undetermined", scope, ("single_agents", "telephony"))


def same_fault(one: WindowFinding, stand: Sequence[WindowFinding]) -> frozenset[Path]:
    """Lines on which the same detector found the same at the same time, its own among them."""
    return frozenset(other.path for other in stand if other.detector == one.detector and _together(other, one))


def of_team(team: str, steps: Sequence[Mapping[str, Any]]) -> Attributed:
    """Verdict on a team below its norm as a whole.

    Args:
        steps: ``step`` and ``index`` of each step on which it is (rules.closing.issues). Fewer answers than the dials would
            bring are not the offer's doing: nobody can tell from the norms whose they are.
    """
    index = {str(one["step"]): float(one["index"]) for one in steps}
    if index.get("answered", 1.0) < ANSWERS_FINE * index.get("calls", 1.0):
        return Attributed("undetermined", f"team:{team}", ("single_agents",))
    return Attributed("offer_or_crm", f"team:{team}", ("single_agents", "telephony", "number", "list"))


def of_team_drop(team: str) -> Attributed:
    return Attributed("undetermined", f"team:{team}", ("single_agents",))


def _together(other: WindowFinding, one: WindowFinding) -> bool:
    """Whether both were found, and lasted, at the same time."""
    return (one.resolved_at is None or other.since <= one.resolved_at) and (
        other.resolved_at is None or other.resolved_at >= one.since
    )


def kind_of_window(one: WindowFinding, attributed: Attributed) -> AlertKind:
    if one.detector == "crm_silence":
        return "data"
    return "efficiency" if one.detector == "efficiency_drop" or attributed.verdict == "agent" else "outage"


def mostly_on(lines: Collection[str], attempts: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Agents with at least half of their attempts on *lines*, and one at least.

    Args:
        attempts: (agent, line) of every outbound attempt in the window.
    """
    total: dict[str, int] = {}
    on: dict[str, int] = {}
    for agent, used in attempts:
        total[agent] = total.get(agent, 0) + 1
        on[agent] = on.get(agent, 0) + (used in lines)
    return frozenset(agent for agent, count in on.items() if 2 * count >= total[agent] > 0 < count)
