"""The working day of a floor: its instants in UTC, cut-offs and standard shift. DST is the time zone's business."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from schemas.floor import Floor, Shift
from schemas.floor.days import Day
from schemas.steps import Step
from services.rules.curve import DayCurve, day_curve
from services.rules.spans import EMPTY, Span, Spans, at, minutes, subtract, union

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

    ``starts`` is local midnight, ``ends`` the next one; ``standard`` the full shift without breaks, as far as it falls on this
    day; ``whole``, where that is not all of it, what a shift over midnight has on a day between two others;
    ``cut_offs`` is empty on a non-working day. ``curves``: of the steps whose minutes do not all weigh the same.
    ``teams``: days of the teams that differ; ``hours``: when the standard shift of any team runs.
    """

    date: Date
    working: bool
    starts: datetime
    ends: datetime
    standard: Spans
    breaks: Spans
    cut_offs: tuple[CutOff, ...]
    curves: Mapping[Step, DayCurve] = field(default_factory=dict)
    teams: Mapping[str, "WorkingDay"] = field(default_factory=dict)
    hours: Spans = EMPTY
    whole: Spans = EMPTY
    standard_min: float = field(init=False)
    _standard: Mapping[Step, float] = field(init=False, repr=False)
    """Weighted minutes of the standard shift, of the steps with a curve."""

    def __post_init__(self) -> None:
        start, end, whole = at(self.starts), at(self.ends), self.whole or self.standard
        weighted = {step: curve.minutes(whole, start, end) for step, curve in self.curves.items()}
        object.__setattr__(self, "hours", self.hours or self.standard)
        object.__setattr__(self, "standard_min", minutes(whole, start, end))
        object.__setattr__(self, "_standard", {step: found for step, found in weighted.items() if found})
        # A shift in which no minute weighs anything cannot be shared out by weight.
        object.__setattr__(self, "curves", {step: self.curves[step] for step in self._standard})

    def of(self, team: str) -> "WorkingDay":
        """The day as that team has it. Cut-offs are the floor's."""
        return self.teams.get(team, self)

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
        """When the working day is over: the end of the last standard shift or the last cut-off, whichever is later."""
        ends = [cut.at for cut in self.cut_offs]
        ends += [datetime.fromtimestamp(end, UTC) for _, end in self.hours]
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


def is_working(floor: Floor, date: Date, team: str | None = None) -> bool:
    """Whether that team works on that date; without *team* whether any does."""
    if team is not None:
        return _works(floor.day_by_team.get(team, floor.day), date)
    own = floor.day_by_team
    plain = not own or len(own) < len(floor.teams)
    return (plain and _works(floor.day, date)) or any(_works(day, date) for day in own.values())


def begins(floor: Floor, date: Date, team: str) -> bool:
    """Whether a shift of that team begins on that date."""
    return _begins(floor.day_by_team.get(team, floor.day), date)


def _works(day: Day, date: Date) -> bool:
    """The morning after a shift over midnight is worked too."""
    return _begins(day, date) or (day.overnight and _begins(day, date - timedelta(days=1)))


def _begins(day: Day, date: Date) -> bool:
    if date in day.days_off or date in day.working_days:
        return date in day.working_days
    if DAYS[date.weekday()] not in day.weekdays:
        return False
    return not (day.holidays and date in _holidays(day.holidays, date.year))


def first_of_working_days(floor: Floor, until: Date, days: int) -> Date:
    """The first of the last *days* working days of the floor, *until* included; a calendar without so many ends the search."""
    date, left = until, days
    while left and (until - date).days < 3 * days + 30:
        left -= is_working(floor, date)
        if left:
            date -= timedelta(days=1)
    return date


def working_day(floor: Floor, date: Date) -> WorkingDay:
    """The floor's day, with those of the teams that differ: see ``WorkingDay.of``. A floor works when any team does."""
    plain = _day(floor, floor.day, date)
    if not floor.day_by_team:
        return plain
    teams = {team: _day(floor, day, date) for team, day in floor.day_by_team.items()}
    rest = [team.id for team in floor.teams if team.id not in teams]
    if plain.working != (working := is_working(floor, date)):
        teams |= dict.fromkeys(rest, plain)
        plain = replace(plain, working=working, cut_offs=_cut_offs(floor, date) if working else ())
    hours = [span for day in teams.values() if day.working for span in day.standard]
    if rest and teams.get(rest[0], plain).working:
        hours += plain.standard
    return replace(plain, teams=teams, hours=union(hours))


def team_day(floor: Floor, date: Date, team: str) -> WorkingDay:
    """As ``working_day(floor, date).of(team)``, without the other teams."""
    return _day(floor, floor.day_by_team.get(team, floor.day), date)


def _day(floor: Floor, own: Day, date: Date) -> WorkingDay:
    zone = floor.zone
    working = _works(own, date)
    breaks = tuple((_at(date, start, zone), _at(date, end, zone)) for start, end in sorted(own.breaks))
    shift = whole = _on(date, own.start, own.end, zone)
    if own.overnight and working:
        worked = (_begins(own, date - timedelta(days=1)), _begins(own, date))
        shift = tuple(span for span, works in zip(whole, worked, strict=True) if works)
    return WorkingDay(
        date=date,
        working=working,
        starts=local_instant(date, time(), zone),
        ends=local_instant(date + timedelta(days=1), time(), zone),
        standard=subtract(shift, breaks),
        whole=subtract(whole, breaks),
        breaks=breaks,
        cut_offs=_cut_offs(floor, date) if working else (),
        curves={step: _curve(tuple(weights.items()), date, zone) for step, weights in floor.curves.items()},
    )


def _cut_offs(floor: Floor, date: Date) -> tuple[CutOff, ...]:
    return tuple(CutOff(clock.strftime("%H:%M"), local_instant(date, clock, floor.zone)) for clock in floor.slices)


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


def shift_spans(day: WorkingDay, shifts: tuple[Shift, ...], zone: ZoneInfo, begins: tuple[bool, bool]) -> Spans:
    """Spans of an agent's own shifts on that day, breaks taken out.

    Args:
        begins: whether shifts begin on the day before, and on this one.
    """
    own: list[Span] = []
    before = DAYS[day.date.weekday() - 1]
    for shift in shifts:
        parts = _on(day.date, shift.start, shift.end, zone)
        today = day.weekday in shift.weekdays and begins[1]
        worked = (today,) if len(parts) == 1 else (before in shift.weekdays and begins[0], today)
        own += [span for span, works in zip(parts, worked, strict=True) if works]
    return subtract(union(own), day.breaks)


def _on(date: Date, start: time, end: time, zone: ZoneInfo) -> Spans:
    """What a shift has on one calendar day: itself, or over midnight its morning and its evening."""
    if start < end:
        return ((_at(date, start, zone), _at(date, end, zone)),)
    midnight, next_one = _at(date, time(), zone), _at(date + timedelta(days=1), time(), zone)
    if end == time():
        return ((_at(date, start, zone), next_one),)
    return (midnight, _at(date, end, zone)), (_at(date, start, zone), next_one)


def _at(date: Date, clock: time, zone: ZoneInfo) -> float:
    return at(local_instant(date, clock, zone))
