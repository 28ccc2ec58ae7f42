"""What to hear next, and why. The same for everybody: calls are drawn by a hash of the floor's seed and the call, from the
days (``Listening.days``) before the date, which stand still while it lasts.

Whether a call is drawn at random depends on nothing that is in it, so the random calls are a fair base of a score.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from schemas.floor.quality import Listening
from schemas.steps import Step

Sample = Literal["random", "targeted", "reference"]
Why = Literal["random", "rung", "aborted", "no_presentation", "reference"]


@dataclass(frozen=True, slots=True)
class Heard:
    """A call that somebody may hear. ``presented``: a presentation is known of it; *long*: by the team's measure."""

    call: str
    agent: str
    ended_at: datetime
    talk_s: float
    long: bool
    presented: bool


@dataclass(frozen=True, slots=True)
class Pick:
    """``why``: the reason's word; ``rung``: the agent's first broken rung when that is why; ``people``: who should mark it."""

    call: Heard
    sample: Sample
    why: Why
    rung: Step | None = None
    people: int = 1


def chance(seed: int, *parts: str) -> float:
    """A number in [0, 1) that is always the same for the same parts."""
    digest = sha256("\0".join((str(seed), *parts)).encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def sizes(rule: Listening) -> dict[Sample, int]:
    """Calls of each kind per agent, by largest remainder; at random at least one."""
    wanted: dict[Sample, float] = {
        "random": rule.random * rule.per_agent_week,
        "targeted": rule.targeted * rule.per_agent_week,
        "reference": rule.reference * rule.per_agent_week,
    }
    given = {kind: int(value + 1e-9) for kind, value in wanted.items()}
    rest = sorted(wanted, key=lambda kind: (given[kind] - wanted[kind], list(wanted).index(kind)))
    for kind in rest[: rule.per_agent_week - sum(given.values())]:
        given[kind] += 1
    return given


def queue(
    rule: Listening,
    calls: Sequence[Heard],
    teams: Mapping[str, str],
    rungs: Mapping[str, Step],
    best: Mapping[str, Sequence[str]],
) -> list[Pick]:
    """The calls to hear, in order.

    Args:
        calls: answered calls of those days.
        teams: agent → team, of everybody who is listened to.
        rungs: agent → first broken rung, of those who have one.
        best: team → its best agents, best first.
    """
    size = sizes(rule)
    by_agent: dict[str, list[Heard]] = {agent: [] for agent in teams}
    for call in calls:
        if call.agent in by_agent:
            by_agent[call.agent].append(call)
    picks: list[Pick] = []
    for agent, own in by_agent.items():
        drawn = list(_random(rule, own, size["random"]))
        taken = {pick.call.call for pick in drawn}
        picks += drawn
        left = [call for call in own if call.call not in taken]
        picks += list(_targeted(rule, left, rungs.get(agent)))[: size["targeted"]]
    taken = {pick.call.call for pick in picks}
    for team in sorted(set(teams.values())):
        people = sum(one == team for one in teams.values())
        pool = [call for agent in best.get(team, ()) for call in by_agent.get(agent, ()) if call.call not in taken]
        picks += _reference(rule, pool, size["reference"] * people)
    return sorted(picks, key=lambda pick: chance(rule.seed, "order", pick.call.call))


def _random(rule: Listening, own: Sequence[Heard], size: int) -> Iterator[Pick]:
    whole = [call for call in own if call.talk_s >= rule.min_talk_s]
    for call in sorted(whole, key=lambda call: chance(rule.seed, "random", call.call))[:size]:
        twice = chance(rule.seed, "twice", call.call) < rule.double_share
        yield Pick(call, "random", "random", people=2 if twice else 1)


def _targeted(rule: Listening, own: Sequence[Heard], rung: Step | None) -> Iterator[Pick]:
    """One of each reason in turn, so that no reason crowds out the others."""
    kinds: list[list[Pick]] = [
        [Pick(call, "targeted", "rung", rung) for call in own if rung and _shows(call, rung, rule)],
        [Pick(call, "targeted", "no_presentation") for call in own if call.long and not call.presented],
        [Pick(call, "targeted", "aborted") for call in own if call.talk_s < rule.aborted_s],
    ]
    for picks in kinds:
        picks.sort(key=lambda pick: chance(rule.seed, "targeted", pick.call.call))
    taken: set[str] = set()
    for turn in range(max(map(len, kinds), default=0)):
        for picks in kinds:
            if turn < len(picks) and picks[turn].call.call not in taken:
                taken.add(picks[turn].call.call)
                yield picks[turn]


def _shows(call: Heard, rung: Step, rule: Listening) -> bool:
    """Whether the call may show why this rung is broken; dials and answers are not heard in calls."""
    if rung == "long_calls":
        return not call.long and call.talk_s >= rule.aborted_s
    if rung == "presentations":
        return call.long and not call.presented
    return rung in ("invoices", "payments") and call.presented


def _reference(rule: Listening, pool: Sequence[Heard], size: int) -> list[Pick]:
    whole = [call for call in pool if call.long and call.presented] or [call for call in pool if call.long]
    drawn = sorted(whole, key=lambda call: chance(rule.seed, "reference", call.call))
    return [Pick(call, "reference", "reference") for call in drawn[:size]]


def best_of(results: Mapping[str, tuple[int, float]], share: float) -> list[str]:
    """The best agents of a team: (presentations, talk hours) of each; those without a presentation are not among them.

    Args:
        share: of the team, at least one of them.
    """
    able = [agent for agent, (count, hours) in results.items() if count and hours > 0]
    ranked = sorted(able, key=lambda agent: (-results[agent][0], results[agent][1], agent))
    return ranked[: max(1, round(len(results) * share))]
