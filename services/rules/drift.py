"""A slow decline over days, by a cumulative sum over slices: worth a look, never a task by itself (DOMAIN §6).

S = max(0, S + X·ln δ + Λ·(1 − δ)), X and Λ of one slice divided by the overdispersion (φ). Each term is the logarithm of the
likelihood ratio "δ of the norm" : "on norm" of a Poisson count, so that on norm E[exp(term)] = 1 and the mean number of slices
before S first reaches h is at least e^h (Lorden 1971). h = ln 200 keeps to one false alarm in 200 slices, without a table.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Date
from math import log

from schemas.floor.judgement import Judgement
from schemas.floor.learned import Prior
from services.rules.pace import Point


@dataclass(frozen=True, slots=True)
class Drift:
    """A decline that lasts: counts of the ``slices`` since the sum last was 0. ``score`` ≥ ``limit``."""

    since: Date
    slices: int
    done: int
    expected: float
    score: float
    limit: float


def limit(by: Judgement) -> float:
    return log(by.drift.slices_per_false_alarm)


def sums(points: Iterable[Point], by: Judgement, prior: Prior) -> Iterator[tuple[float, int]]:
    """The sum after each of *points* (in order of time), and how many of them came since it last was 0.

    It is held at twice the limit, so that somebody who comes back is seen to.
    """
    sum_, slices, most = 0.0, 0, 2 * limit(by)
    slower, rest, phi = log(by.drift.rate), 1 - by.drift.rate, prior.overdispersion
    for point in points:
        gain = (point.done * slower + point.expected * rest) / phi
        sum_ = min(most, max(0.0, sum_ + gain))
        slices = slices + 1 if sum_ else 0
        yield sum_, slices


def drift(points: Sequence[Point], by: Judgement, prior: Prior) -> Drift | None:
    """The decline at the last of *points* (in order of time); None when there is none.

    Args:
        prior: ``judgement.of`` the agent's team and step; only its overdispersion matters: drift is against the norm.
    """
    last = deque(sums(points, by, prior), maxlen=1)
    sum_, slices = last[0] if last else (0.0, 0)
    if sum_ < limit(by):
        return None
    run = points[-slices:]
    done, expected = sum(one.done for one in run), sum(one.expected for one in run)
    return Drift(run[0].date, len(run), done, expected, sum_, limit(by))
