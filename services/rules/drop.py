"""A drop against one's own earlier pace: shown beside the verdict, and a team issue when it is a whole team (DOMAIN §6).

Both rates are multipliers of the norm, each with its own posterior: before G₁ ~ Gamma(a₁, b₁), now G₂ ~ Gamma(a₂, b₂). With
B = b₂G₂ / (b₁G₁ + b₂G₂) ~ Beta(a₂, a₁), P(G₂ < k·G₁) = P(B < k·b₂ / (b₁ + k·b₂)).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import Literal

from scipy.special import betainc

from schemas.floor.model import Judgement
from schemas.steps import STEPS, Step
from services.rules.deviation import EXACT, Multiplier, multiplier
from services.rules.pace import Point


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
    by_key: Mapping[tuple[str, Step], Sequence[Point]], date: Date, slice_: str, by: Judgement
) -> list[Dropped]:
    """Every drop at one slice, the surest first."""
    found = []
    for (agent, step), own in by_key.items():
        seen: tuple[tuple[Against, Drop | None], ...] = (
            ("drop_today", drop_today(own, date, slice_, by)),
            ("drop_of_days", drop_of_days(own, date, slice_, by)),
        )
        found += [Dropped(agent, step, against, one) for against, one in seen if one is not None]
    return sorted(found, key=lambda one: (-one.drop.probability, one.agent, STEPS.index(one.step), one.against))


def p_ratio_below(now: Multiplier, before: Multiplier, bound: float) -> float:
    """P(now < bound · before) of two independent multipliers."""
    return float(betainc(now.shape, before.shape, bound * now.rate / (before.rate + bound * now.rate)))


def drop(before: Part, now: Part, by: Judgement, *, cv: float) -> Drop | None:
    """The drop from *before* to *now*; None when there is none to be sure of, or too little is due of either.

    Args:
        cv: of the prior of M: ``prior_cv`` of an agent, ``team.prior_cv`` of a team.
    """
    if min(before.expected, now.expected) < by.min_expected - EXACT:
        return None
    then = multiplier(before.done, before.expected, cv=cv, overdispersion=by.overdispersion)
    today = multiplier(now.done, now.expected, cv=cv, overdispersion=by.overdispersion)
    found = p_ratio_below(today, then, by.drop.below)
    return Drop(before, now, found) if found >= by.drop.probability else None


def drop_today(points: Sequence[Point], date: Date, slice_: str, by: Judgement) -> Drop | None:
    """An agent's slice against their own earlier slices of that day."""
    own = [point for point in points if point.date == date]
    where = next((at for at, point in enumerate(own) if point.slice == slice_), None)
    return drop(_together(own[:where]), _together([own[where]]), by, cv=by.prior_cv) if where else None


def drop_of_days(points: Sequence[Point], date: Date, slice_: str, by: Judgement) -> Drop | None:
    """An agent's slice against the same slice of past days; None with fewer than ``judgement.drop.past_days`` of them."""
    same = [point for point in points if point.slice == slice_ and point.date <= date]
    now, past = [point for point in same if point.date == date], [point for point in same if point.date < date]
    if not now or len(past) < by.drop.past_days:
        return None
    return drop(_together(past), _together(now), by, cv=by.prior_cv)


def _together(points: Iterable[Point]) -> Part:
    own = list(points)
    return Part(sum(one.done for one in own), sum(one.expected for one in own))
