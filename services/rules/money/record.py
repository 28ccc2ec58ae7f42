"""How forecasts of the day came out: inside the interval or not, and how often the plan was reached as against said.

Days are taken as independent; forecasts of one day at several slices are not, so each slice has its own record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from scipy.special import betaincinv

CONFIDENCE: Final = 0.9
CHANCES: Final = ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0))
"""Forecasts are held together by the chance they gave: small, even, large."""


@dataclass(frozen=True, slots=True)
class CameOut:
    """One forecast whose day is over; ``end`` is what the day gave."""

    low: int
    high: int
    plan: float | None
    p_plan: float | None
    end: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Forecasts that gave about the same chance: their mean, and how many plans were reached."""

    said: float
    met: int
    of: int


@dataclass(frozen=True, slots=True)
class Record:
    """``inside`` of ``days`` ended in the interval; ``low`` … ``high`` holds the true share with 90 %."""

    slice: str
    days: int
    inside: int
    low: float
    high: float
    kept: tuple[Kept, ...]


def record(slice_: str, ends: Sequence[CameOut]) -> Record:
    """*ends*: one forecast a day; at least one."""
    inside = sum(one.low <= one.end <= one.high for one in ends)
    low, high = exact_interval(inside, len(ends))
    return Record(slice_, len(ends), inside, low, high, tuple(_kept(ends)))


def exact_interval(hits: int, of: int) -> tuple[float, float]:
    """Clopper–Pearson: never narrower than it says."""
    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(hits, of - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, of - hits, 1 - tail)) if hits < of else 1.0
    return low, high


def _kept(ends: Sequence[CameOut]) -> Iterable[Kept]:
    for least, most in CHANCES:
        own = [
            (one.p_plan, one.end >= one.plan)
            for one in ends
            if one.p_plan is not None
            and one.plan is not None
            and (least <= one.p_plan < most or one.p_plan == most == 1)
        ]
        if own:
            yield Kept(sum(p for p, _ in own) / len(own), sum(met for _, met in own), len(own))
