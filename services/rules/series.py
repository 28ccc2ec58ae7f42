"""Traffic of every path along the bins of a day, with running totals: any window is one subtraction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.rules.paths import SIZE, Cells, Counts, Path, paths_of

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

    def at(self, number: int) -> Counts:
        return self.window(number, 1)


def series_of(
    cells: Cells, first: int, last: int, wanted: Callable[[str], bool] = lambda _: True
) -> dict[Path, Series]:
    """Series of lines, numbers, campaigns and *wanted* agents over the bins *first* to *last*."""
    places: dict[Path, int] = {}
    of_key: dict[tuple[str, str | None, str | None, str | None], list[int]] = {}
    rows: list[Counts] = []
    owners: list[int] = []
    bins: list[int] = []
    for number, of_bin in cells.items():
        if not first <= number <= last:
            continue
        for key, cell in of_bin.items():
            own = of_key.get(key)
            if own is None:
                keys = paths_of(*key[:3]) + ([("agent", key[3])] if key[3] and wanted(key[3]) else [])
                own = of_key[key] = [places.setdefault(path, len(places)) for path in keys]
            for place in own:
                rows.append(cell.counts)
                owners.append(place)
                bins.append(number - first + 1)
    total = np.zeros((len(places), last - first + 2, SIZE), dtype=np.int64)
    if rows:
        np.add.at(total, (owners, bins), np.array(rows, dtype=np.int64))
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
    for number in bins:
        for key, cell in sorted(cells.get(number, {}).items(), key=lambda one: tuple(str(part) for part in one[0])):
            on = path in (("line", key[0]), ("did", key[1]), ("campaign", key[2]), ("agent", key[3]))
            if on or (key[3] and of(key[3])):
                found += which(cell)
                if len(found) >= most:
                    return sorted(found[:most])
    return sorted(found)
