"""The working day of a floor: its instants in UTC, cut-offs and standard shift. DST is the time zone's business."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from schemas.floor import Floor, Shift
from schemas.steps import Step
from services.rules.curve import DayCurve, day_curve
from services.rules.spans import Spans, at, minutes, subtract

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BIN_MIN: Final = 30
"""Minutes of local wall clock in a bin of a curve."""
BINS: Final = 24 * 60 // BIN_MIN


@dataclass(frozen=True, slots=True)
class CutOff:
    name: str
    at: datetime
    """Aware UTC."""


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """One calendar day of the floor.

    ``starts`` is local midnight, ``ends`` the next one; ``standard`` the full shift without breaks;
    ``cut_offs`` is empty on a non-working day. ``curves``: of the steps whose minutes do not all weigh the same.
    """

    date: Date
    working: bool
    starts: datetime
    ends: datetime
    standard: Spans
    breaks: Spans
    cut_offs: tuple[CutOff, ...]
    curves: Mapping[Step, DayCurve] = field(default_factory=dict)
    standard_min: float = field(init=False)
    _standard: Mapping[Step, float] = field(init=False, repr=False)
    """Weighted minutes of the standard shift, of the steps with a curve."""

    def __post_init__(self) -> None:
        start, end = at(self.starts), at(self.ends)
        weighted = {step: curve.minutes(self.standard, start, end) for step, curve in self.curves.items()}
        object.__setattr__(self, "standard_min", minutes(self.standard, start, end))
        object.__setattr__(self, "_standard", {step: found for step, found in weighted.items() if found})
        # A shift in which no minute weighs anything cannot be shared out by weight.
        object.__setattr__(self, "curves", {step: self.curves[step] for step in self._standard})

    @property
    def weekday(self) -> str:
        return DAYS[self.date.weekday()]

    def standard_of(self, step: Step | None) -> float:
        """Minutes of the standard shift, each with its weight for *step*; None weighs all alike."""
        return self._standard.get(step, self.standard_min) if step else self.standard_min

    def weighted_min(self, step: Step | None, spans: Spans, start: datetime, end: datetime) -> float:
        """Minutes of *spans* inside (start, end], weighted likewise."""
        curve = self.curves.get(step) if step else None
        return minutes(spans, at(start), at(end)) if curve is None else curve.minutes(spans, at(start), at(end))

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
        curves={step: _curve(tuple(weights.items()), date, zone) for step, weights in floor.curves.items()},
    )


@lru_cache(maxsize=1024)
def _curve(weights: tuple[tuple[str, float], ...], date: Date, zone: ZoneInfo) -> DayCurve:
    given = dict(weights)
    edges = bin_edges(date, zone)
    return day_curve(edges, [given.get(bin_start(number).strftime("%H:%M"), 1.0) for number in range(BINS)])


def bin_edges(date: Date, zone: ZoneInfo) -> tuple[float, ...]:
    """Unix seconds of the BINS + 1 edges; a bin that a DST change skips is empty, one it repeats is an hour longer."""
    found = [_at(date, bin_start(number), zone) for number in range(BINS)]
    found.append(_at(date + timedelta(days=1), time(), zone))
    for number in range(BINS - 1, -1, -1):
        found[number] = min(found[number], found[number + 1])
    return tuple(found)


def bin_start(number: int) -> time:
    return time(number * BIN_MIN // 60, number * BIN_MIN % 60)


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
