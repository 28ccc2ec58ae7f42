"""Judges every agent × step at a cut-off: expected, index, probability, common cause, level (DOMAIN §6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from schemas.floor.judgement import Judgement
from schemas.steps import STEPS, Level, Step
from services.rules.deviation import EXACT, Multiplier, multiplier, of_agent


class Due(msgspec.Struct, frozen=True, gc=False):
    """One agent × step at a cut-off, before it is judged. ``expected`` is Λ since local midnight, ``expected_in_slice`` since
    the cut-off before; None without a norm. ``technical_share``: of the minutes scheduled since local midnight."""

    agent: str
    team: str
    step: Step
    done: int
    in_slice: int
    expected: float | None
    exposed: bool
    trusted: bool
    expected_in_slice: float | None = None
    technical_share: float = 0.0


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A Due with its verdict. ``index`` and ``p_below`` against the unscaled target; ``p_soft`` and ``p_hard`` after the
    common cause; ``scale`` is E[M of the rest of the team], 1 without a common cause at this step or before it."""

    due: Due
    index: float | None
    p_below: float | None
    p_soft: float
    p_hard: float
    scale: float
    level: Level

    @property
    def key(self) -> tuple[str, Step]:
        return self.due.agent, self.due.step


@dataclass(frozen=True, slots=True)
class CommonCause:
    """The team's own multiplier on one step."""

    team: str
    step: Step
    done: int
    expected: float
    agents: int
    posterior: Multiplier
    p_below: float
    found: bool


def judge(dues: Sequence[Due], deviating: frozenset[tuple[str, Step]], by: Judgement) -> list[Judged]:
    """Level of every Due, in the order given.

    Args:
        deviating: (agent, step) that were soft or hard earlier today and have not left since.
    """
    causes = {(cause.team, cause.step): cause for cause in common_causes(dues, by)}
    behind = _behind(causes.values())
    many = _judged_steps(dues, by)
    judged = []
    for one in dues:
        cause = causes.get((one.team, one.step)) if (one.team, one.step) in behind else None
        judged.append(_judge_one(one, cause, many.get(one.agent, 0) > 1, deviating, by))
    return _hold_to_fdr(judged, by)


def common_causes(dues: Iterable[Due], by: Judgement) -> list[CommonCause]:
    """The team's multiplier on every step that at least ``team.min_agents`` exposed agents are judged on."""
    groups: dict[tuple[str, Step], list[Due]] = {}
    for one in dues:
        if one.exposed and one.trusted and one.expected:
            groups.setdefault((one.team, one.step), []).append(one)
    return [_cause(team, step, group, by) for (team, step), group in groups.items() if len(group) >= by.team.min_agents]


def _cause(team: str, step: Step, group: list[Due], by: Judgement) -> CommonCause:
    done = sum(one.done for one in group)
    expected = sum(one.expected or 0.0 for one in group)
    posterior = multiplier(done, expected, cv=by.team.prior_cv, overdispersion=by.of(team, step).overdispersion)
    p = posterior.p_below(by.soft.below)
    found = p >= by.team.probability and expected >= by.min_expected - EXACT
    return CommonCause(team, step, done, expected, len(group), posterior, p, found)


def _behind(causes: Iterable[CommonCause]) -> set[tuple[str, Step]]:
    """(team, step) judged against the team: where a common cause was found, and every later step. Whom fewer answer than
    usual has fewer long calls too, and a later step, having fewer results, tells so more weakly (ADR 0048)."""
    first: dict[str, int] = {}
    for one in causes:
        if one.found:
            first[one.team] = min(STEPS.index(one.step), first.get(one.team, len(STEPS)))
    return {(team, step) for team, begins in first.items() for step in STEPS[begins:]}


def _judged_steps(dues: Iterable[Due], by: Judgement) -> dict[str, int]:
    count: dict[str, int] = {}
    for one in dues:
        if _judgeable(one, by):
            count[one.agent] = count.get(one.agent, 0) + 1
    return count


def _judgeable(one: Due, by: Judgement) -> bool:
    return one.trusted and one.expected is not None and one.expected >= by.min_expected - EXACT


def _judge_one(
    one: Due, cause: CommonCause | None, many: bool, deviating: frozenset[tuple[str, Step]], by: Judgement
) -> Judged:
    if one.expected is None:
        return Judged(one, None, None, 0.0, 0.0, 1.0, "not_enough_data")
    prior = by.of(one.team, one.step)
    own = of_agent(one.done, one.expected, prior)
    p_below = own.p_below(by.soft.below)
    scale = _of_the_others(one, cause, by)
    p_soft, against = p_below, own
    if scale != 1.0:
        # Against their own team, people lie around 1 whatever the team's mean.
        against = of_agent(one.done, one.expected * scale, prior._replace(mean=1.0))
        p_soft = against.p_below(by.soft.below)
    p_hard = against.p_below(by.hard.below)
    level: Level = "not_enough_data"
    if _judgeable(one, by):
        shortfall = one.expected * scale - one.done
        level = _level(p_soft, p_hard, shortfall, many, (one.agent, one.step) in deviating, by)
    return Judged(one, own.mean, p_below, p_soft, p_hard, scale, level)


def _of_the_others(one: Due, cause: CommonCause | None, by: Judgement) -> float:
    """E[M_T] of the team without this agent, when the team as a whole is below here or at an earlier step; else 1."""
    if cause is None or not one.exposed or not one.expected:
        return 1.0
    rest = multiplier(
        cause.done - one.done,
        cause.expected - one.expected,
        cv=by.team.prior_cv,
        overdispersion=by.of(one.team, one.step).overdispersion,
    )
    return rest.mean if cause.found else min(1.0, rest.mean)


def _level(p_soft: float, p_hard: float, shortfall: float, many: bool, deviating: bool, by: Judgement) -> Level:
    enough = shortfall >= by.soft.min_shortfall - EXACT
    if enough and p_hard >= by.hard.probability:
        return "hard"
    if enough and p_soft >= (by.soft.probability_many if many else by.soft.probability):
        return "soft"
    if deviating and p_soft >= by.leave_probability:
        return "watch"
    return "ok"


def _hold_to_fdr(judged: list[Judged], by: Judgement) -> list[Judged]:
    """Take hard signals in order of certainty while the mean of 1 − P stays within the limit; the others are soft."""
    if by.fdr is None:
        return judged
    hard = sorted(
        (one for one in judged if one.level == "hard"),
        key=lambda one: (-one.p_hard, one.due.team, one.due.agent, STEPS.index(one.due.step)),
    )
    refused: set[tuple[str, Step]] = set()
    doubt = 0.0
    for taken, one in enumerate(hard, start=1):
        doubt += 1 - one.p_hard
        if doubt / taken > by.fdr.hard + EXACT:
            refused.update(rest.key for rest in hard[taken - 1 :])
            break
    return [msgspec.structs.replace(one, level="soft") if one.key in refused else one for one in judged]


def still_deviating(
    before: frozenset[tuple[str, Step]], levels: Mapping[tuple[str, Step], Level]
) -> frozenset[tuple[str, Step]]:
    """(agent, step) that entered and have not left: soft, hard and watch stay in, ok leaves, no data changes nothing."""
    kept = {key for key in before if levels.get(key, "not_enough_data") != "ok"}
    return frozenset(kept | {key for key, level in levels.items() if level in ("soft", "hard", "watch")})
