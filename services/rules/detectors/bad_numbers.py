"""Numbers of a campaign that are none, by the codes of the list (DOMAIN §8: 404/1, 410/22, 484/28; ADR 0045).

Enter: over the newest ten minutes (up to half an hour until there are 20 attempts) a binomial tail against the campaign's own
usual share, its limit shared among the campaigns and the looks of a longer window, three times the usual and a tenth of all
attempts more. Leave: 2 of 3 windows half-way back. A line that answers so to every campaign misroutes: see ``misrouted``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import bdtrc

from services.rules.baselines import Baselines
from services.rules.detectors.short_calls import since_of
from services.rules.detectors.windowed import SLACK, Prospects, Signal, window_of
from services.rules.paths import ATTEMPTS, BAD, Cells, Path, hour_of
from services.rules.series import Series


def prospects(path: Path, own: Series, hours: Sequence[tuple[int, int]], by: Baselines) -> Prospects:
    limits = by.floor.outages.bad_numbers
    widest = own.windows(limits.thin_bins)
    rates = {hour: by.bad(path, *hour) for hour in set(hours)}
    usual = np.array([rates[hour] for hour in hours])
    bad, attempts = widest[:, BAD], widest[:, ATTEMPTS]
    p = bdtrc(bad - 1.0, np.maximum(bad, limits.min_attempts), usual)
    return Prospects(attempts >= limits.min_attempts, (bad >= limits.min_bad) & (p < limits.p * SLACK))


def signal(path: Path, own: Series, cells: Cells, last: int, by: Baselines, family: int) -> Signal | None:
    """*family*: how many campaigns are watched; they share the limit on p."""
    limits = by.floor.outages.bad_numbers
    bins, counts = own.shortest(last, ATTEMPTS, limits.min_attempts, limits.bins, limits.thin_bins)
    n, dead = counts[ATTEMPTS], counts[BAD]
    if n < limits.min_attempts:
        return None
    base = by.bad(path, *hour_of(last, by.floor.zone))
    p = float(bdtrc(dead - 1, n, base)) if dead else 1.0
    least = max(limits.above * base, base + limits.more)
    bad = dead >= limits.min_bad and dead >= least * n and p < limits.p / family * limits.bins / bins
    half = (base + dead / n) / 2 if bad else (base + least) / 2
    newest = own.at(last)
    worse = newest[ATTEMPTS] > 0 and newest[BAD] > half * newest[ATTEMPTS]
    evidence: dict[str, Any] = {
        "attempts": n,
        "bad": dead,
        "share": round(dead / n, 6),
        "base": round(base, 6),
        "p_value": p,
        **window_of(last - bins + 1, last),
    }
    if bad and (line := misrouted(cells, path, last, bins, least, limits.min_attempts // 2)):
        evidence["line"] = line
    well = dead < (base + least) / 2 * n
    return Signal(bad, well, worse, since_of(own, last, bins, half, BAD, ATTEMPTS), evidence)


def misrouted(cells: Cells, path: Path, last: int, bins: int, least: float, enough: int) -> str | None:
    """The line over which the campaign's bad numbers came, when its other lines bring few and the line brings as many of other
    campaigns: then nobody can tell whether the numbers are bad or the line says so of every number."""
    own: dict[str, list[int]] = {}
    others: dict[str, list[int]] = {}
    for number in range(last - bins + 1, last + 1):
        of_bin = cells.get(number)
        for route, (attempts, _, _, bad) in of_bin.digest.routes.items() if of_bin is not None else ():
            counted = (own if path in route else others).setdefault(route[0][1], [0, 0])
            counted[0] += attempts
            counted[1] += bad
    for line in sorted(own):
        beside = others.get(line, [0, 0])
        elsewhere = [sum(one[place] for name, one in own.items() if name != line) for place in (0, 1)]
        fine_elsewhere = elsewhere[1] < least * elsewhere[0] or not elsewhere[0]
        if beside[0] >= enough and beside[1] >= least * beside[0] and fine_elsewhere:
            return line
    return None
