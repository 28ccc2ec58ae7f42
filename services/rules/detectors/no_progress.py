"""No progress / PDD: attempts that never rang, or answers that take twice as long as usual (DOMAIN §8).

Enter: over three bins of five minutes, at least 20 attempts: binomial p < 1e-3 of attempts without progress against the
line's own share; or, of at least 20 answers, the 95th percentile of dialling-to-answer above twice the line's own. Leave:
three windows in a row below both.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from scipy.special import bdtrc

from services.rules.baselines import Baselines
from services.rules.detectors.windowed import SLACK, Prospects, Signal, window_of
from services.rules.paths import ANSWERED, ATTEMPTS, RING_EDGES, RINGS, STUCK, Path, ends, hour_of, ring_p95
from services.rules.series import Series


def prospects(path: Path, own: Series, hours: Sequence[tuple[int, int]], by: Baselines) -> Prospects:
    """
    Args:
        hours: (weekday, hour) of every bin of the day.
    """
    limits = by.floor.outages.no_progress
    counts = own.windows(limits.bins)
    n, stuck, answered = counts[:, ATTEMPTS], counts[:, STUCK], counts[:, ANSWERED]
    rates = {hour: by.stuck(path, *hour) for hour in set(hours)}
    p = bdtrc(stuck - 1.0, np.maximum(n, 1), np.array([rates[hour] for hour in hours]))
    # The 95th percentile is above the limit only when more than 5 of 100 answers lie in steps that reach above it.
    slow_s = limits.slower * by.ring_p95(path)
    reach = [step for step, edge in enumerate((*RING_EDGES, 2.0 * RING_EDGES[-1])) if edge * SLACK > slow_s]
    late = counts[:, [RINGS + step for step in reach]].sum(axis=1)
    slow = (
        (answered >= limits.min_attempts) & (late * SLACK * SLACK >= 0.05 * counts[:, RINGS:].sum(axis=1)) & (late > 0)
    )
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
    slow = counts[ANSWERED] >= limits.min_attempts and now is not None and now > limits.slower * usual
    newest = own.at(last)
    recent = ring_p95(newest) or 0.0
    worse = newest[STUCK] > 2 * base * newest[ATTEMPTS] or (slow and recent > limits.slower * usual)
    bad = p < limits.p or slow
    evidence: dict[str, Any] = {
        "attempts": n,
        "stuck": stuck,
        "base": round(base, 6),
        "p_value": p,
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


def _since(own: Series, last: int, bins: int, base: float, slow_s: float) -> datetime:
    for number in range(max(own.first, last - bins + 1), last + 1):
        counts = own.at(number)
        if counts[STUCK] > 2 * base * max(1, counts[ATTEMPTS]) or (ring_p95(counts) or 0.0) > slow_s:
            return ends(number - 1)
    return ends(last - 1)
