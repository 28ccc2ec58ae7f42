"""The working day of a floor: its instants in UTC, cut-offs and standard shift. DST is the time zone's business."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from schemas.floor import Floor, Shift
from services.rules.spans import Spans, at, minutes, subtract

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class CutOff:
    name: str
    at: datetime
    """Aware UTC."""


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """One calendar day of the floor.

    ``starts`` is local midnight, ``ends`` the next one; ``standard`` the full shift without breaks;
    ``cut_offs`` is empty on a non-working day.
    """

    date: Date
    working: bool
    starts: datetime
    ends: datetime
    standard: Spans
    breaks: Spans
    cut_offs: tuple[CutOff, ...]

    @property
    def weekday(self) -> str:
        return DAYS[self.date.weekday()]

    @property
    def standard_min(self) -> float:
        return minutes(self.standard, at(self.starts), at(self.ends))

    @property
    def over(self) -> datetime:
        """When the working day is over: the end of the standard shift or the last cut-off, whichever is later."""
        ends = [cut.at for cut in self.cut_offs]
        ends += [datetime.fromtimestamp(end, UTC) for _, end in self.standard]
        return max(ends, default=self.ends)

    def previous(self, name: str) -> datetime:
        """Start of the slice *name*: the cut-off before it, or local midnight."""
        names = [cut.name for cut in self.cut_offs]
        where = names.index(name)
        return self.cut_offs[where - 1].at if where else self.starts


def local_instant(date: Date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time; one that a DST change skips or repeats is read by the clock before the change."""
    return datetime.combine(date, clock, zone).astimezone(UTC)


def date_of(instant: datetime, zone: ZoneInfo) -> Date:
    return instant.astimezone(zone).date()


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> frozenset[Date]:
    return frozenset(holidays.country_holidays(country, years=year))


def is_working(floor: Floor, date: Date) -> bool:
    if DAYS[date.weekday()] not in floor.day.weekdays:
        return False
    return not (floor.day.holidays and date in _holidays(floor.day.holidays, date.year))


def working_day(floor: Floor, date: Date) -> WorkingDay:
    zone = floor.zone
    working = is_working(floor, date)
    breaks = tuple((_at(date, start, zone), _at(date, end, zone)) for start, end in sorted(floor.day.breaks))
    shift: Spans = ((_at(date, floor.day.start, zone), _at(date, floor.day.end, zone)),)
    return WorkingDay(
        date=date,
        working=working,
        starts=local_instant(date, time(), zone),
        ends=local_instant(date + timedelta(days=1), time(), zone),
        standard=subtract(shift, breaks),
        breaks=breaks,
        cut_offs=tuple(
            CutOff(clock.strftime("%H:%M"), local_instant(date, clock, zone)) for clock in floor.slices if working
        ),
    )


def shift_spans(day: WorkingDay, shifts: tuple[Shift, ...], zone: ZoneInfo) -> Spans:
    """Spans of an agent's own shifts on that day, breaks taken out."""
    own = tuple(
        (_at(day.date, shift.start, zone), _at(day.date, shift.end, zone))
        for shift in shifts
        if day.weekday in shift.weekdays
    )
    return subtract(tuple(sorted(own)), day.breaks)


def _at(date: Date, clock: time, zone: ZoneInfo) -> float:
    return at(local_instant(date, clock, zone))
