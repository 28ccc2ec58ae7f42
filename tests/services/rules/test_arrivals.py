"""What a source usually brings at a time of the week (DOMAIN §8; ADR 0036, ADR 0042)."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from schemas.floor import Floor
from services.rules.arrivals import usual_loads
from services.rules.baselines import Baselines, DaySummary, learn
from services.rules.day import working_day
from services.rules.sources import loads
from tests.services.rules.stories import MONDAY, crew, floor, instant

FLOOR: Floor = floor(
    crew(10),
    norms="norms: [{for: {floor: main}, per_day: {calls: 96}}]",
    more="sources: [{id: pbx, provider: generic, feeds: [calls]}]",
)
"""Ten people, 96 calls each in eight hours: 120 an hour, ten in five minutes."""
HOURS = (*range(9, 13), *range(14, 18))


def history(days: int, brought: Callable[[date, int], int]) -> Baselines:
    """So many working days before MONDAY; *brought*: facts in each five minutes of (day, hour)."""
    found, on = {}, MONDAY
    while len(found) < days:
        on -= timedelta(days=1)
        if on.weekday() < 5:
            came = {hour * 12 + n: brought(on, hour) for hour in HOURS for n in range(12) if brought(on, hour)}
            found[on] = DaySummary(arrived={"pbx": came} if came else {})
    return learn(FLOOR, dict(sorted(found.items())))


def due(by: Baselines | None, since: str, until: str, on: date = MONDAY) -> float:
    load = usual_loads(FLOOR, working_day(FLOOR, on), by)["pbx"]
    return load.expected(instant(since, on), instant(until, on))


def test_without_a_history_norms_and_exposure_are_all_there_is() -> None:
    """But for the last ten minutes before a break and the end, when the last calls end early; lunch owes nothing."""
    assert loads(FLOOR, working_day(FLOOR, MONDAY))["pbx"].expected(
        instant("10:00"), instant("11:00")
    ) == pytest.approx(120)
    for by in (None, learn(FLOOR, {})):
        assert due(by, "10:00", "11:00") == pytest.approx(120)
        assert due(by, "12:50", "14:00") == 0
        assert due(by, "17:40", "18:30") == pytest.approx(20)


def test_a_few_days_tell_how_much_but_not_when() -> None:
    """Of the first day nobody knows when the source was connected; the days after tell that half as much comes."""
    assert due(history(1, lambda on, hour: 1), "10:00", "11:00") == pytest.approx(120)
    some = history(4, lambda on, hour: 5 if hour != 10 else 0)
    assert due(some, "10:00", "11:00") == pytest.approx(due(some, "11:00", "12:00"))
    came, norm, lean = 3 * 7 * 12 * 5, 3 * 960, 20
    assert due(some, "10:00", "11:00") == pytest.approx(120 * (came + lean) / (norm + lean))


def test_a_profile_bends_the_hours() -> None:
    """Five days on which ten o'clock brings twice what is due: ten o'clock owes nearly that, eleven what it brings."""
    known = history(5, lambda on, hour: 20 if hour == 10 else 10)
    assert due(known, "10:00", "11:00") == pytest.approx(240, rel=0.05)
    assert due(known, "11:00", "12:00") == pytest.approx(120, rel=0.05)
    assert due(known, "12:50", "13:00") == pytest.approx(20, rel=0.05), "what is usual before lunch is known now"


def test_a_quiet_weekday_is_learned_apart() -> None:
    """Fridays bring half: expected on a Friday, not on a Monday."""
    known = history(20, lambda on, hour: 5 if on.weekday() == 4 else 10)
    friday = MONDAY - timedelta(days=3)
    assert due(known, "10:00", "11:00", friday) == pytest.approx(60, rel=0.1)
    assert due(known, "10:00", "11:00") == pytest.approx(120, rel=0.05)


def test_days_on_which_nothing_was_heard_are_no_history() -> None:
    """A source that was away for a week is not expected to be away."""
    away = history(10, lambda on, hour: 10 if on.day % 2 else 0)
    assert due(away, "10:00", "11:00") == pytest.approx(120, rel=0.05)


def test_after_work_begins_facts_come_in_more_and_more() -> None:
    """Ten in the first five minutes, as later; but a quarter of them in its first half, of the day and after a break."""
    load = loads(FLOOR, working_day(FLOOR, MONDAY))["pbx"]
    for begins, half, later in (("09:00", "09:02:30", "09:05"), ("14:00", "14:02:30", "14:05")):
        assert load.expected(instant(begins), instant(half)) == pytest.approx(2.5)
        assert load.expected(instant(half), instant(later)) == pytest.approx(7.5)
        assert load.expected(instant(begins), instant(later)) == pytest.approx(10)
    assert load.expected(instant("10:00"), instant("10:02:30")) == pytest.approx(5)


def test_what_is_often_empty_owes_nothing() -> None:
    """A meeting opens two Mondays of four: that bin owes nothing on Mondays, all of it on other days, and as ever later."""
    by = history(20, lambda on, hour: 10)
    mondays = [on for on in by.by_day if on.weekday() == 0]
    for on in mondays[:2]:
        del by.by_day[on].arrived["pbx"][9 * 12]
    assert due(by, "09:00", "09:05") == 0
    assert due(by, "09:05", "09:10") == pytest.approx(10, rel=0.05)
    tuesday = MONDAY + timedelta(days=1)
    assert due(by, "09:00", "09:05", tuesday) == pytest.approx(10, rel=0.1)
    del by.by_day[mondays[0]].arrived["pbx"][10 * 12]
    assert due(by, "10:00", "10:05") > 8, "once may be an outage"
