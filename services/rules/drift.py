"""A slow decline over days, by a cumulative sum over slices: worth a look, never a task by itself (DOMAIN §6).

S = max(0, S + X·ln δ + Λ·(1 − δ)), X and Λ of one slice divided by the overdispersion. Each term is the logarithm of the
likelihood ratio "δ of the norm" : "on norm" of a Poisson count, so that on norm E[exp(term)] = 1 and the mean number of slices
before S first reaches h is at least e^h (Lorden 1971). h = ln 200 keeps to one false alarm in 200 slices, without a table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date as Date
from math import log

from schemas.floor.model import Judgement
from schemas.rows import SliceRow
from schemas.steps import Step


@dataclass(frozen=True, slots=True)
class Point:
    """One trusted slice of one agent and step: done in it, and due in it by actual exposure."""

    date: Date
    slice: str
    done: int
    expected: float


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


def drift(points: Iterable[Point], by: Judgement) -> Drift | None:
    """The decline at the last of *points* (in order of time); None when there is none.

    The sum is held at twice the limit, so that somebody who comes back is seen to.
    """
    sum_, run = 0.0, list[Point]()
    for point in points:
        gain = (point.done * log(by.drift.rate) + point.expected * (1 - by.drift.rate)) / by.overdispersion
        sum_ = min(2 * limit(by), max(0.0, sum_ + gain))
        run = [*run, point] if sum_ else []
    if sum_ < limit(by):
        return None
    done, expected = sum(one.done for one in run), sum(one.expected for one in run)
    return Drift(run[0].date, len(run), done, expected, sum_, limit(by))


def points(rows: Sequence[SliceRow]) -> dict[tuple[str, Step], list[Point]]:
    """Slices by agent and step, from frozen rows in order of time. What is due in a slice is the growth of the target.

    Slices that could not be trusted, and those in which nothing was due, say nothing.
    """
    found: dict[tuple[str, Step], list[Point]] = {}
    before: dict[tuple[str, Step], tuple[Date, float]] = {}
    for row in rows:
        if row.target is None:
            continue
        key = (row.agent, row.step)
        date, target = before.get(key, (row.date, 0.0))
        expected = row.target - (target if date == row.date else 0.0)
        before[key] = (row.date, row.target)
        if row.trusted and expected > 0:
            found.setdefault(key, []).append(Point(row.date, row.slice, row.in_slice, expected))
    return found
