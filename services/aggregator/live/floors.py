"""The floor as the aggregator sees it: which version governs a day, and how each agent's calls are counted on it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from time import monotonic

from schemas.floor import Floor
from services.rules.day import WorkingDay, date_of, working_day
from services.rules.funnel import Thresholds, thresholds
from services.rules.versions import floor_on

LOOK_S = 0.2
Versions = list[tuple[int, datetime, Floor]]


@dataclass(frozen=True, slots=True)
class FloorDay:
    """One day under the version that governs it."""

    version: int
    floor: Floor
    day: WorkingDay
    by_agent: dict[str, Thresholds]
    default: Thresholds

    def counting(self, agent: str) -> Thresholds:
        """How the calls of *agent* count; those who left the roster are counted by the floor's own limits."""
        return self.by_agent.get(agent, self.default)


class Floors:
    """Days by the newest version known; answers are kept until another version arrives."""

    def __init__(self, versions: Callable[[], Versions], now: Callable[[], datetime]) -> None:
        self._versions, self._now = versions, now
        self._seen = -1
        self._days: dict[Date, FloorDay] = {}
        self._bounds: tuple[tuple[datetime, datetime, Date], ...] = ()
        self._look_again = 0.0

    def on(self, date: Date) -> FloorDay:
        versions = self._versions()
        if versions[-1][0] != self._seen:
            self._seen = versions[-1][0]
            self._days.clear()
        found = self._days.get(date)
        if found is None:
            found = _floor_day(versions, date)
            if len(self._days) > 64:
                self._days.clear()
            self._days[date] = found
        return found

    def as_of(self, version: int, date: Date) -> FloorDay:
        """The day as it was governed when *version* was the newest."""
        known = [one for one in self._versions() if one[0] <= version]
        return _floor_day(known or self._versions(), date)

    @property
    def first_applied_at(self) -> datetime:
        return self._versions()[0][1]

    @property
    def latest(self) -> Floor:
        return self._versions()[-1][2]

    def date_of(self, instant: datetime) -> Date:
        return date_of(instant, self.latest.zone)

    def today(self) -> FloorDay:
        return self.on(self.date_of(self._now()))

    def live_date(self, instant: datetime) -> Date | None:
        """The live day of *instant*, or None. Asked for every fact: the days are looked up five times a second."""
        if monotonic() > self._look_again:
            self._look_again = monotonic() + LOOK_S
            yesterday, today, tomorrow = self.live_dates()
            days = [self.on(date).day for date in (today, yesterday, tomorrow)]
            self._bounds = tuple((day.starts, day.ends, day.date) for day in days)
        for starts, ends, date in self._bounds:
            if starts <= instant < ends:
                return date
        return None

    def live_dates(self) -> tuple[Date, ...]:
        """Days kept in memory: yesterday, today, and tomorrow for clocks that run a little fast."""
        today = self.date_of(self._now())
        return (today - timedelta(days=1), today, today + timedelta(days=1))


def _floor_day(versions: Versions, date: Date) -> FloorDay:
    version, floor = floor_on(versions, date)
    by_team = {team.id: thresholds(floor, team.id) for team in floor.teams}
    return FloorDay(
        version,
        floor,
        working_day(floor, date),
        {agent.id: by_team[agent.team] for agent in floor.agents},
        Thresholds(floor.long_call_s, floor.short_call_s, False),
    )
