"""Shifts over midnight, reckoned by hand: 22:00 to 06:00 with a break 02:00-02:30, Monday to Friday evenings."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.floor import FloorError, parse
from schemas.floor.model import Floor
from services.rules.day import is_working, working_day
from services.rules.exposure import exposure, scheduled
from services.rules.norms import norms_of
from services.rules.spans import at, minutes
from services.rules.target import due

NIGHT = """
timezone: Europe/Berlin
currency: EUR
day: {start: "22:00", end: "06:00", breaks: ["02:00-02:30"]}
slices: ["02:00", "04:00", "06:00", "23:59"]
teams: [{id: night}, {id: late, day: {start: "16:00", end: "00:00", breaks: []}}]
agents:
  - {id: anna, team: night}
  - {id: part, team: night, shifts: [{weekdays: [mon, wed], start: "23:00", end: "03:00"}]}
  - {id: lena, team: late}
norms: [{for: {floor: main}, per_day: {calls: 90}}]
"""
FLOOR = parse(NIGHT)
MONDAY = date(2026, 11, 23)


def planned_min(floor: Floor, day: date, agent: str) -> float:
    found = working_day(floor, day)
    return minutes(scheduled(floor, found, floor.agent_by_id[agent]), at(found.starts), at(found.ends))


@pytest.mark.parametrize(
    ("ago", "anna", "part", "lena"),
    [
        (-1, 0, 0, 0),  # Sunday: nobody
        (0, 120, 60, 480),  # Monday: the evening only
        (1, 450, 150, 480),  # Tuesday: Monday's morning (6 h less the break) and its own evening; part till 03:00
        (2, 450, 60, 480),
        (3, 450, 150, 480),
        (4, 450, 0, 480),
        (5, 330, 0, 0),  # Saturday: Friday's morning
        (6, 0, 0, 0),
    ],
)
def test_minutes_of_a_week(ago: int, anna: float, part: float, lena: float) -> None:
    """Each calendar day has the morning of the shift before and the evening of its own."""
    day = MONDAY + timedelta(days=ago)
    found = {agent: planned_min(FLOOR, day, agent) for agent in ("anna", "part", "lena")}
    assert found == {"anna": anna, "part": part, "lena": lena}
    assert is_working(FLOOR, day) == bool(anna or lena)


def test_the_norm_is_of_a_whole_shift() -> None:
    """90 calls in 450 minutes: 24 on a Monday, which has but an evening of 120; all of them on a Tuesday."""
    for day, calls in ((MONDAY, 24.0), (MONDAY + timedelta(days=1), 90.0), (MONDAY + timedelta(days=5), 66.0)):
        found = working_day(FLOOR, day)
        anna = FLOOR.agent_by_id["anna"]
        norm = norms_of(FLOOR, anna, found.weekday)["calls"]
        net = scheduled(FLOOR, found, anna)
        assert due(norm, "calls", net, found.of("night"), found.starts, found.ends) == pytest.approx(calls)


@pytest.mark.parametrize(
    ("day", "whole", "by_four"),
    [(date(2026, 3, 29), 270 + 120, 150), (date(2026, 10, 25), 390 + 120, 270), (date(2026, 11, 24), 450, 210)],
    ids=["02:00 is skipped", "02:00 comes twice", "an ordinary night"],
)
def test_the_night_of_a_change_of_the_clock(day: date, whole: float, by_four: float) -> None:
    """Midnight to six is five hours, seven, or six. The break is by the clock before the change: in spring it is skipped
    to 03:00-03:30; in autumn it is taken once."""
    floor = parse(
        NIGHT.replace(
            'breaks: ["02:00-02:30"]', 'breaks: ["02:00-02:30"], weekdays: [mon, tue, wed, thu, fri, sat, sun]'
        )
    )
    found = working_day(floor, day).of("night")
    assert found.standard_min == whole
    cut = next(one.at for one in found.cut_offs if one.name == "04:00")
    assert minutes(found.standard, at(found.starts), at(cut)) == by_four


def test_lost_time_of_both_sides_of_midnight() -> None:
    """A trunk was dead 23:30 to 00:15: thirty minutes of Tuesday, fifteen of Wednesday."""
    lost = (datetime(2026, 11, 24, 22, 30, tzinfo=UTC), datetime(2026, 11, 24, 23, 15, tzinfo=UTC))
    for day, taken in ((MONDAY + timedelta(days=1), 30), (MONDAY + timedelta(days=2), 15)):
        found = working_day(FLOOR, day)
        own = exposure(scheduled(FLOOR, found, FLOOR.agent_by_id["anna"]), found, (), ((at(lost[0]), at(lost[1])),))
        assert minutes(own.technical, at(found.starts), at(found.ends)) == taken
        assert own.minutes(found.starts, found.ends) == 450 - taken


def test_a_holiday_takes_its_evening_and_the_morning_after() -> None:
    """Tuesday off: Monday's shift is still finished on its morning; Wednesday has no morning."""
    floor = parse(NIGHT.replace('breaks: ["02:00-02:30"]', 'breaks: ["02:00-02:30"], days_off: [2026-11-24]'))
    found = [planned_min(floor, MONDAY + timedelta(days=ago), "anna") for ago in range(3)]
    assert found == [120, 330, 120]
    assert [planned_min(floor, MONDAY + timedelta(days=ago), "part") for ago in range(4)] == [60, 150, 60, 150]


@pytest.mark.parametrize(("start", "end"), [("22:00", "22:00"), ("18:00", "09:00"), ("22:00", "10:30")])
def test_start_and_end_in_the_wrong_order_are_refused(start: str, end: str) -> None:
    """Nothing, or more than twelve hours over midnight, is a slip of the pen."""
    with pytest.raises(FloorError, match="at most 12 hours"):
        parse(NIGHT.replace('start: "22:00", end: "06:00"', f'start: "{start}", end: "{end}"'))
    with pytest.raises(FloorError, match="at most 12 hours"):
        parse(NIGHT.replace('start: "23:00", end: "03:00"', f'start: "{start}", end: "{end}"'))
