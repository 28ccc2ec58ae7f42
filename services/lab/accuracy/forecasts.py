"""The forecast of the day against days whose end is known: people as the prior has them, one step, φ = 1 (DOMAIN §11)."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random

import msgspec

from schemas.floor import Floor
from services.lab.accuracy.counts import one_step_day, shares
from services.lab.accuracy.floors import DATE
from services.lab.accuracy.rates import Expected, Share
from services.rules.day import WorkingDay, working_day
from services.rules.exposure import Exposure, exposure, scheduled
from services.rules.forecast import INTERVAL, Forecast, course, end_of_day, plan_of_step
from services.rules.norms import norms_of

BINS = 5


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """At one cut-off: how often the day ended inside the interval, and how often the plan was reached as against said."""

    slice: str
    inside: Share
    expected: Expected
    agrees: bool


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts that gave the plan about the same chance: the mean of what they said, and how often it was reached."""

    low: float
    high: float
    said: float
    reached: Share
    agrees: bool


class Forecasts(msgspec.Struct, frozen=True, kw_only=True):
    """``plan`` is of the middle cut-off: one forecast a day, so that they are independent."""

    days: int
    interval: list[Foretold]
    plan: list[Said]

    @property
    def agrees(self) -> bool:
        return all(one.agrees for one in self.interval) and all(one.agrees for one in self.plan)


End = tuple[Forecast, int]
"""What was foretold, and the count the day ended with."""


def forecasts(floor: Floor, days: Sequence[Sequence[End]]) -> Forecasts:
    """*days*: per agent-day, what was foretold at every cut-off but the last (see ``foretell``)."""
    cuts = working_day(floor, DATE).cut_offs[:-1]
    by_cut = [[day[position] for day in days] for position in range(len(cuts))]
    return Forecasts(
        days=len(days),
        interval=[_inside(cut.name, ends) for cut, ends in zip(cuts, by_cut, strict=True)],
        plan=list(_said(by_cut[len(cuts) // 2])),
    )


def foretell(floor: Floor, random: Random) -> list[End]:
    """One day of the floor's first agent, whose multiplier of the norm is drawn from the prior."""
    day, agent, by = working_day(floor, DATE), floor.agents[0], floor.judgement
    shape = 1 / by.prior_cv**2
    norm = norms_of(floor, agent, day.weekday)["calls"]
    own = exposure(scheduled(floor, day, agent), day, (), ())
    pace = random.gammavariate(shape, 1 / shape)
    done = list(accumulate(one["calls"] for one in one_step_day(random, [norm * part for part in shares(day)], pace)))
    return [(_forecast(floor, day, own, norm, done, position), done[-1]) for position in range(len(done) - 1)]


def _forecast(
    floor: Floor, day: WorkingDay, own: Exposure, norm: float, done: Sequence[int], position: int
) -> Forecast:
    so_far = course(done[position], norm, own, day, day.cut_offs[position].at, "calls")
    by = floor.judgement
    return end_of_day(so_far, plan_of_step(so_far), cv=by.prior_cv, overdispersion=by.overdispersion)


def _inside(name: str, ends: Sequence[End]) -> Foretold:
    inside = Share.count(sum(one.low <= end <= one.high for one, end in ends), len(ends))
    expected = Expected(low=INTERVAL, high=1.0, text=f"≥ {100 * INTERVAL:g}")
    return Foretold(slice=name, inside=inside, expected=expected, agrees=expected.agrees(inside))


def _said(ends: Sequence[End]) -> Iterator[Said]:
    for n in range(BINS):
        own = [(one.p_plan or 0.0, end >= (one.plan or 0.0)) for one, end in ends if _bin(one.p_plan or 0.0) == n]
        if not own:
            continue
        said = sum(p for p, _ in own) / len(own)
        reached = Share.count(sum(met for _, met in own), len(own))
        agrees = reached.low <= said <= reached.high
        yield Said(low=n / BINS, high=(n + 1) / BINS, said=said, reached=reached, agrees=agrees)


def _bin(p: float) -> int:
    return min(BINS - 1, int(p * BINS))
