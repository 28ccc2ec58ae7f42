"""Efficiency of a team or the floor, by half-hours against the hour of the week (DOMAIN §6, last point).

Enter: in 2 of the last 3 half-hours fewer than 0.7 of the expected results and a quasi-Poisson lower tail p < 0.01, each
with at least 20 expected. Leave: 2 of 3 above. Expected: results a scheduled minute at this hour of the week × minutes
scheduled now: lunch and a thin shift expect less by themselves. Fewer days of history than five: not watched.
"""

from typing import Any

from scipy.special import pdtr

from services.rules.baselines import Baselines
from services.rules.detectors.windowed import Signal, window_of
from services.rules.paths import Path, ends


def signal(path: Path, step: str, done: int, expected: float, last: int, spread: float, by: Baselines) -> Signal | None:
    limits = by.floor.outages.efficiency
    if expected < limits.min_expected:
        return None
    p = float(pdtr(done / spread, expected / spread))
    bad = done < limits.below * expected and p < limits.p
    evidence: dict[str, Any] = {
        "step": step,
        "done": done,
        "expected": round(expected, 2),
        "p_value": p,
        "overdispersion": round(spread, 3),
        **window_of(last - limits.bins + 1, last),
    }
    return Signal(bad, not bad, bad, ends(last - limits.bins), evidence)
