"""Silences of every source over the days of a file: what is open at a close, and the episodes that become alerts."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date as Date
from datetime import datetime

import msgspec

from schemas.floor import Floor
from services.lab.backtest.read import Version
from services.rules.arrivals import Expected, usual_loads
from services.rules.baselines import Baselines
from services.rules.connecting import late
from services.rules.day import WorkingDay
from services.rules.detectors.source_silence import LAST, Silence, at_pace, gaps, name_of, silences
from services.rules.sources import Load


class Silent:
    """Knows when each source's facts arrived. Days are asked in order; ``turn`` ends one."""

    def __init__(
        self, floor: Floor, versions: Iterable[Version], usual: Callable[[Date], Baselines | None] = lambda _: None
    ) -> None:
        """*usual*: what is known of the days before a day, when it is asked for."""
        self.floor, self._usual = floor, usual
        self._arrivals: dict[str, list[datetime]] = defaultdict(list)
        self._told: dict[str, list[Version]] = defaultdict(list)
        for version in versions:
            self._arrivals[version.source].append(version.received)
            self._told[version.source].append(version)
        for told in self._told.values():
            told.sort(key=_told_at)
        self._ends: dict[str, list[datetime]] = {}
        for source, arrivals in self._arrivals.items():
            arrivals.sort()
            if source in floor.source_by_id:
                self._ends[source] = gaps(arrivals, floor.source_by_id[source].expect_every_s)
        self._carried: dict[str, Silence] = {}
        self._loads: dict[Date, list[tuple[str, Load]]] = {}
        self._expected: dict[Date, Expected] = {}

    def of(self, day: WorkingDay, by: datetime) -> list[Silence]:
        """Silences of *day* known at *by*; one that lasts since an earlier day starts at midnight here."""
        found: list[Silence] = []
        for source, load in self._loads_of(day):
            config = self.floor.source_by_id[source]
            if source not in self._arrivals or self._arrivals[source][0] > by:
                continue  # never heard, which is no silence
            today = self._arrived(source, day, by)
            limits, every_s = self.floor.outages.source_silence, config.expect_every_s
            for one in silences(load, today, day.starts, by, expect_every_s=every_s, min_expected=limits.min_expected):
                came = self._count(source, day.starts, one.since)
                paced = at_pace(one, load, came, day.starts, by, expect_every_s=every_s, by=limits)
                found += [paced] if paced else []
        return found

    def _count(self, source: str, after: datetime, until: datetime) -> int:
        arrivals = self._arrivals[source]
        return bisect_right(arrivals, until) - bisect_right(arrivals, after)

    def last_before(self, one: Silence) -> list[str]:
        """Names of the last facts that had arrived when the silence began, the newest first."""
        told = self._told[one.source]
        found = []
        for place in range(bisect_right(told, one.since, key=_received) - 1, -1, -1):
            if told[place].known(one.fired_at):
                found.append(told[place])
            if len(found) == LAST:
                break
        return [name for version in found if (name := name_of(msgspec.structs.asdict(version.data)))]

    def load_of(self, day: WorkingDay, source: str) -> Load:
        return dict(self._loads_of(day))[source]

    def _loads_of(self, day: WorkingDay) -> list[tuple[str, Load]]:
        if day.date not in self._loads:
            self._loads[day.date] = sorted(usual_loads(self.floor, day, self._usual(day.date), self._expected).items())
        return self._loads[day.date]

    def open_at(self, day: WorkingDay, by: datetime) -> frozenset[str]:
        """Sources silent at *by*, those included that have been silent since an earlier day."""
        fresh = {one.source for one in self.of(day, by) if one.resolved_at is None}
        return frozenset(fresh | {source for source in self._carried if not self._arrived(source, day, by)})

    def unheard(self, by: datetime) -> frozenset[str]:
        """Sources of the floor file of which nothing had come by then, on this day or before."""
        return frozenset(
            source.id
            for source in self.floor.sources
            if source.id not in self._arrivals or self._arrivals[source.id][0] > by
        )

    def connected(self, day: WorkingDay, by: datetime) -> dict[str, datetime]:
        """Sources whose first fact ever came on that day by then, and late on it (rules.connecting)."""
        first = {name: own[0] for name, own in self._arrivals.items() if name in self.floor.source_by_id}
        until = min(by, day.ends)
        return late(self.floor, day, {name: one for name, one in first.items() if day.starts < one <= until})

    def turn(self, day: WorkingDay) -> list[Silence]:
        """Episodes that began on *day*, with their ends; what stays open is carried into the next days."""
        found = []
        for one in self.of(day, day.ends):
            if one.source in self._carried and one.since == day.starts:
                continue
            arrivals = self._arrivals[one.source]
            after = bisect_right(arrivals, one.fired_at)
            found.append(replace(one, resolved_at=arrivals[after] if after < len(arrivals) else None))
        carried = {one.source: one for one in found if one.resolved_at is None or one.resolved_at > day.ends}
        still = {source: one for source, one in self._carried.items() if not self._arrived(source, day, day.ends)}
        self._carried = {**still, **carried}
        return found

    def _arrived(self, source: str, day: WorkingDay, by: datetime) -> list[datetime]:
        """Arrivals in the day up to *by*: the ends of its longer gaps, and the last one."""
        arrivals, ends = self._arrivals[source], self._ends[source]
        last = bisect_right(arrivals, by)
        if not last or arrivals[last - 1] <= day.starts:
            return []
        first = bisect_right(arrivals, day.starts)
        inside = ends[bisect_right(ends, day.starts) : bisect_right(ends, by)]
        return sorted({arrivals[first], *inside, arrivals[last - 1]})


def _received(version: Version) -> datetime:
    return version.received


def _told_at(version: Version) -> tuple[datetime, str]:
    return version.received, version.id
