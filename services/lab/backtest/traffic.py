"""Traffic of one day by path, as known at an instant, and what the day leaves to the baselines of later ones."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from schemas.facts import INVOICE, PRESENTATION, CallEnded
from schemas.floor import Floor
from services.lab.backtest.read import Version
from services.rules import paths
from services.rules.baselines import DaySummary, Feed, lags_of, summary
from services.rules.path_rows import FEEDS, Limits, call_of_row, limits_of
from services.rules.paths import Call, Cells
from services.rules.sources import bin_of_day


class _Row:
    """A version of a call under the names of ``schemas.queries.CALLS_OF_DAY``."""

    __slots__ = (
        "agent", "call_id", "campaign", "did", "disposition", "line", "occurred_at", "q850", "ring_s", "sip_status", "talk_s"
    )  # fmt: skip

    def __init__(self, version: Version, call: CallEnded) -> None:
        self.occurred_at, self.line, self.agent = version.at, version.line, version.agent
        self.did, self.campaign, self.disposition = call.did, call.campaign, call.disposition
        self.sip_status, self.q850 = call.sip_status, call.q850
        self.talk_s, self.ring_s, self.call_id = call.talk_s, call.ring_s, call.call_id


class Traffic:
    def __init__(self, floor: Floor, calls: Sequence[tuple[Version, CallEnded]], versions: Sequence[Version]) -> None:
        self.floor, self._versions = floor, versions
        limits: Limits = limits_of(floor)
        self._calls: list[tuple[Version, Call]] = [
            (version, call_of_row(_Row(version, call), floor, limits)) for version, call in calls
        ]

    @cached_property
    def _final(self) -> Cells:
        cells: Cells = {}
        paths.put(cells, (call for version, call in self._calls if version.replaced is None))
        return cells

    @cached_property
    def _when(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
        """Of each call: its bin, when it was known (seconds), whether another version took its place."""
        return (
            np.array([paths.bin_of(call.at) for _, call in self._calls], dtype=np.int64),
            np.array([version.received.timestamp() for version, _ in self._calls], dtype=np.float64),
            np.array([version.replaced is not None for version, _ in self._calls], dtype=np.bool_),
        )

    def cells(self, by: datetime | None = None) -> Cells:
        """All that is known, or was at *by*: the few bins that were known otherwise are counted anew."""
        if by is None:
            return self._final
        numbers, received, replaced = self._when
        moved = (received > by.timestamp()) | replaced
        otherwise = set(numbers[moved].tolist())
        if not otherwise:
            return self._final
        cells = {number: of_bin for number, of_bin in self._final.items() if number not in otherwise}
        again = np.flatnonzero(np.isin(numbers, list(otherwise)) & (received <= by.timestamp())).tolist()
        paths.put(cells, (call for version, call in map(self._calls.__getitem__, again) if version.known(by)))
        return cells

    def marks(self, by: datetime | None = None) -> dict[Feed, list[datetime]]:
        found: dict[Feed, list[datetime]] = {}
        for version in self._marks:
            if version.replaced is None if by is None else version.known(by):
                found.setdefault((version.source, FEEDS[version.type]), []).append(version.at)
        return found

    @cached_property
    def _marks(self) -> list[Version]:
        return [version for version in self._versions if version.type in (PRESENTATION, INVOICE)]

    def summary(self, ends: datetime) -> DaySummary:
        """As the day was known at its end."""
        found = DaySummary(hours=summary(self.floor, self.cells(ends), self.floor.zone))
        calls = [
            (call.agent, call.at.timestamp())
            for version, call in self._calls
            if call.answered and call.agent and version.known(ends)
        ]
        for one in self._versions:
            if one.known(ends):
                bins = found.arrived.setdefault(one.source, {})
                number = bin_of_day(one.at.timestamp(), self.floor.zone)
                bins[number] = bins.get(number, 0) + 1
        told: dict[Feed, list[tuple[str, float]]] = {}
        for one in self._marks:
            if one.known(ends):
                told.setdefault((one.source, FEEDS[one.type]), []).append((one.agent or "", one.at.timestamp()))
        for feed, own in told.items():
            found.marks[feed] = len(own)
            found.lags[feed] = lags_of(calls, own)
        return found
