"""Answer rate of a line, a number or a campaign against its own hour of the week (DOMAIN §8). No absolute limit.

Enter: over the last 30 to 60 minutes (the shortest with 60 attempts that got through), fewer than 0.7 of the expected
answers, and a beta-binomial tail p < 1e-3. Expected: the path's own hour of the week × what the rest of the floor has now
of its own expectation (never above 1): a slow hour of everybody is nobody's fault. A path without a history is held
against the rest of the floor alone, where others of its kind have one: how much campaigns differ is not known on the first
day. Leave: 2 of 3 windows, from a quarter of an hour on with half of those attempts, half-way back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from scipy.special import betaln, gammaln

from services.rules.baselines import Baselines
from services.rules.detectors.windowed import SLACK, Prospects, Signal, window_of
from services.rules.paths import ANSWERED, ATTEMPTS, FAILED, Path, ends
from services.rules.series import Numbers, Series

WELL_BINS = (3, 12)


@dataclass(frozen=True, slots=True)
class Window:
    """``n`` attempts that got through, ``k`` of them answered, ``share`` expected of each, over ``bins`` bins."""

    bins: int
    n: int
    k: int
    share: float
    factor: float


@dataclass(slots=True)
class Totals:
    """The whole floor per bin, as running totals: attempts that got through, answers, expected answers."""

    through: Numbers
    answered: Numbers
    expected: Numbers


def expectation(path: Path, own: Series, by: Baselines, hours: list[tuple[int, int]]) -> None:
    """Put the running total of expected answers on *own*. ``hours``: (weekday, hour) of every bin of the day."""
    counts = np.diff(own.total, axis=0)
    through = (counts[:, ATTEMPTS] - counts[:, FAILED]).astype(np.float64)
    shares = {hour: by.answered(path, *hour) for hour in set(hours)}
    expected = through * np.array([shares[hour] for hour in hours])
    own.expected["answered"] = np.concatenate([[0.0], np.cumsum(expected)])


def window(
    path: Path, own: Series, totals: Totals, last: int, by: Baselines, bins: tuple[int, int], least: int
) -> Window | None:
    """The shortest window of *bins* that holds *least* attempts; None when none does, or nothing is known to hold it against.

    How the rest of the floor fares is taken over ``rest_bins`` at least: of half an hour a thin floor cannot tell.
    """
    limits = by.floor.outages.answer_rate
    end = last - own.first + 1
    for size in range(bins[0], bins[1] + 1):
        start = max(0, end - size)
        gone = own.total[end] - own.total[start]
        n = int(gone[ATTEMPTS] - gone[FAILED])
        if n >= least:
            k, expected = int(gone[ANSWERED]), own.expected["answered"][end] - own.expected["answered"][start]
            rest_n, rest_k, rest_e = _rest(own, totals, max(0, min(start, end - limits.rest_bins)), end)
            if by.known(path):
                factor = min(1.0, (limits.rest_lean + rest_k) / (limits.rest_lean + rest_e))
            elif rest_n < limits.rest_attempts or rest_e <= 0 or not by.knows(path[0]):
                return None
            else:
                factor = rest_k / rest_e
            return Window(size, n, k, float(min(0.98, max(0.001, expected / n * factor))), float(factor))
    return None


def _rest(own: Series, totals: Totals, start: int, end: int) -> tuple[float, float, float]:
    """(attempts that got through, answers, expected answers) of the floor without this path."""
    gone = own.total[end] - own.total[start]
    expected = own.expected["answered"][end] - own.expected["answered"][start]
    return (
        float(totals.through[end] - totals.through[start] - gone[ATTEMPTS] + gone[FAILED]),
        float(totals.answered[end] - totals.answered[start] - gone[ANSWERED]),
        max(0.0, float(totals.expected[end] - totals.expected[start] - expected)),
    )


def prospects(path: Path, own: Series, totals: Totals, by: Baselines) -> Prospects:
    """As ``window`` and ``signal``, of every bin at once: the limit on p is left to ``signal``."""
    limits, known = by.floor.outages.answer_rate, by.known(path)
    through = (own.total[:, ATTEMPTS] - own.total[:, FAILED]).astype(np.float64)
    answers, expected = own.total[:, ANSWERED], own.expected["answered"]
    ends_ = np.arange(1, len(through))
    left = np.ones(len(ends_), dtype=np.bool_)  # bins whose shortest window is not found yet
    enough, bad = np.zeros_like(left), np.zeros_like(left)
    for size in range(limits.bins[0], limits.bins[1] + 1):
        starts = np.maximum(0, ends_ - size)
        n, k, due = (one[1:] - one[starts] for one in (through, answers, expected))
        here = left & (n >= limits.min_attempts)
        left &= ~here
        wide = np.minimum(starts, np.maximum(0, ends_ - limits.rest_bins))
        rest_n, rest_k, rest_e = (
            all_[1:] - all_[wide] - (mine[1:] - mine[wide])
            for all_, mine in ((totals.through, through), (totals.answered, answers), (totals.expected, expected))
        )
        rest_e = np.maximum(0.0, rest_e)
        if known:
            factor = np.minimum(1.0, (limits.rest_lean + rest_k) / (limits.rest_lean + rest_e))
        else:
            here &= (rest_n >= limits.rest_attempts) & (rest_e > 0) & by.knows(path[0])
            factor = rest_k / np.where(rest_e > 0, rest_e, 1.0)
        n = np.maximum(n, 1.0)
        share = np.minimum(0.98, np.maximum(0.001, due / n * factor))
        enough |= here
        bad |= here & (k < limits.below * n * share * SLACK)
    return Prospects(enough, bad)


def signal(path: Path, own: Series, totals: Totals, last: int, by: Baselines, family: int) -> Signal | None:
    """*family*: how many paths are watched together; the limit on p is shared among them (ADR 0026)."""
    limits = by.floor.outages.answer_rate
    seen = window(path, own, totals, last, by, limits.bins, limits.min_attempts)
    if seen is None:
        return None
    p = tail(seen.k, seen.n, seen.share, by.spread_of(path[0])) if seen.k < limits.below * seen.n * seen.share else 1.0
    recent = window(path, own, totals, last, by, WELL_BINS, limits.min_attempts // 2)
    half = (1 + limits.below) / 2
    well = recent is not None and recent.k >= half * recent.n * recent.share
    worse = recent is not None and not well
    evidence: dict[str, Any] = {
        "attempts": seen.n,
        "answered": seen.k,
        "expected": round(seen.n * seen.share, 2),
        "base": round(seen.share, 6),
        "rest_of_usual": round(seen.factor, 4),
        "p_value": p,
        **window_of(last - seen.bins + 1, last),
    }
    return Signal(p < limits.p / family, well, worse, _since(own, last, seen, limits.below), evidence)


def tail(k: int, n: int, share: float, spread: float) -> float:
    """P(X ≤ k) of a beta-binomial with this mean and correlation."""
    more = 1 / spread - 1
    a, b = share * more, (1 - share) * more
    x = np.arange(0, k + 1)
    logs = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1) + betaln(x + a, n - x + b) - betaln(a, b)
    return float(min(1.0, np.exp(logs).sum()))


def _since(own: Series, last: int, seen: Window, below: float) -> datetime:
    """The start of the first bin of the window from which on answers stayed below half-way."""
    half = (1 + below) / 2 * seen.share
    for number in range(max(own.first, last - seen.bins + 1), last + 1):
        later = own.window(last, last - number + 1)
        first = own.at(number)
        n = first[ATTEMPTS] - first[FAILED]
        if n and first[ANSWERED] < half * n and later[ANSWERED] < half * (later[ATTEMPTS] - later[FAILED]):
            return ends(number - 1)
    return ends(last - seen.bins)
