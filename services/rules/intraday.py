"""Curves of the day, learned per step: when a day's results come (DOMAIN §4, w). Targets follow those of the floor file
(curve.py); ``srez norms apply`` writes them there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.rules.deviation import multiplier
from services.rules.history import AgentDay, clock_of, left_out
from services.rules.proposal import Why


@dataclass(frozen=True, slots=True)
class Curve:
    """``weights``: clock time of a bin's start → pace in it against the day's mean, over the bins of the standard shift;
    their mean, weighted by the minutes of the shift, is 1. Flat (all 1) while too little is known: see ``flat``."""

    step: Step
    weights: Mapping[str, float]
    days: int
    events: int
    flat: tuple[Why, ...] = ()


def curves(floor: Floor, days: Sequence[AgentDay], standard: Mapping[int, float]) -> list[Curve]:
    """One curve a step, of the whole floor.

    Args:
        standard: minutes of the standard shift per bin.
    """
    return [_curve(step, floor, days, standard) for step in STEPS]


def _curve(step: Step, floor: Floor, days: Iterable[AgentDay], standard: Mapping[int, float]) -> Curve:
    kept = [one for one in days if left_out(one, step, floor) is None]
    counts = {number: sum(one.counts.get(step, {}).get(number, 0) for one in kept) for number in standard}
    exposed = {number: sum(one.exposed.get(number, 0.0) for one in kept) for number in standard}
    dates, events, minutes = len({one.date for one in kept}), sum(counts.values()), sum(exposed.values())
    lacks: dict[Why, bool] = {
        "few_days": dates < floor.review.window_days[0],
        "few_events": events < floor.review.min_events,
    }
    flat = tuple(why for why, lacking in lacks.items() if lacking)
    weights = dict.fromkeys(standard, 1.0)
    if not flat and minutes:
        by = floor.judgement
        for number in standard:
            # Shrunk towards flat as people are towards the norm: a bin of few events says little.
            expected = events / minutes * exposed[number]
            weights[number] = multiplier(
                counts[number], expected, cv=by.prior_cv, overdispersion=by.overdispersion
            ).mean
        mean = sum(weights[number] * standard[number] for number in standard) / sum(standard.values())
        weights = {number: weight / mean for number, weight in weights.items()}
    return Curve(step, {clock_of(number): weights[number] for number in sorted(weights)}, dates, events, flat)
