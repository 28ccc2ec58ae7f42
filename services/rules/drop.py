"""A drop against one's own earlier pace: shown beside the verdict, and a team issue when it is a whole team (DOMAIN §6).

Both rates are multipliers of the norm, each with its own posterior: before G₁ ~ Gamma(a₁, b₁), now G₂ ~ Gamma(a₂, b₂). With
B = b₂G₂ / (b₁G₁ + b₂G₂) ~ Beta(a₂, a₁), P(G₂ < k·G₁) = P(B < k·b₂ / (b₁ + k·b₂)).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import Literal

from scipy.special import betainc

from schemas.floor import Floor
from schemas.floor.judgement import Judgement
from schemas.floor.learned import Prior
from schemas.steps import STEPS, Step
from services.rules.deviation import EXACT, Multiplier, of_agent
from services.rules.pace import Point, prior_of


@dataclass(frozen=True, slots=True)
class Part:
    """Some time of the day: what was done, and what was due by actual exposure."""

    done: int
    expected: float


@dataclass(frozen=True, slots=True)
class Drop:
    """``probability``: P(rate now < ``judgement.drop.below`` × rate before)."""

    before: Part
    now: Part
    probability: float


Against = Literal["drop_today", "drop_of_days"]
"""What a slice is compared with: the agent's earlier slices of the day, or the same slice of past days."""


@dataclass(frozen=True, slots=True)
class Dropped:
    agent: str
    step: Step
    against: Against
    drop: Drop


def drops_at(
    by_key: Mapping[tuple[str, Step], Sequence[Point]], date: Date, slice_: str, floor: Floor
) -> list[Dropped]:
    """Every drop at one slice, the surest first."""
    found, by = [], floor.judgement
    for (agent, step), own in by_key.items():
        prior = prior_of(floor, agent, step)
        seen: tuple[tuple[Against, Drop | None], ...] = (
            ("drop_today", drop_today(own, date, slice_, by, prior)),
            ("drop_of_days", drop_of_days(own, date, slice_, by, prior)),
        )
        found += [Dropped(agent, step, against, one) for against, one in seen if one is not None]
    return sorted(found, key=lambda one: (-one.drop.probability, one.agent, STEPS.index(one.step), one.against))


def p_ratio_below(now: Multiplier, before: Multiplier, bound: float) -> float:
    """P(now < bound · before) of two independent multipliers."""
    return float(betainc(now.shape, before.shape, bound * now.rate / (before.rate + bound * now.rate)))


def drop(before: Part, now: Part, by: Judgement, prior: Prior) -> Drop | None:
    """The drop from *before* to *now*; None when there is none to be sure of, or too little is due of either.

    Args:
        prior: of both multipliers: ``judgement.of`` of an agent's team and step, or a team's own.
    """
    if min(before.expected, now.expected) < by.min_expected - EXACT:
        return None
    then, today = (of_agent(part.done, part.expected, prior) for part in (before, now))
    found = p_ratio_below(today, then, by.drop.below)
    return Drop(before, now, found) if found >= by.drop.probability else None


def drop_today(points: Sequence[Point], date: Date, slice_: str, by: Judgement, prior: Prior) -> Drop | None:
    """An agent's slice against their own earlier slices of that day."""
    own = [point for point in points if point.date == date]
    where = next((at for at, point in enumerate(own) if point.slice == slice_), None)
    return drop(_together(own[:where]), _together([own[where]]), by, prior) if where else None


def drop_of_days(points: Sequence[Point], date: Date, slice_: str, by: Judgement, prior: Prior) -> Drop | None:
    """An agent's slice against the same slice of past days; None with fewer than ``judgement.drop.past_days`` of them."""
    same = [point for point in points if point.slice == slice_ and point.date <= date]
    now, past = [point for point in same if point.date == date], [point for point in same if point.date < date]
    if not now or len(past) < by.drop.past_days:
        return None
    return drop(_together(past), _together(now), by, prior)


def _together(points: Iterable[Point]) -> Part:
    own = list(points)
    return Part(sum(one.done for one in own), sum(one.expected for one in own))
