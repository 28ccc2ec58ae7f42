"""What people get done by chance, slice by slice."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random

from schemas.steps import Step
from services.lab.accuracy.floors import FUNNEL
from services.lab.simulate.chance import multiplier, poisson
from services.rules.day import WorkingDay
from services.rules.spans import at, minutes

AgentDay = Sequence[Mapping[Step, int]]
"""Of one agent, per slice: step → count within the slice."""


def shares(day: WorkingDay) -> list[float]:
    """Share of the standard shift that lies in each slice."""
    starts = [day.starts, *(cut.at for cut in day.cut_offs)]
    return [minutes(day.standard, at(start), at(end)) / day.standard_min for start, end in pairwise(starts)]


def one_step_day(random: Random, per_slice: Sequence[float], pace: float) -> AgentDay:
    """Poisson calls. *per_slice*: what is due in each slice."""
    return [{"calls": poisson(random, due * pace)} for due in per_slice]


def funnel_day(random: Random, parts: Sequence[float], pace: float, overdispersion: float) -> AgentDay:
    """Calls of variance φ × mean, then every step a binomial share of the one before: few dials, usual conversions."""
    return [dict(_funnel(random, FUNNEL["calls"] * part * pace, overdispersion)) for part in parts]


def _funnel(random: Random, calls: float, overdispersion: float) -> Iterator[tuple[Step, int]]:
    count = poisson(random, calls * multiplier(random, calls, overdispersion))
    yield "calls", count
    for before, step in pairwise(FUNNEL):
        rate = FUNNEL[step] / FUNNEL[before]
        count = sum(random.random() < rate for _ in range(count))
        yield step, count
