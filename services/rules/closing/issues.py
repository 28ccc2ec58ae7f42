"""Team issues: one common cause instead of many personal ones (DOMAIN §6)."""

from collections.abc import Sequence
from typing import Any

from schemas.floor import Floor
from schemas.steps import STEPS
from services.rules.closing.evidence import Doubts, TeamIssue
from services.rules.judging import CommonCause
from services.rules.memory import Memory


def issues(floor: Floor, causes: Sequence[CommonCause], memory: Memory, doubts: Doubts) -> list[TeamIssue]:
    """State of every team: firing from P ≥ 0.9 on any step until every step is under the leaving limit.

    A team whose data are in doubt keeps its state: absence of data is not "resolved".
    """
    found = []
    for team in floor.teams:
        own = [cause for cause in causes if cause.team == team.id]
        firing = team.id in memory.firing
        entered = any(cause.found for cause in own)
        stays = firing and (
            any(cause.p_below >= floor.judgement.leave_probability for cause in own)
            or any(doubts[team.id][step] for step in STEPS)
        )
        found.append(TeamIssue(team.id, entered or stays, {"steps": [_cause(cause) for cause in own if cause.found]}))
    return found


def _cause(cause: CommonCause) -> dict[str, Any]:
    return {
        "step": cause.step,
        "done": cause.done,
        "target": round(cause.expected, 6),
        "index": round(cause.posterior.mean, 6),
        "p_below": round(cause.p_below, 6),
        "agents": cause.agents,
    }
