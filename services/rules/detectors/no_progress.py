"""No progress / PDD: attempts that never rang, or answers that take twice as long as usual (DOMAIN §8).

Enter: over three bins of five minutes, at least 20 attempts: binomial p < 1e-3 of attempts without progress against the
line's own share; or the 95th percentile of dialling-to-answer above twice the line's own, and more answers later than the
line's own 95th percentile than chance would have (p < 1e-3: a few are enough when all are late). Leave: three windows in a
row below both.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from scipy.special import bdtrc

from services.rules.baselines import Baselines
from services.rules.detectors.windowed import SLACK, Prospects, Signal, window_of
from services.rules.paths import ANSWERED, ATTEMPTS, RING_EDGES, RINGS, STUCK, Counts, Path, ends, hour_of, ring_p95
from services.rules.series import Series


def prospects(path: Path, own: Series, hours: Sequence[tuple[int, int]], by: Baselines) -> Prospects:
    """
    Args:
        hours: (weekday, hour) of every bin of the day.
    """
    limits = by.floor.outages.no_progress
    counts = own.windows(limits.bins)
    n, stuck, rings = counts[:, ATTEMPTS], counts[:, STUCK], counts[:, RINGS:]
    rates = {hour: by.stuck(path, *hour) for hour in set(hours)}
    p = bdtrc(stuck - 1.0, np.maximum(n, 1), np.array([rates[hour] for hour in hours]))
    # The 95th percentile is above the limit only when more than 5 of 100 answers lie in steps that reach above it.
    usual, total = by.ring_p95(path), rings.sum(axis=1)
    slow_s = limits.slower * usual
    reach = [step for step, edge in enumerate((*RING_EDGES, 2.0 * RING_EDGES[-1])) if edge * SLACK > slow_s]
    beyond = rings[:, reach].sum(axis=1)
    late = rings[:, bisect_left(RING_EDGES, usual) + 1 :].sum(axis=1)
    chance = bdtrc(late - 1.0, np.maximum(total, 1), 0.05)
    slow = (total >= limits.min_answered) & (beyond > 0) & (beyond * SLACK * SLACK >= 0.05 * total)
    slow &= (late > 0) & (chance < limits.p * SLACK)
    return Prospects(n >= limits.min_attempts, ((stuck > 0) & (p < limits.p * SLACK)) | slow)


def signal(path: Path, own: Series, last: int, by: Baselines) -> Signal | None:
    """The window that ends with bin *last*; None when it is too thin."""
    limits = by.floor.outages.no_progress
    counts = own.window(last, limits.bins)
    n, stuck = counts[ATTEMPTS], counts[STUCK]
    if n < limits.min_attempts:
        return None
    base = by.stuck(path, *hour_of(last, by.floor.zone))
    p = float(bdtrc(stuck - 1, n, base)) if stuck else 1.0
    usual, now = by.ring_p95(path), ring_p95(counts)
    p_slow = _slow_p(counts, usual, limits.min_answered) if now is not None and now > limits.slower * usual else 1.0
    slow = p_slow < limits.p
    newest = own.at(last)
    recent = ring_p95(newest) or 0.0
    worse = newest[STUCK] > 2 * base * newest[ATTEMPTS] or (slow and recent > limits.slower * usual)
    bad = p < limits.p or slow
    evidence: dict[str, Any] = {
        "attempts": n,
        "stuck": stuck,
        "base": round(base, 6),
        "p_value": p,
        "p_slow": p_slow,
        "answered": counts[ANSWERED],
        "ring_p95_s": round(now, 1) if now is not None else None,
        "usual_p95_s": round(usual, 1),
        "why": "stuck" if p < limits.p else "slow",
        **window_of(last - limits.bins + 1, last),
    }
    slower = now is not None and now > limits.slower * usual  # a few answers are enough to stay, not to enter
    return Signal(
        bad, not bad and not slower, worse, _since(own, last, limits.bins, base, limits.slower * usual), evidence
    )


def _slow_p(counts: Counts, usual: float, least: int) -> float:
    """Chance of so many answers later than the usual 95th percentile, of which one in twenty comes; 1 of too few answers."""
    rings = counts[RINGS:]
    late = sum(rings[bisect_left(RING_EDGES, usual) + 1 :])  # those that are surely later: whole steps
    total = sum(rings)
    return float(bdtrc(late - 1, total, 0.05)) if late and total >= least else 1.0


def _since(own: Series, last: int, bins: int, base: float, slow_s: float) -> datetime:
    for number in range(max(own.first, last - bins + 1), last + 1):
        counts = own.at(number)
        if counts[STUCK] > 2 * base * max(1, counts[ATTEMPTS]) or (ring_p95(counts) or 0.0) > slow_s:
            return ends(number - 1)
    return ends(last - 1)
