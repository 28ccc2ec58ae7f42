"""Numbers, campaigns and lines whose answers fall together: the surest explains its traffic away from the others (ADR 0026)."""

from collections.abc import Mapping, Sequence

from schemas.floor import Floor
from services.rules.baselines import Baselines
from services.rules.detectors import answer_rate
from services.rules.detectors.windowed import Signal
from services.rules.paths import Cells, Path

RANK = {"did": 0, "campaign": 1, "line": 2}


def explained(
    floor: Floor,
    cells: Cells,
    by: Baselines,
    bad: Sequence[Path],
    open_: Sequence[Path],
    seen: Mapping[Path, Signal],
    number: int,
) -> tuple[set[Path], dict[Path, tuple[Path, ...]]]:
    """Those of *bad* that stand on traffic of their own; and which others share all of it.

    Args:
        open_: paths with an open finding. seen: signals of the window that ends with bin *number*.
    """
    if len(bad) < 2 and not (bad and open_):
        return set(bad), {}
    order = sorted(bad, key=lambda p: (p not in open_, seen[p].evidence["p_value"], RANK[p[0]], p))
    stand: list[Path] = [path for path in open_ if path not in bad]
    same: dict[Path, tuple[Path, ...]] = {}
    bins = floor.outages.answer_rate.bins[1]
    routes: dict[tuple[Path, ...], list[int]] = {}
    for one in range(number - bins + 1, number + 1):
        for on, (_, through, answered, _) in cells[one].digest.routes.items() if one in cells else ():
            own = routes.setdefault(on, [0, 0])
            own[0] += through
            own[1] += answered
    for path in order:
        n, k = _without(routes, path, stand)
        base = seen[path].evidence["base"]
        if path in open_ or not stand or _bad_alone(by, path, n, k, base):
            stand.append(path)
        elif n == 0:
            for before in stand:
                if _without(routes, before, [path])[0] == 0:
                    same[before] = (*same.get(before, ()), path)
    return set(stand), same


def _bad_alone(by: Baselines, path: Path, n: int, k: int, base: float) -> bool:
    """Whether traffic that *path* shares with no other found is bad by the same limits."""
    limits = by.floor.outages.answer_rate
    return (
        2 * n >= limits.min_attempts
        and k < limits.below * n * base
        and answer_rate.tail(k, n, base, by.spread_of(path[0])) < limits.p
    )


def _without(routes: Mapping[tuple[Path, ...], list[int]], path: Path, others: Sequence[Path]) -> tuple[int, int]:
    """(attempts that got through, answered) of *path* in the window, but for the traffic it shares with *others*."""
    n = k = 0
    for on, (through, answered) in routes.items():
        if path in on and not any(other in on for other in others):
            n += through
            k += answered
    return n, k
