"""Traffic of one day by path, as known at an instant, and what the day leaves to the baselines of later ones."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from schemas.facts import CallEnded
from schemas.floor import Floor
from services.lab.backtest.read import Version
from services.lab.backtest.sorting import Sorted
from services.rules import paths
from services.rules.baselines import DaySummary, Feed, lags_of, summary
from services.rules.path_rows import FEEDS, Limits, limits_of
from services.rules.paths import Bin, Call, Cells, call_of
from services.rules.sources import bin_of_day


class Traffic:
    def __init__(self, floor: Floor, versions: Sequence[Version], found: Sorted) -> None:
        self.floor, self._versions, self._marks = floor, versions, found.marks
        self._kept: dict[tuple[int, tuple[int, ...]], Bin] = {}
        limits: Limits = limits_of(floor)
        self._calls = [
            (version, _call(version, version.data, failed, floor, limits))
            for version, failed in zip(found.calls, found.failed, strict=True)
            if type(version.data) is CallEnded
        ]

    @cached_property
    def _final(self) -> Cells:
        cells: Cells = {}
        paths.put(cells, (call for version, call in self._calls if version.replaced is None))
        return cells

    @cached_property
    def _when(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Of each call: its bin, when it was known, when another version took its place (seconds; infinite: never)."""
        return (
            np.array([paths.bin_of(call.at) for _, call in self._calls], dtype=np.int64),
            np.array([version.received.timestamp() for version, _ in self._calls], dtype=np.float64),
            np.array(
                [version.replaced.timestamp() if version.replaced else np.inf for version, _ in self._calls],
                dtype=np.float64,
            ),
        )

    def cells(self, by: datetime | None = None, until: datetime | None = None) -> Cells:
        """All that is known, or was at *by*, of the bins up to that of *until*: the few that were known otherwise are
        counted anew."""
        if by is None:
            return self._final
        numbers, received, replaced = self._when
        last = paths.bin_of(until) if until is not None else max(self._final, default=0)
        moment = by.timestamp()
        unknown = (received > moment) | (replaced <= moment)
        otherwise = set(numbers[(unknown != np.isfinite(replaced)) & (numbers <= last)].tolist())
        cells = {number: of_bin for number, of_bin in self._final.items() if number <= last and number not in otherwise}
        for number in sorted(otherwise):
            inside = self._places(number)
            of_bin = self._bin(number, tuple(inside[~unknown[inside]].tolist()))
            if of_bin:
                cells[number] = of_bin
        return cells

    def _places(self, number: int) -> NDArray[np.int64]:
        """Positions of the calls of a bin: they stand together, in order of time."""
        numbers = self._when[0]
        return np.arange(np.searchsorted(numbers, number), np.searchsorted(numbers, number, side="right"))

    def _bin(self, number: int, places: tuple[int, ...]) -> Bin:
        found = self._kept.get((number, places))
        if found is None:
            cells: Cells = {}
            paths.put(cells, (self._calls[place][1] for place in places))
            found = self._kept[number, places] = cells.get(number) or Bin()
        return found

    def marks(self, by: datetime | None = None) -> dict[Feed, list[datetime]]:
        found: dict[Feed, list[datetime]] = {}
        for version in self._marks:
            if version.replaced is None if by is None else version.known(by):
                found.setdefault((version.source, FEEDS[version.type]), []).append(version.at)
        return found

    def summary(self, ends: datetime) -> DaySummary:
        """As the day was known at its end."""
        found = DaySummary(hours=summary(self.floor, self.cells(ends), self.floor.zone))
        calls = [
            (call.agent, call.at.timestamp())
            for version, call in self._calls
            if call.answered and call.agent and version.known(ends)
        ]
        minutes: dict[int, int] = {}  # of the clock → five minutes of the local day
        for one in self._versions:
            if one.known(ends):
                second = one.at.timestamp()
                minute = int(second // 60)
                number = minutes.get(minute)
                if number is None:
                    number = minutes[minute] = bin_of_day(second, self.floor.zone)
                bins = found.arrived.setdefault(one.source, {})
                bins[number] = bins.get(number, 0) + 1
        told: dict[Feed, list[tuple[str, float]]] = {}
        for one in self._marks:
            if one.known(ends):
                told.setdefault((one.source, FEEDS[one.type]), []).append((one.agent or "", one.at.timestamp()))
        for feed, own in told.items():
            found.marks[feed] = len(own)
            found.lags[feed] = lags_of(calls, own)
        return found


def _call(version: Version, data: CallEnded, failed: bool, floor: Floor, limits: Limits) -> Call:
    """As ``path_rows.call_of_row``, of a version."""
    return call_of(
        version.at, version.line, data.did, data.campaign, version.agent, data.disposition, data.sip_status, data.q850,
        data.talk_s, data.ring_s, data.call_id, failed, limits.get(version.agent) or limits[None], floor.outages,
    )  # fmt: skip
