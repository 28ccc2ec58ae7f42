"""What a task changed: done since it was given, against what was to be expected without it (DOMAIN §7).

Whoever was low by chance comes back by themselves, so the measure is not the norm and not the day before the task, but the
agent's own shrunk index × what has become due since: with the same posterior that gave the task (deviation, forecast).

Several of them together (docs/decisions/0019-fair-effect-pooled.md): the surplus of all over the expectation of all,

    effect = Σ(done − expected) / Σ expected,   variance of Σ(done − expected) = max(Σ V, Σ_agents (Σ e)²),

V being the predictive variance of one: φ·m·Λ + Λ²·Var(M); e its surplus less the pooled share. The second term sees what the
first cannot: that the same agent is counted several times and that people differ. 80 % interval, normal; under MIN_POOLED
tasks or MIN_EXPECTED expected there is none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any, Final

from schemas.floor.learned import Prior
from schemas.steps import TaskResult
from services.rules.deviation import of_agent
from services.rules.forecast import INTERVAL, Course, end_of_day

MIN_POOLED: Final = 5
MIN_EXPECTED: Final = 10.0
Z: Final = NormalDist().inv_cdf(0.5 + INTERVAL / 2)


@dataclass(frozen=True, slots=True)
class Effect:
    """``expected`` without help; ``low`` … ``high`` holds the count without help with 80 %."""

    done: int
    expected: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Episode:
    """One task or coaching case: an agent before it and since, done and due by actual exposure.

    ``by``: what holds for the agent's team and the step.
    """

    agent: str
    done_before: int
    due_before: float
    done_since: int
    due_since: float
    by: Prior


@dataclass(frozen=True, slots=True)
class Pooled:
    """Of several episodes, as shares of what was to be expected without help: 0.12 is 12 % more.

    ``effect`` and its 80 % interval are None where there is too little to say. ``naive``: the rate since against the rate
    before, less 1, which counts the return of the unlucky as success; None where nothing was done before.
    """

    episodes: int
    agents: int
    done: int
    expected: float
    effect: float | None
    low: float | None
    high: float | None
    naive: float | None


def effect(done_before: int, due_before: float, done_since: int, due_since: float, by: Prior) -> Effect:
    """Of one task.

    Args:
        done_before, due_before: of the step at the slice that gave the task, since local midnight.
        done_since, due_since: of the step from there to its verification, due by actual exposure.
        by: what holds for the agent's team and the step.
    """
    own = of_agent(done_before, due_before, by)
    course = Course(done=done_before, expected=due_before, ahead=due_since, planned=due_since)
    without = end_of_day(course, None, cv=by.prior_cv, overdispersion=by.overdispersion, mean=by.mean)
    return Effect(done_since, own.mean * due_since, without.low - done_before, without.high - done_before)


def pooled(episodes: Iterable[Episode]) -> Pooled:
    """Of any number of tasks or cases together; see the module for the formula."""
    kept = [one for one in episodes if one.due_since > 0]
    told = [_surplus(one) for one in kept]
    expected = sum(mean for mean, _ in told)
    done = sum(one.done_since for one in kept)
    share = low = high = None
    if len(kept) >= MIN_POOLED and expected >= MIN_EXPECTED:
        share = (done - expected) / expected
        half = Z * sqrt(max(sum(spread for _, spread in told), _between(kept, told, share))) / expected
        low, high = max(-1.0, share - half), share + half
    return Pooled(len(kept), len({one.agent for one in kept}), done, expected, share, low, high, _naive(kept))


def _surplus(one: Episode) -> tuple[float, float]:
    """(expected count without help, its predictive variance)."""
    own = of_agent(one.done_before, one.due_before, one.by)
    mean = own.mean * one.due_since
    return mean, one.by.overdispersion * mean + one.due_since**2 * own.shape / own.rate**2


def _between(kept: Sequence[Episode], told: Sequence[tuple[float, float]], share: float) -> float:
    """Σ over agents of (their surplus beyond the pooled share)²: the spread that is really there."""
    by_agent: dict[str, float] = {}
    for one, (mean, _) in zip(kept, told, strict=True):
        by_agent[one.agent] = by_agent.get(one.agent, 0.0) + one.done_since - (1 + share) * mean
    n = len(by_agent)
    return sum(value**2 for value in by_agent.values()) * n / (n - 1) if n > 1 else 0.0


def _naive(kept: Sequence[Episode]) -> float | None:
    before, due_before = sum(one.done_before for one in kept), sum(one.due_before for one in kept)
    since, due_since = sum(one.done_since for one in kept), sum(one.due_since for one in kept)
    if not before or not due_before or not due_since:
        return None
    return (since / due_since) / (before / due_before) - 1


def episode_of(agent: str, evidence: Mapping[str, Any], result: TaskResult | None, by: Prior) -> Episode | None:
    """Of a verified task, by its evidence; None where it says nothing: invalidated, or of a version that did not note it."""
    done, due, seen = evidence.get("done"), evidence.get("target"), evidence.get("verified")
    if result in (None, "invalidated") or not isinstance(done, int) or not isinstance(due, int | float):
        return None
    if not isinstance(seen, Mapping):
        return None
    return Episode(agent, done, float(due), int(seen["done"]), float(seen["expected"]), by)


def of_evidence(evidence: Mapping[str, Any], result: TaskResult | None, by: Prior) -> Effect | None:
    """The effect of one verified task, by its evidence."""
    one = episode_of("", evidence, result, by)
    return None if one is None else effect(one.done_before, one.due_before, one.done_since, one.due_since, by)
