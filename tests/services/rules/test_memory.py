"""What a close remembers of the closes before it."""

from datetime import date, datetime, timedelta

from schemas.floor.judgement import Judgement
from schemas.steps import TaskResult
from services.rules.memory import Memory, Past, recall
from tests.services.rules.stories import MONDAY, instant

KEY = ("ivan", "calls")
Closed = tuple[datetime, TaskResult, bool, float]


def remembered(*closed: Closed, cases: tuple[tuple[str, datetime, date], ...] = (), on: date = MONDAY) -> Memory:
    past = [Past("ivan", "calls", at.date(), at, result, met, index) for at, result, met, index in closed]
    return recall(on, [], [], past, cases, frozenset(), Judgement())


def test_failures_count_within_the_day() -> None:
    """Yesterday's failure is not counted today."""
    yesterday = instant("18:00") - timedelta(days=3)
    found = remembered((yesterday, "not_done", False, 0.5), (instant("13:00"), "not_done", False, 0.5))
    assert found.not_done == {KEY: 1}


def test_targets_met_in_vain_count_running() -> None:
    """Met while the index stays under 0.9 counts running; anything else in between starts anew."""
    vain: Closed = (instant("11:00"), "done", True, 0.8)
    later: Closed = (instant("13:00"), "done", True, 0.85)
    assert remembered(vain, later).in_vain[KEY] == 2
    assert remembered(vain, (instant("12:00"), "not_done", False, 0.8), later).in_vain[KEY] == 1
    assert remembered(vain, (instant("13:00"), "done", True, 0.9)).in_vain[KEY] == 0
    assert remembered(vain, (instant("13:00"), "done", False, 0.8)).in_vain[KEY] == 0
    assert remembered(later, vain).in_vain[KEY] == 2, "the order they are read in does not matter"


def test_targets_met_in_vain_count_within_the_day() -> None:
    """On Friday met in vain, all Monday far above the norm without a task: Tuesday's first is not the second running."""
    friday: Closed = (instant("18:00") - timedelta(days=3), "done", True, 0.85)
    assert remembered(friday, (instant("18:00"), "done", True, 0.85)).in_vain == {KEY: 1}


def test_a_case_resets_the_counts() -> None:
    """What led to the case, up to the cut-off that opened it, is not counted again."""
    case = ("ivan", instant("13:00"), date(2026, 11, 30))
    before: Closed = (instant("13:00"), "not_done", False, 0.5)
    after: Closed = (instant("16:00"), "not_done", False, 0.5)
    found = remembered(before, after, cases=(case,))
    assert found.not_done == {KEY: 1}
    assert found.cases == {"ivan": date(2026, 11, 30)}


def test_the_newest_case_counts() -> None:
    """An agent's re-check date is that of the case opened last, in whatever order they are read."""
    old = ("ivan", instant("11:00") - timedelta(days=30), date(2026, 11, 2))
    new = ("ivan", instant("11:00"), date(2026, 11, 30))
    assert remembered(cases=(new, old)).cases == {"ivan": date(2026, 11, 30)}


def test_deviating_follows_the_days_slices() -> None:
    """Soft at 11:00, no data at 13:00: still deviating; ok at 16:00: left."""
    levels: list[dict[tuple[str, str], str]] = [{KEY: "soft"}, {KEY: "not_enough_data"}, {KEY: "ok"}]
    for seen, wanted in ((1, {KEY}), (2, {KEY}), (3, set())):
        found = recall(MONDAY, levels[:seen], [], [], [], frozenset(), Judgement())  # type: ignore[arg-type]
        assert found.deviating == wanted
