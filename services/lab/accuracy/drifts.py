"""The cumulative sum of slow drift: slices to a false alarm against its promise, and slices to a true one (DOMAIN §6)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

import msgspec

from schemas.floor import Floor
from schemas.floor.judgement import Judgement
from schemas.floor.learned import Prior
from schemas.steps import Step
from services.lab.accuracy.counts import AgentDay, funnel_day, one_step_day, shares
from services.lab.accuracy.floors import AT_50, AT_70, DATE, ON_NORM, Kind, five_steps, one_step
from services.lab.accuracy.rates import Wait
from services.lab.simulate.chance import stream
from services.rules.day import working_day
from services.rules.drift import limit, sums
from services.rules.norms import norms_of
from services.rules.pace import Point, prior_of

PACES = (ON_NORM, AT_70, AT_50)


class DriftOf(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one floor: *overdispersion* is both that of the counts and the one it is judged with.

    ``on_norm``: slices to a false alarm, of which ``promised`` are the least.
    """

    floor: str
    step: Step
    overdispersion: float
    due: float
    """Of a slice, on the mean."""
    on_norm: Wait
    promised: int
    agrees: bool
    at_70: Wait
    at_50: Wait


Days = Callable[[Random, Kind], AgentDay]


def work(agents: int, days: int) -> int:
    """Agent-days that ``drifts`` reports."""
    return 2 * len(PACES) * agents * days


def drifts(agents: int, days: int, seed: int, advance: Callable[[int], object] = lambda _: None) -> list[DriftOf]:
    """Floors of ``floors``: one step and φ = 1, then every step that is normed, judged as shipped."""
    one, five = one_step(1), five_steps(1)
    return [
        *_of_floor("one step", one, _one_step_days(one), agents * days, seed, advance),
        *_of_floor("five steps", five, _funnel_days(five), agents * days, seed, advance),
    ]


def _one_step_days(floor: Floor) -> Days:
    day = working_day(floor, DATE)
    per_slice = [norms_of(floor, floor.agents[0], day.weekday)["calls"] * part for part in shares(day)]
    return lambda random, kind: one_step_day(random, per_slice, kind.pace)


def _funnel_days(floor: Floor) -> Days:
    parts = shares(working_day(floor, DATE))
    return lambda random, kind: funnel_day(random, parts, kind.pace, floor.judgement.overdispersion)


def _of_floor(
    name: str, floor: Floor, of: Days, days: int, seed: int, advance: Callable[[int], object]
) -> Iterator[DriftOf]:
    day = working_day(floor, DATE)
    norms, parts = norms_of(floor, floor.agents[0], day.weekday), shares(day)
    found: dict[Kind, Mapping[Step, Wait]] = {}
    for kind in PACES:
        random = stream(seed, "drift", name, kind.name)
        played = [of(random, kind) for _ in range(days)]
        found[kind] = {
            step: waits(_points(played, step, norm, parts), floor.judgement, prior_of(floor, floor.agents[0].id, step))
            for step, norm in norms.items()
        }
        advance(days)
    promised = floor.judgement.drift.slices_per_false_alarm
    for step, norm in norms.items():
        wait = found[ON_NORM][step]
        yield DriftOf(
            floor=name,
            step=step,
            overdispersion=floor.judgement.overdispersion,
            due=norm / len(parts),
            on_norm=wait,
            promised=promised,
            agrees=wait.high is None or wait.high >= promised,
            at_70=found[AT_70][step],
            at_50=found[AT_50][step],
        )


def _points(played: Sequence[AgentDay], step: Step, norm: float, parts: Sequence[float]) -> list[Point]:
    expected = [norm * part for part in parts]
    return [Point(DATE, "", one.get(step, 0), due) for day in played for one, due in zip(day, expected, strict=True)]


def waits(points: Sequence[Point], by: Judgement, prior: Prior) -> Wait:
    """One long life after which every alarm begins anew, from 0: so all its waits are from 0, as the promise is."""
    alarms, reached, life = 0, limit(by), iter(points)
    alarm = True
    while alarm:
        alarm = any(sum_ >= reached for sum_, _ in sums(life, by, prior))
        alarms += alarm
    return Wait.count(len(points), alarms)
