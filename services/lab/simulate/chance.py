"""Random draws that the standard library lacks. One stream per (seed, what it is for): adding one never moves another."""

import math
from collections.abc import Mapping
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, *purpose: object) -> Random:
    return Random("|".join(map(str, (seed, *purpose))))


def poisson(random: Random, mean: float) -> int:
    """Events of a unit-rate Poisson process within *mean*."""
    count, at = 0, random.expovariate(1) if mean > 0 else math.inf
    while at < mean:
        count += 1
        at += random.expovariate(1)
    return count


def multiplier(random: Random, mean_count: float, overdispersion: float) -> float:
    """A gamma multiplier of mean 1 that gives a Poisson count of *mean_count* the variance overdispersion × mean."""
    if overdispersion <= 1 or mean_count <= 0:
        return 1.0
    shape = mean_count / (overdispersion - 1)
    return random.gammavariate(shape, 1 / shape)


def weighted(random: Random, weights: Mapping[T, float]) -> T:
    return random.choices(list(weights), list(weights.values()))[0]


def uuid4(random: Random) -> str:
    text = f"{random.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"
