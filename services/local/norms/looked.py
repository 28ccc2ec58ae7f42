"""What a proposal looks at: past working days of a floor."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta

from schemas.floor import Floor
from services.rules.day import is_working
from services.rules.history import AgentDay
from services.rules.proposal import window

Advance = Callable[[int, int], None]
"""Told how far the work is: (done, of all)."""


@dataclass(frozen=True, slots=True)
class Looked:
    """``version`` of the floor whose norms are reviewed; None: it came from a file. ``dates``: the working days looked at."""

    floor: Floor
    version: int | None
    dates: tuple[Date, ...]
    days: list[AgentDay]


def working_dates(floor: Floor, since: Date | None, until: Date) -> tuple[Date, ...]:
    """Working days up to *until*, from *since* or from as long ago as the window reaches."""
    found: list[Date] = []
    date = until
    while len(found) < floor.review.window_days[1] and (since or until - timedelta(days=366)) <= date:
        if is_working(floor, date):
            found.append(date)
        date -= timedelta(days=1)
    return window(floor, found)
