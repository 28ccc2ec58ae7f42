"""How long an invoice waits for its payment (docs/decisions/0023-payments-of-the-month.md).

A product-limit estimate over whole days of age: of the invoices that reached an age unpaid and were watched through that
day, the share paid on it. Invoices that are still open count for the days they were watched. Those that are never paid need
no parameter: the curve ends in a plateau below 1. Beyond the oldest age seen nothing more is expected.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as Date
from math import prod

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settled:
    """*count* invoices issued on one day; ``paid``: the day of their first payment, None while open."""

    issued: Date
    paid: Date | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Lag:
    """By age in days, 0 = the day of issue: invoices unpaid so far and watched through it, and those paid on it."""

    at_risk: tuple[int, ...] = ()
    paid: tuple[int, ...] = ()

    @property
    def known(self) -> int:
        """Invoices whose lag was seen."""
        return sum(self.paid)

    def hazard(self, age: int) -> float:
        """Share paid on the day of this *age*, of those still open before it."""
        return self.paid[age] / self.at_risk[age] if age < len(self.paid) and self.at_risk[age] else 0.0

    def chance(self, age: int, days: int, today_share: float = 1.0) -> float:
        """P(an open invoice of *age* days is paid today or in the next *days* days).

        Args:
            today_share: part of today that is still ahead, 0–1.
        """
        left: float = (1 - self.hazard(age)) ** today_share
        return 1 - left * prod(1 - self.hazard(later) for later in range(age + 1, age + days + 1))

    def drawn(self, random: Generator, draws: int) -> "DrawnLag":
        """Curves the same invoices allow: each day's hazard from Beta(paid, at risk − paid + 1)."""
        columns = [
            random.beta(paid, risk - paid + 1, draws) if paid else np.zeros(draws)
            for risk, paid in zip(self.at_risk, self.paid, strict=True)
        ]
        hazards = np.column_stack(columns) if columns else np.zeros((draws, 1))
        return DrawnLag(np.log1p(-np.minimum(hazards, 1 - 1e-12)))


class DrawnLag:
    """*log_left*: draws × ages, the log of the share left open by each day."""

    def __init__(self, log_left: Floats) -> None:
        self._log = log_left
        self._sum = np.concatenate([np.zeros((len(log_left), 1)), np.cumsum(log_left, axis=1)], axis=1)

    def chance(self, age: int, days: int, today_share: float = 1.0) -> Floats:
        """As ``Lag.chance``, one number per draw."""
        ages = self._log.shape[1]
        if age >= ages:
            return np.zeros(len(self._log))
        until = min(age + days + 1, ages)
        later = self._sum[:, until] - self._sum[:, min(age + 1, until)]
        found: Floats = -np.expm1(today_share * self._log[:, age] + later)
        return found


def learn(invoices: Iterable[Settled], today: Date) -> Lag:
    """The lag as seen up to the end of yesterday; *today* is not over and tells nothing yet."""
    ends: dict[int, int] = {}
    paid: dict[int, int] = {}
    for one in invoices:
        seen = (today - one.issued).days - 1
        if one.paid is not None and one.paid < today:
            age = max(0, (one.paid - one.issued).days)
            paid[age] = paid.get(age, 0) + one.count
            seen = age
        if seen >= 0:
            ends[seen] = ends.get(seen, 0) + one.count
    at_risk, left = [], sum(ends.values())
    for age in range(max(ends, default=-1) + 1):
        at_risk.append(left)
        left -= ends.get(age, 0)
    return Lag(tuple(at_risk), tuple(paid.get(age, 0) for age in range(len(at_risk))))
