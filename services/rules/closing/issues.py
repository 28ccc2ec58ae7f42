"""Team issues: one common cause instead of many personal ones, and a drop of a whole team within the day (DOMAIN §6)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from schemas.floor import Floor
from schemas.floor.learned import Prior
from schemas.steps import STEPS, Step
from services.rules.attribution import Attributed, of_team, of_team_drop
from services.rules.closing.evidence import Doubts, TeamIssue
from services.rules.day import WorkingDay
from services.rules.drop import Part, drop
from services.rules.judging import CommonCause, Due
from services.rules.memory import Memory

CALLS_TOLD: Final = ("calls", "deals", "calls_of", "no_calls")
"""What an issue says of calls: those that show it, or why there are none."""


def issues(
    floor: Floor, dues: Sequence[Due], causes: Sequence[CommonCause], memory: Memory, doubts: Doubts
) -> list[TeamIssue]:
    """State of every team: firing from P ≥ 0.9 on any step until every step is under the leaving limit.

    A team whose data are in doubt keeps its state: absence of data is not "resolved". A team that is below its norm as a
    whole is not told of a drop besides.
    """
    found = []
    by_team: dict[str, list[Due]] = {team.id: [] for team in floor.teams}
    for one in dues:
        by_team[one.team].append(one)
    for team in floor.teams:
        own = [cause for cause in causes if cause.team == team.id]
        firing = team.id in memory.firing
        entered = any(cause.found for cause in own)
        stays = firing and (
            any(cause.p_below >= floor.judgement.leave_probability for cause in own)
            or any(doubts[team.id][step] for step in STEPS)
        )
        drops = [] if entered or stays else _drops(floor, by_team[team.id])
        evidence = {"steps": [_cause(cause) for cause in own if cause.found], **({"drops": drops} if drops else {})}
        found.append(TeamIssue(team.id, entered or stays, evidence, bool(drops)))
    return found


def evidence_of(
    detector: str, team: str, seen: Mapping[str, Any], day: WorkingDay, cut: tuple[str, datetime]
) -> tuple[Attributed, dict[str, Any]]:
    """Verdict and evidence of a team's alert, from its issue at the slice (*cut*: name, instant) at which it fired.

    Its calls were named at the close (rules.showing); of a team below its norm the window is the day, of a drop the slice.
    """
    name, at = cut
    attributed = of_team(team, seen.get("steps", ())) if detector == "team" else of_team_drop(team)
    own = dict(seen) if detector == "team" else {key: seen[key] for key in ("drops", *CALLS_TOLD) if key in seen}
    sure = [1 - one["p_below"] for one in own.get("steps", ())] + [1 - one["p_drop"] for one in own.get("drops", ())]
    return attributed, {
        "calls": [],
        **({} if "calls" in own else {"no_calls": "not_named"}),
        **own,
        "slice": name,
        "p_value": round(min(sure, default=1.0), 6),
        "window_from": (day.starts if detector == "team" else day.previous(name)).astimezone(UTC).isoformat(),
        "window_until": at.astimezone(UTC).isoformat(),
        "rules_out": list(attributed.rules_out),
    }


def _drops(floor: Floor, dues: Sequence[Due]) -> list[dict[str, Any]]:
    """Steps on which the team does surely less in this slice than before it today.

    Dials on a dead line are quick and many, in time that is nobody's: whose time was technical is not compared.
    """
    found = []
    for step in STEPS:
        own = [one for one in dues if one.step == step and one.exposed and one.trusted and one.expected]
        own = [one for one in own if one.technical_share < floor.judgement.drop.technical_share]
        told = _drop(floor, step, own) if len(own) >= floor.judgement.team.min_agents else None
        if told:
            found.append(told)
    return found


def _drop(floor: Floor, step: Step, own: Sequence[Due]) -> dict[str, Any] | None:
    now = Part(sum(one.in_slice for one in own), sum(one.expected_in_slice or 0.0 for one in own))
    whole = Part(sum(one.done for one in own), sum(one.expected or 0.0 for one in own))
    before = Part(whole.done - now.done, whole.expected - now.expected)
    by = floor.judgement
    one = drop(before, now, by, Prior(by.team.prior_cv, by.of(own[0].team, step).overdispersion))
    if one is None:
        return None
    return {
        "step": step,
        "done": now.done,
        "target": round(now.expected, 6),
        "before_done": before.done,
        "before_target": round(before.expected, 6),
        "p_drop": round(one.probability, 6),
        "agents": len(own),
    }


def _cause(cause: CommonCause) -> dict[str, Any]:
    return {
        "step": cause.step,
        "done": cause.done,
        "target": round(cause.expected, 6),
        "index": round(cause.posterior.mean, 6),
        "p_below": round(cause.p_below, 6),
        "agents": cause.agents,
    }
