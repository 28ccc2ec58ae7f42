"""A drop against one's own earlier pace: shown beside the verdict, and a team issue when it is a whole team (DOMAIN §6).

Both rates are multipliers of the norm, each with its own posterior: before G₁ ~ Gamma(a₁, b₁), now G₂ ~ Gamma(a₂, b₂). With
B = b₂G₂ / (b₁G₁ + b₂G₂) ~ Beta(a₂, a₁), P(G₂ < k·G₁) = P(B < k·b₂ / (b₁ + k·b₂)).
"""

from dataclasses import dataclass

from scipy.special import betainc

from schemas.floor.model import Judgement
from services.rules.deviation import EXACT, Multiplier, multiplier


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
