"""The working day: cut-offs in UTC, days on which clocks change, holidays."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rules.day import date_of, is_working, working_day
from services.rules.spans import at
from tests.services.rules.stories import MONDAY, floor, instant, monday, spans

EVERY_DAY = 'start: "00:30", end: "08:30", weekdays: [mon, tue, wed, thu, fri, sat, sun]'
NIGHT = '["02:30", "05:00", "08:30"]'
BERLIN_SPRING, BERLIN_AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
YORK_SPRING, YORK_AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("zone", "on", "hours", "standard_min", "first_cut"),
    [
        ("Europe/Berlin", BERLIN_SPRING, 23, 420, utc(2026, 3, 29, 1, 30)),
        ("Europe/Berlin", BERLIN_AUTUMN, 25, 540, utc(2026, 10, 25, 0, 30)),
        ("Europe/Berlin", date(2026, 7, 1), 24, 480, utc(2026, 7, 1, 0, 30)),
        ("America/New_York", YORK_SPRING, 23, 420, utc(2026, 3, 8, 7, 30)),
        ("America/New_York", YORK_AUTUMN, 25, 540, utc(2026, 11, 1, 7, 30)),
        ("America/Sao_Paulo", date(2018, 11, 4), 23, 420, utc(2018, 11, 4, 4, 30)),
        ("America/Sao_Paulo", date(2018, 2, 17), 25, 480, utc(2018, 2, 17, 4, 30)),
        ("Africa/Cairo", date(2024, 4, 26), 23, 420, utc(2024, 4, 25, 23, 30)),
    ],
)
def test_days_on_which_clocks_change(zone: str, on: date, hours: int, standard_min: float, first_cut: datetime) -> None:
    """A day is as long as it is; a shift over the change gains or loses that hour; cut-offs keep their wall clock.

    In New York 02:30 does not exist in spring: the clock before the change says what it means. In Sao Paulo and Cairo
    midnight itself is skipped, and the beginning of the shift with it.
    """
    day = working_day(floor(zone=zone, day=EVERY_DAY, slices=NIGHT), on)
    assert day.ends - day.starts == timedelta(hours=hours)
    assert day.standard_min == standard_min
    assert day.cut_offs[0].at == first_cut
    assert day.starts < day.cut_offs[0].at < day.cut_offs[1].at < day.cut_offs[2].at < day.ends


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Cairo", "Asia/Kolkata"]
)
@given(on=st.dates(date(2015, 1, 1), date(2030, 12, 31)))
def test_every_instant_belongs_to_one_day(zone: str, on: date) -> None:
    """A day begins where the last one ends, and its first and last instants carry its date."""
    described = floor(zone=zone)
    day, after = working_day(described, on), working_day(described, on + timedelta(days=1))
    assert day.ends == after.starts
    assert date_of(day.starts, described.zone) == on
    assert date_of(day.ends - timedelta(seconds=1), described.zone) == on
    assert timedelta(hours=23) <= day.ends - day.starts <= timedelta(hours=25)


def test_an_ordinary_monday() -> None:
    """Moscow is three hours ahead; lunch is out of the standard shift; a slice starts at the cut-off before it."""
    day = monday(floor())
    assert day.weekday == "mon"
    assert [(cut.name, cut.at.hour) for cut in day.cut_offs] == [
        ("11:00", 8),
        ("13:00", 10),
        ("16:00", 13),
        ("18:00", 15),
    ]
    assert day.standard == spans("09:00-13:00", "14:00-18:00")
    assert day.standard_min == 480
    assert day.previous("11:00") == day.starts == instant("00:00")
    assert day.previous("16:00") == instant("13:00")


def test_over_is_the_later_of_shift_and_last_cut_off() -> None:
    """A day whose last slice is taken before the shift ends is over with the shift; and the other way round."""
    assert monday(floor(slices='["11:00", "13:00", "16:00"]')).over == instant("18:00")
    assert monday(floor(slices='["11:00", "13:00", "18:30"]')).over == instant("18:30")


def test_days_off_have_no_slices() -> None:
    """Saturdays, and holidays of the floor's country, have no cut-offs and no one at work."""
    plain = floor()
    kept = floor(day='start: "09:00", end: "18:00", holidays: RU')
    unity_day = date(2026, 11, 4)
    assert not is_working(plain, date(2026, 11, 28))
    assert is_working(plain, unity_day)
    assert not is_working(kept, unity_day)
    assert working_day(kept, unity_day).cut_offs == ()
    assert is_working(kept, MONDAY)


def test_breaks_outside_the_shift_take_nothing() -> None:
    """A break that reaches over the end of the shift takes only what is inside."""
    day = monday(floor(day='start: "09:00", end: "18:00", breaks: ["17:30-18:30", "13:00-14:00"]'))
    assert day.standard == spans("09:00-13:00", "14:00-17:30")
    assert at(day.ends) - at(day.starts) == 86400
