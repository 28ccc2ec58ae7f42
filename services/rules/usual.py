"""What a team or the floor usually brings an hour, per minute scheduled: the profile behind ``efficiency_drop``."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime, timedelta
from datetime import time as Time

from schemas.floor import Floor
from services.rules.baselines import Baselines
from services.rules.day import WorkingDay, local_instant, working_day
from services.rules.exposure import scheduled
from services.rules.paths import Path
from services.rules.spans import Spans, at, minutes


class Scheduled:
    """Minutes scheduled of each team on a day; people with the same shift are counted together."""

    def __init__(self, floor: Floor, day: WorkingDay) -> None:
        self._plans: dict[str, Counter[Spans]] = {team.id: Counter() for team in floor.teams}
        for agent in floor.agents:
            plan = scheduled(floor, day, agent)
            if plan:
                self._plans[agent.team][plan] += 1

    def minutes(self, team: str, start: datetime, end: datetime) -> float:
        return sum(people * minutes(plan, at(start), at(end)) for plan, people in self._plans[team].items())


@dataclass
class Usual:
    """``rates``: (team, count's position, weekday, hour) → (results, minutes); weekday −1 is any.

    ``weekdays``: (team, count's position, weekday) → (results, results due by the hour of the day alone).
    """

    rates: dict[tuple[str, int, int, int], tuple[float, float]] = field(default_factory=dict)
    weekdays: dict[tuple[str, int, int], tuple[float, float]] = field(default_factory=dict)
    spread: float = 2.0
    days: int = 0
    days_of: Counter[int] = field(default_factory=Counter)

    def rate(self, team: str, place: int, weekday: int, hour: int) -> float:
        """Results a scheduled minute: of the hour of the week, leaning as on four days on hour of the day × weekday."""
        done, mins = self.rates.get((team, place, -1, hour), (0.0, 0.0))
        wide = done / mins * self._weekday(team, place, weekday) if mins else 0.0
        own, own_min = self.rates.get((team, place, weekday, hour), (0.0, 0.0))
        lean = mins / max(1, self.days) * 4
        return (own + wide * lean) / (own_min + lean) if own_min + lean else 0.0

    def _weekday(self, team: str, place: int, weekday: int) -> float:
        """By how much the weekday differs from all days; leans on no difference as on a quarter of a day."""
        done, due = self.weekdays.get((team, place, weekday), (0.0, 0.0))
        lean = due / max(1, self.days_of[weekday]) / 4
        return (done + lean) / (due + lean) if due else 1.0


def usual(by: Baselines, places: tuple[int, ...]) -> Usual:
    """The profile of every team from the days of *by* that were worked; learned once."""
    if places not in by.profiles:
        by.profiles[places] = _learned(by, places)
    found: Usual = by.profiles[places]
    return found


def _learned(by: Baselines, places: tuple[int, ...]) -> Usual:
    floor, found = by.floor, Usual(spread=by.floor.outages.efficiency.overdispersion)
    rows: list[tuple[str, int, int, int, float, float]] = []
    for date, summary in sorted(by.by_day.items()):
        day = working_day(floor, date)
        teams = {path[1] for path, _ in summary.hours if path[0] == "team"}
        if not day.working or not teams:
            continue
        found.days += 1
        found.days_of[date.weekday()] += 1
        plan = Scheduled(floor, day)
        for (path, hour), counts in summary.hours.items():
            if path[0] != "team" or path[1] not in floor.team_by_id:
                continue
            start = _hour(floor, date, hour)
            mins = plan.minutes(path[1], start, start + timedelta(hours=1))
            if mins <= 0:
                continue
            for place in places:
                rows.append((path[1], place, date.weekday(), hour, float(counts[place]), mins))
    for team, place, weekday, hour, done, mins in rows:
        for key in ((team, place, weekday, hour), (team, place, -1, hour)):
            before = found.rates.get(key, (0.0, 0.0))
            found.rates[key] = (before[0] + done, before[1] + mins)
    for team, place, weekday, hour, done, mins in rows:
        of_hour, in_min = found.rates[team, place, -1, hour]
        seen, due = found.weekdays.get((team, place, weekday), (0.0, 0.0))
        found.weekdays[team, place, weekday] = seen + done, due + of_hour / in_min * mins
    found.spread = _spread(found, rows)
    return found


def _hour(floor: Floor, date: Date, hour: int) -> datetime:
    return local_instant(date, Time(hour), floor.zone)


def _spread(found: Usual, rows: list[tuple[str, int, int, int, float, float]]) -> float:
    """φ: how much hours scatter beyond Poisson; the configured one until a hundred hours are known."""
    squares, own = 0.0, 0
    for team, place, weekday, hour, done, mins in rows:
        expected = found.rate(team, place, weekday, hour) * mins
        if expected >= 5:
            squares += (done - expected) ** 2 / expected
            own += 1
    return min(6.0, max(1.0, squares / own)) if own >= 100 else found.spread


def expected(
    found: Usual, plan: Scheduled, teams: list[str], place: int, start: datetime, end: datetime, hour: tuple[int, int]
) -> float:
    """Results due of *teams* in (start, end] by the profile of that hour."""
    return sum(found.rate(team, place, *hour) * plan.minutes(team, start, end) for team in teams)


FLOOR: Path = ("floor", "floor")
