"""Calendars of teams: who works when, what a shift owes, and which day counts; by hand."""

from datetime import UTC, datetime
from datetime import date as Date

import pytest

from schemas.floor import Floor, FloorError, dump, parse
from services.rules.closing import Evidence, close
from services.rules.day import is_working, team_day, working_day
from services.rules.exposure import scheduled
from services.rules.forecast import days_left
from services.rules.memory import Memory
from services.rules.sources import loads
from services.rules.spans import at, minutes
from services.rules.target import due
from services.rules.tasks import next_due, recheck_on
from services.rules.versions import floor_on

TEXT = """
timezone: Europe/Moscow
day:
  start: "09:00"
  end: "18:00"
  breaks: ["13:00-14:00"]
  holidays: RU
  days_off: [2026-09-10]
  working_days: [2026-09-12]
slices: ["11:00", "13:30", "18:00"]
teams:
  - {id: day}
  - {id: late, day: {start: "12:00", end: "21:00", breaks: ["16:00-17:00", "19:00-19:30"]}}
  - {id: weekend, day: {weekdays: [sat, sun], holidays: none, working_days: [2026-09-09], days_off: [2026-09-12]}}
  - {id: abroad, day: {holidays: KZ}}
agents:
  - {id: dina, team: day, identities: {pbx: "1"}}
  - {id: lena, team: late, identities: {pbx: "2"}}
  - {id: wanda, team: weekend, identities: {pbx: "3"}}
  - {id: aida, team: abroad, identities: {pbx: "4"}}
norms: [{for: {floor: main}, per_day: {calls: 75}}]
sources: [{id: pbx, provider: generic}]
"""
FLOOR = parse(TEXT)
MONDAY = Date(2026, 9, 7)


def local(clock: str, date: Date = MONDAY) -> datetime:
    return datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=FLOOR.zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("date", "who"),
    [
        (Date(2026, 9, 7), "day late abroad"),
        (Date(2026, 9, 9), "day late weekend abroad"),
        (Date(2026, 9, 10), ""),
        (Date(2026, 9, 12), "day late abroad"),
        (Date(2026, 9, 13), "weekend"),
        (Date(2026, 11, 4), "abroad"),
        (Date(2026, 3, 23), "day late"),
        (Date(2026, 1, 1), ""),
    ],
    ids=["monday", "moved", "day off", "moved saturday", "sunday", "unity", "nauryz", "new year"],
)
def test_who_works(date: Date, who: str) -> None:
    """Own dates go before the floor's, both before holidays, those before weekdays; the floor works when any team does."""
    working = set(who.split())
    day = working_day(FLOOR, date)
    assert {team.id for team in FLOOR.teams if is_working(FLOOR, date, team.id)} == working
    assert {agent.team for agent in FLOOR.agents if scheduled(FLOOR, day, agent)} == working
    assert (day.working, is_working(FLOOR, date), bool(day.cut_offs)) == (bool(working),) * 3


@pytest.mark.parametrize("date", [MONDAY, Date(2026, 9, 9), Date(2026, 9, 13), Date(2026, 11, 4)])
@pytest.mark.parametrize("team", ["day", "late", "weekend", "abroad"])
def test_a_teams_day_by_itself_is_the_same(team: str, date: Date) -> None:
    """Looked up alone or as a part of the floor's day."""
    one, other = team_day(FLOOR, date, team), working_day(FLOOR, date).of(team)
    assert (one.standard, one.breaks, one.standard_min) == (other.standard, other.breaks, other.standard_min)
    agent = next(agent for agent in FLOOR.agents if agent.team == team)
    assert scheduled(FLOOR, one, agent) == scheduled(FLOOR, other, agent)


@pytest.mark.parametrize(
    ("clock", "of_day", "of_late"), [("11:00", 120, 0), ("13:30", 240, 90), ("18:00", 480, 300), ("21:00", 480, 450)]
)
def test_every_team_owes_the_norm_of_its_own_shift(clock: str, of_day: int, of_late: int) -> None:
    """75 calls of 480 minutes for one, of 450 for the other; slices are the floor's."""
    day = working_day(FLOOR, MONDAY)
    for name, exposed, standard in (("dina", of_day, 480), ("lena", of_late, 450)):
        agent = FLOOR.agent_by_id[name]
        own = day.of(agent.team)
        spans = scheduled(FLOOR, day, agent)
        assert minutes(spans, at(day.starts), at(local(clock))) == exposed
        assert due(75, "calls", spans, own, day.starts, local(clock)) == pytest.approx(75 * exposed / standard)


def test_a_slice_of_a_floor_whose_teams_differ() -> None:
    """Targets of the rows, counted by hand; who does not work today owes nothing."""
    day = working_day(FLOOR, MONDAY)
    done = {agent.id: {"calls": 7} for agent in FLOOR.agents}
    found = close(FLOOR, MONDAY, day.cut_offs[1], Evidence(done, {}), Memory())  # type: ignore[arg-type]
    assert {row.agent: (row.done, row.target) for row in found.rows} == {
        "dina": (7, 37.5),
        "lena": (7, 15.0),
        "wanda": (7, 0.0),
        "aida": (7, 37.5),
    }
    assert loads(FLOOR, day)["pbx"].expected(day.starts, day.cut_offs[1].at) == pytest.approx(37.5 + 15 + 37.5)


def test_the_floors_hours_are_those_of_all_its_teams() -> None:
    """Charts begin with the first team and end with the last; the day is over when the last shift is."""
    day = working_day(FLOOR, MONDAY)
    assert (day.hours[0][0], day.hours[-1][1]) == (at(local("09:00")), at(local("21:00")))
    assert day.over == local("21:00")
    sunday = working_day(FLOOR, Date(2026, 9, 13))
    assert sunday.hours == sunday.of("weekend").standard
    assert not sunday.of("day").working


def test_tasks_cases_and_plans_go_by_the_teams_calendar() -> None:
    """The next working slice, the re-check date and the days left of a month."""
    friday = Date(2026, 9, 11)
    day = working_day(FLOOR, friday)
    dina, wanda = FLOOR.agent_by_id["dina"], FLOOR.agent_by_id["wanda"]
    assert next_due(FLOOR, dina, day, day.cut_offs[-1], "calls") == (local("11:00", Date(2026, 9, 12)), 18.75)
    assert next_due(FLOOR, wanda, day, day.cut_offs[-1], "calls") == (local("11:00", Date(2026, 9, 13)), 18.75)
    lena = next_due(FLOOR, FLOOR.agent_by_id["lena"], day, day.cut_offs[-1], "calls")
    assert lena == (local("13:30", Date(2026, 9, 12)), 15.0)
    assert recheck_on(FLOOR, MONDAY, 5, "day") == Date(2026, 9, 14)
    assert recheck_on(FLOOR, MONDAY, 5, "weekend") == Date(2026, 9, 26)
    assert recheck_on(FLOOR, MONDAY, 5) == Date(2026, 9, 13)
    # 7–9, 11, 12, 14–18, 21–25, 28–30 of September; of the weekend team 9, 13, 19, 20, 26, 27.
    assert days_left(FLOOR, MONDAY, "day") == 18
    assert (days_left(FLOOR, MONDAY, "weekend"), days_left(FLOOR, Date(2026, 9, 9), "weekend")) == (0, 6)


def test_a_days_end_at_midnight_belongs_to_it() -> None:
    """A fact of the last second is of that day, of midnight itself of the next; so are its minutes."""
    day, following = working_day(FLOOR, MONDAY), working_day(FLOOR, Date(2026, 9, 8))
    assert day.ends == following.starts == local("00:00", Date(2026, 9, 8))


def test_a_team_calendar_waits_for_midnight() -> None:
    """Applied at noon, the late team's new hours hold from tomorrow; its new name at once."""
    changed = parse(
        TEXT.replace('{id: late, day: {start: "12:00"', '{id: late, name: Night, day: {start: "15:00"').replace(
            "{id: day}", '{id: day, day: {end: "15:00"}}'
        )
    )
    versions = [(1, local("00:00", Date(2026, 9, 1)), FLOOR), (2, local("12:00"), changed)]
    today, tomorrow = floor_on(versions, MONDAY)[1], floor_on(versions, Date(2026, 9, 8))[1]
    assert today.team_by_id["late"].title == "Night"
    assert working_day(today, MONDAY).of("late").standard_min == 450
    assert working_day(today, MONDAY).of("day").standard_min == 480
    assert working_day(tomorrow, Date(2026, 9, 8)).of("late").standard_min == 450 - 180
    assert working_day(tomorrow, Date(2026, 9, 8)).of("day").standard_min == 300


def test_calendars_survive_being_written() -> None:
    """Also a team that has no holidays although the floor has."""
    again: Floor = parse(dump(FLOOR))
    assert again == FLOOR
    assert again.day_by_team["weekend"].holidays is None


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('{start: "12:00", end: "21:00"', '{start: "18:00"', "line 13: teams.1.day: starts at 18:00 and ends at 18:00"),
        ("holidays: none", "holidays: XX", "line 14: teams.2.day.holidays: no holiday calendar 'XX'"),
        ("working_days: [2026-09-09]", "working_days: [2026-09-12]", "line 14: teams.2.day: 2026-09-12 stands under"),
        ("working_days: [2026-09-12]\nsl", "working_days: [2026-09-10]\nsl", "line 3: day: 2026-09-10 stands under"),
        ('start: "12:00"', 'starts: "12:00"', "line 13: teams.1.day.starts: unknown key; did you mean 'start'?"),
        ('"19:00-19:30"', '"19:30-19:00"', "line 13: teams.1.day: a break must start before it ends"),
    ],
)
def test_a_wrong_calendar_is_told_by_its_line(old: str, new: str, what: str) -> None:
    """What, where, and what would be right."""
    assert old in TEXT
    with pytest.raises(FloorError) as caught:
        parse(TEXT.replace(old, new))
    assert what in str(caught.value)
