"""Short calls: answered, and over at once — one-way audio on a line (DOMAIN §8).

Enter: over 15 minutes (a thin line: the shortest window up to ``thin_bins`` that has them; ADR 0036) at least 20 answered
calls of at least 3 agents who had short ones, binomial p < 1e-3 against the
line's own share and at least 1.7 times of it, in 2 of the last 3 windows.
Leave: 2 of 3 windows below both limits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from scipy.special import bdtrc

from services.rules.baselines import Baselines
from services.rules.detectors.windowed import SLACK, Prospects, Signal, window_of
from services.rules.paths import ANSWERED, SHORT, Cells, Path, ends, hour_of
from services.rules.series import Series


def prospects(path: Path, own: Series, hours: Sequence[tuple[int, int]], by: Baselines) -> Prospects:
    """
    Args:
        hours: (weekday, hour) of every bin of the day.
    """
    limits = by.floor.outages.short_calls
    rates = {hour: by.short(path, *hour) for hour in set(hours)}
    usual = np.array([rates[hour] for hour in hours])
    enough = np.zeros(len(hours), dtype=np.bool_)
    bad = np.zeros_like(enough)
    for size in range(limits.bins, max(limits.bins, limits.thin_bins) + 1):
        counts = own.windows(size)
        n, short = counts[:, ANSWERED], counts[:, SHORT]
        here = ~enough & (n >= limits.min_answered)  # this is the shortest window that has them
        enough |= here
        bad |= here & (short > 0) & (short * SLACK >= limits.above * usual * n)
    return Prospects(enough, bad)


def signal(path: Path, own: Series, cells: Cells, last: int, by: Baselines, family: int) -> Signal | None:
    """*family*: how many lines are watched; they share the limit on p, and so do the looks that a longer window takes part in."""
    limits = by.floor.outages.short_calls
    bins, counts = own.shortest(last, ANSWERED, limits.min_answered, limits.bins, limits.thin_bins)
    n, short = counts[ANSWERED], counts[SHORT]
    if n < limits.min_answered:
        return None
    base = by.short(path, *hour_of(last, by.floor.zone))
    p = float(bdtrc(short - 1, n, base)) if short else 1.0
    bad = p < limits.p / family * limits.bins / bins and short >= limits.above * base * n
    people = agents_of(cells, path, last, bins) if bad else {}
    half = (base + short / n) / 2 if bad else 2 * base
    newest = own.at(last)
    worse = newest[SHORT] > half * newest[ANSWERED] if newest[ANSWERED] else False
    evidence: dict[str, Any] = {
        "answered": n,
        "short": short,
        "base": round(base, 6),
        "p_value": p,
        "agents": len(people),
        "by_agent": dict(sorted(people.items())),
        **window_of(last - bins + 1, last),
    }
    wide = len(people) >= limits.min_agents
    return Signal(bad and wide, not bad, worse, since(own, last, bins, half), evidence)


def agents_of(cells: Cells, path: Path, last: int, bins: int) -> dict[str, int]:
    """Agents with short calls on a line in the window → how many."""
    found: dict[str, int] = {}
    for number in range(last - bins + 1, last + 1):
        of_bin = cells.get(number)
        for agent, count in of_bin.digest.short.get(path[1], {}).items() if of_bin is not None else ():
            found[agent] = found.get(agent, 0) + count
    return found


def since(own: Series, last: int, bins: int, half: float) -> datetime:
    """The start of the first bin of the window that shows more than *half* of its answers short."""
    return since_of(own, last, bins, half, SHORT, ANSWERED)


def since_of(own: Series, last: int, bins: int, half: float, part: int, of: int) -> datetime:
    """The start of the first bin of the window in which count *part* is more than *half* of count *of*."""
    for number in range(max(own.first, last - bins + 1), last + 1):
        counts = own.at(number)
        if counts[of] and counts[part] > half * counts[of]:
            return ends(number - 1)
    return ends(last - 1)
