"""Which slices are due to be closed, by the clock and by what is closed already. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta

from services.aggregator.live.floors import FloorDay
from services.rules.day import CutOff

LOOK_BACK = timedelta(days=7)
LOOK_AHEAD = timedelta(days=60)
DEADLINE_S = 3.0
"""A request may still be under way for so long after the grace period (DESIGN §10)."""


@dataclass(frozen=True, slots=True)
class DueSlice:
    """``starts`` is exclusive: the first slice takes midnight in. ``known_by``: facts received by then belong to it.
    ``on_time``: the next cut-off has not passed yet."""

    on: FloorDay
    cut: CutOff
    starts: datetime
    known_by: datetime
    on_time: bool


def due_slices(
    on: Callable[[Date], FloorDay],
    today: Date,
    now: datetime,
    deadline: timedelta,
    watched_from: datetime,
    watched_date: Date,
    closed: Collection[tuple[Date, str]],
) -> list[DueSlice]:
    """Slices that are due and not closed, oldest first.

    A slice whose cut-off lies before *watched_from* was not watched and is never closed. After an outage the days since
    the newest closed slice are made up for, at most seven.

    Args:
        deadline: the request deadline as a span of the floor's time.
        watched_date: the floor's date of *watched_from*.
    """
    newest = max((date for date, _ in closed), default=watched_date)
    date = max(today - LOOK_BACK, newest, watched_date)
    found: list[DueSlice] = []
    while date <= today:
        day = on(date)
        for cut in day.day.cut_offs:
            known_by = cut.at + timedelta(seconds=day.floor.grace_s)
            if cut.at > watched_from and known_by + deadline <= now and (date, cut.name) not in closed:
                following = next_cut_off(on, date, cut)
                starts = day.day.previous(cut.name)
                if starts == day.day.starts:
                    starts -= timedelta(microseconds=1)
                found.append(DueSlice(day, cut, starts, known_by, following is None or now < following))
        date += timedelta(days=1)
    return found


def next_cut_off(on: Callable[[Date], FloorDay], date: Date, cut: CutOff) -> datetime | None:
    """The cut-off after *cut*, on the same or a later working day."""
    last = date + LOOK_AHEAD
    while date <= last:
        for one in on(date).day.cut_offs:
            if one.at > cut.at:
                return one.at
        date += timedelta(days=1)
    return None
