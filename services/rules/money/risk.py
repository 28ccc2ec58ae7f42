"""Money at risk, cause by cause (DOMAIN §11, docs/decisions/0024-money-at-risk.md).

    at risk = max(0, plan − median), in minor units
    each cause in its order takes what it can explain of what is left; what none explains is ``unexplained``

so that the causes are never negative and add up exactly. What a cause can explain is counted in payments of the norm: a unit
of step s is worth v(s) = planned payments / planned s. Losses that go on (conversion, volume) are carried to the end of the
period at the same pace; those of a fault or of a bad number are what they took so far.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from schemas.floor.judgement import Judgement
from schemas.steps import STEPS, Step
from services.rules.day import WorkingDay
from services.rules.deviation import p_rate_below
from services.rules.exposure import Exposure
from services.rules.forecast import course
from services.rules.rung import CONVERSIONS, MIN_TRIALS
from services.rules.spans import EMPTY, subtract

Cause = Literal["technical", "number_list", "conversion", "volume", "unexplained"]
CAUSES: Final[tuple[Cause, ...]] = ("technical", "number_list", "conversion", "volume", "unexplained")


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of a team or the floor against its norms, which minutes lost do not lower.

    ``so_far``: for the minutes scheduled so far, ``technical``: for those of them lost to faults, ``whole``: of the period.
    """

    done: float
    so_far: float
    technical: float
    whole: float


def planned(done: int, norm: float, own: Exposure, day: WorkingDay, now: datetime, step: Step) -> Planned:
    """An agent's step at *now*; *norm* is of a full standard shift."""
    every = Exposure(own.scheduled, EMPTY, own.scheduled)
    spared = subtract(own.scheduled, own.technical)
    as_planned = course(done, norm, every, day, now, step)
    without = course(done, norm, Exposure(spared, EMPTY, spared), day, now, step) if own.technical else as_planned
    lost = max(0.0, as_planned.expected - without.expected)
    return Planned(done, as_planned.expected, lost, as_planned.planned)


def added(every: Iterable[Planned]) -> Planned:
    done = so_far = technical = whole = 0.0
    for one in every:
        done, so_far = done + one.done, so_far + one.so_far
        technical, whole = technical + one.technical, whole + one.whole
    return Planned(done, so_far, technical, whole)


@dataclass(frozen=True, slots=True)
class Claims:
    """Payments that each cause can explain; ``broken`` is the first broken conversion."""

    technical: float = 0.0
    number_list: float = 0.0
    conversion: float = 0.0
    volume: float = 0.0
    broken: Step | None = None


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Minor units, or payments where no mean amount is known; ``causes`` add up to ``total``."""

    total: int
    causes: Mapping[Cause, int]
    broken: Step | None = None


def at_risk(total: float, claims: Claims, worth: float, grain: int = 1) -> AtRisk:
    """*total* handed out in order.

    Args:
        worth: mean payment in minor units, or 1 to count payments.
        grain: all sums are multiples of it, so that whole currency units add up as they are shown.
    """
    left = total = max(0, grain * round(total / grain))
    causes: dict[Cause, int] = {}
    for cause in CAUSES[:-1]:
        causes[cause] = min(left, max(0, grain * round(getattr(claims, cause) * worth / grain)))
        left -= causes[cause]
    causes["unexplained"] = left
    return AtRisk(total, causes, claims.broken if causes["conversion"] else None)


def claims(steps: Mapping[Step, Planned], lost_answers: float, by: Judgement) -> Claims:
    """
    Args:
        steps: those with a norm.
        lost_answers: conversations that did not come about on numbers and lists found bad.
    """
    paid = steps.get("payments")
    if paid is None or paid.whole <= 0:
        return Claims()
    worth = {step: paid.whole / one.whole for step, one in steps.items() if one.whole > 0}
    broken, lost = _first_broken(steps, by)
    return Claims(
        technical=paid.technical,
        number_list=max(0.0, lost_answers) * worth.get("answered", 0.0),
        conversion=lost * worth[broken] if broken else 0.0,
        volume=_too_little(steps, worth),
        broken=broken,
    )


def _first_broken(steps: Mapping[Step, Planned], by: Judgement) -> tuple[Step | None, float]:
    """The earliest conversion that is significantly below that of the norms, and the units it loses in the period."""
    for step in STEPS:
        base = CONVERSIONS.get(step)
        if base is None or step not in steps or base not in steps or steps[base].whole <= 0:
            continue
        trials, done = steps[base].done, steps[step].done
        reference = steps[step].whole / steps[base].whole
        if trials < MIN_TRIALS or done >= trials * reference:
            continue
        low = p_rate_below(round(min(done, trials)), round(trials), reference, by.soft.below, cv=by.team.prior_cv)
        if low >= by.soft.probability_many:
            return step, (trials * reference - done) * _to_the_end(steps[step])
    return None, 0.0


def _too_little(steps: Mapping[Step, Planned], worth: Mapping[Step, float]) -> float:
    """Payments lost by doing less of the first step than its norm; what faults took is not counted again."""
    first = next((step for step in STEPS if step in worth), None)
    if first is None or first == "payments":
        return 0.0
    one = steps[first]
    return max(0.0, one.so_far - one.technical - one.done) * _to_the_end(one) * worth[first]


def _to_the_end(one: Planned) -> float:
    """How many times what was lost so far the period loses at the same pace."""
    return one.whole / one.so_far if one.so_far > 0 else 0.0
