"""Traffic of every path along the bins of a day, with running totals: any window is one subtraction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.rules.paths import RINGS, SIZE, Cells, Counts, Path

Numbers = NDArray[np.float64]


@dataclass(slots=True)
class Series:
    """Counts of one path; ``first`` is the day's first bin. ``expected``: what is usual, per bin, by the detector's name."""

    first: int
    total: NDArray[np.int64]
    expected: dict[str, Numbers] = field(default_factory=dict)

    def window(self, last: int, bins: int) -> Counts:
        """Counts of the *bins* bins that end with bin *last*."""
        end = last - self.first + 1
        found: Counts = (self.total[end] - self.total[max(0, end - bins)]).tolist()
        return found

    def shortest(self, last: int, of: int, wanted: int, least: int, most: int) -> tuple[int, Counts]:
        """(bins, counts) of the shortest window that ends with bin *last* and holds *wanted* of count *of*: *least* bins or more;
        where none up to *most* does, the longest."""
        bins, counts = least, self.window(last, least)
        while counts[of] < wanted and bins < most:
            bins += 1
            counts = self.window(last, bins)
        return bins, counts

    def windows(self, bins: int) -> NDArray[np.int64]:
        """``window`` of every bin of the day, one a row."""
        ends = np.arange(1, len(self.total))
        found: NDArray[np.int64] = self.total[1:] - self.total[np.maximum(0, ends - bins)]
        return found

    def at(self, number: int) -> Counts:
        return self.window(number, 1)


def series_of(
    cells: Cells, first: int, last: int, wanted: Callable[[str], bool] = lambda _: True
) -> dict[Path, Series]:
    """Series of lines, numbers, campaigns and *wanted* agents over the bins *first* to *last*."""
    places: dict[Path, int] = {}
    rows: list[Counts] = []
    owners: list[int] = []
    bins: list[int] = []
    rest = [0] * (SIZE - RINGS)
    for number in range(first, last + 1):
        of_bin = cells.get(number)
        if of_bin is None:
            continue
        digest = of_bin.digest
        for path, counts in digest.shared.items():
            rows.append(counts)
            owners.append(places.setdefault(path, len(places)))
            bins.append(number - first + 1)
        for agent, counts in digest.agents.items():
            if wanted(agent):
                rows.append(counts + rest)
                owners.append(places.setdefault(("agent", agent), len(places)))
                bins.append(number - first + 1)
    total = np.zeros((len(places), last - first + 2, SIZE), dtype=np.int64)
    if rows:
        total[owners, bins] = rows
    np.cumsum(total, axis=1, out=total)
    return {path: Series(first, total[place]) for path, place in sorted(places.items())}


def samples(
    cells: Cells,
    path: Path,
    bins: Iterable[int],
    which: Callable[..., Sequence[str]],
    most: int = 5,
    of: Callable[[str], bool] = lambda _: False,
) -> list[str]:
    """Names of calls of *path*, or of agents that are *of* it, that show the fault, the newest bins first."""
    found: list[str] = []
    place = {"line": 0, "did": 1, "campaign": 2, "agent": 3}.get(path[0])
    for number in bins:
        own = [
            (key, cell)
            for key, cell in cells.get(number, {}).items()
            if (place is not None and key[place] == path[1]) or (key[3] and of(key[3]))
        ]
        for _, cell in sorted(own, key=lambda one: tuple(str(part) for part in one[0])):
            found += which(cell)
            if len(found) >= most:
                return sorted(found[:most])
    return sorted(found)
