"""What moved after a task: like for like, and no word where there is too little."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.floor import parse
from schemas.floor.coaching import Record
from schemas.floor.judgement import Judgement
from services.rules.day import working_day
from services.rules.record import CallSeen, direction, moved, pauses_min, same_kind, usual
from services.rules.tasks import repeats_since
from tests.services.aggregator.feeding import floor_text

BY = Judgement()
LIMITS = Record()
FLOOR = parse(floor_text(agents=1, zone="UTC"))
DATE = date(2026, 11, 23)
DAY = working_day(FLOOR, DATE)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("done", "past", "expected"),
    [
        (40, 20.0, "more"),
        (20, 20.0, "same"),
        (5, 20.0, "less"),
        (9, 2.0, "not_enough_data"),
        (9, None, "not_enough_data"),
    ],
)
def test_more_or_less_only_when_sure(done: int, past: float | None, expected: str) -> None:
    """Twice as many of twenty says something; anything of two does not."""
    assert direction(done, past, BY, LIMITS) == expected


def test_usual_is_of_the_same_slices() -> None:
    """Each slice of the task against its own past; under three days nothing is said."""
    past = {"11:00": [10, 12, 14], "13:00": [20, 20, 20]}
    assert usual(past, [(DATE, "11:00")], LIMITS) == (12.0, 3)
    assert usual(past, [(DATE, "11:00"), (DATE, "13:00")], LIMITS) == (32.0, 3)
    assert usual({"11:00": [10, 12]}, [(DATE, "11:00")], LIMITS) == (None, 2)
    assert usual(past, [(DATE, "16:00")], LIMITS) == (None, 0)


def test_two_colleagues_are_no_team() -> None:
    """A median wants three."""
    assert moved("calls", 5, None, {}, [], [1, 2], BY, LIMITS).peers is None
    assert moved("calls", 5, None, {}, [], [1, 2, 9], BY, LIMITS).peers == 2


def test_days_of_one_kind() -> None:
    """Weekdays with weekdays."""
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    assert same_kind(DATE, friday)
    assert not same_kind(DATE, saturday)


def test_pauses_leave_the_break_out() -> None:
    """Ten minutes and more between calls, working time only: lunch is from 13 to 14."""
    calls = [
        CallSeen(end - timedelta(minutes=1), end, 30.0) for end in (at(12, 30), at(12, 35), at(12, 55), at(14, 10))
    ]
    assert pauses_min(calls, DAY, at(12), at(14, 12), 600) == pytest.approx(19 + 14)
    assert pauses_min([], DAY, at(12), at(14), 600) == 0.0


def test_a_week_is_five_working_days() -> None:
    """Here every day is worked; the task's own day is one of the five."""
    assert repeats_since(FLOOR, DATE) == date(2026, 11, 19)
