"""How sure a share or a mean of few calls is."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scipy.stats import norm, t


@dataclass(frozen=True, slots=True)
class Interval:
    """*low* ≤ *value* ≤ *high*; ``n``: how many calls it is made of."""

    value: float
    low: float
    high: float
    n: int


def share(k: int, n: int, sure: float) -> Interval | None:
    """Wilson's interval of a share; None without calls."""
    if n == 0:
        return None
    z = float(norm.ppf((1 + sure) / 2))
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(p, max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half)), n)


def mean_score(scores: Sequence[float], of: int | None, spread: float, sure: float) -> Interval | None:
    """Mean score of an agent (0–100) and its interval by Student's t, narrowed as the calls heard approach all *of* them.

    Five equal calls prove no equality: the scores' own variance is pooled with *spread*² as if that came from as many
    calls. With a standard deviation of 25 five calls give ±2.776 · 25 / √5 = ±31 points (DOMAIN §10). One call gives
    no interval but the whole scale.
    """
    n = len(scores)
    if n == 0:
        return None
    value = sum(scores) / n
    if n == 1:
        return Interval(value, 0.0, 100.0, 1)
    own = sum((one - value) ** 2 for one in scores) / (n - 1)
    deviation = sqrt((own + spread * spread) / 2)
    left = sqrt(max(0.0, 1 - n / of)) if of is not None and of >= n else 1.0
    half = float(t.ppf((1 + sure) / 2, n - 1)) * deviation / sqrt(n) * left
    return Interval(value, max(0.0, value - half), min(100.0, value + half), n)


def usual_half(n: int, spread: float, sure: float) -> float:
    """Half of the interval that *n* calls of very many give where they differ as usual; *n* ≥ 2."""
    return float(t.ppf((1 + sure) / 2, n - 1)) * spread / sqrt(n)
