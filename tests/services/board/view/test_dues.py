"""When a task is looked at next, and how that is said."""

from dataclasses import replace
from datetime import date as Date
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.board.app import Service
from services.board.storage.tasks import Task
from services.board.today import Today
from services.board.view.dues import carried, due_at, owed
from services.board.words import Language, words

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = Date(2026, 11, 23)


def at(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{day:02}T{clock}+03:00")


async def open_task(service: Service) -> tuple[Today, Task]:
    today = await service.live.reload()
    return today, next(task for task in today.tasks if task.open)


async def test_a_task_in_time_keeps_its_due(service: Service) -> None:
    """Due at a cut-off that is not frozen yet, today or tomorrow: that one, and not carried."""
    today, task = await open_task(service)
    for due in (at(23, "16:00"), at(24, "11:00")):
        assert (due_at(today, replace(task, due=due)), carried(today, replace(task, due=due))) == (due, False)


async def test_a_carried_task_is_due_at_the_next_cut_off(service: Service) -> None:
    """Its own due is frozen and it is still open: the next cut-off today."""
    today, task = await open_task(service)
    assert today.last_close is not None
    ahead = next(cut.at for cut in today.day.cut_offs if cut.at > today.last_close.cut_off)
    for due in (at(20, "16:00"), today.last_close.cut_off):
        assert (due_at(today, replace(task, due=due)), carried(today, replace(task, due=due))) == (ahead, True)


async def test_a_carried_task_owes_what_has_become_due_since(service: Service) -> None:
    """In time: what was asked for. Carried: the norm since it was given, up to the next look (decision 0007), which goes
    on over the night; what the head made of it counts in proportion."""
    today, task = await open_task(service)
    assert owed(today, replace(task, due=at(23, "16:00"))) == task.row.target
    moved = replace(task, due=at(23, "13:00"), row=msgspec.structs.replace(task.row, opened=at(23, "11:00"), target=1))
    due = [today.due(task.row.agent, task.row.step, moment) for moment in (at(23, "11:00"), due_at(today, moved))]
    expected = (due[1] or 0) - (due[0] or 0)
    assert expected > 2
    assert owed(today, moved) == ceil(expected - 1e-9)
    assert owed(today, replace(moved, issued=2)) == ceil(expected / 2 - 1e-9)
    last = today.day.cut_offs[-1]
    assert today.last_close is not None
    today.closes = (*today.closes, replace(today.last_close, slice=last.name, cut_off=last.at))
    assert owed(today, moved) > ceil(expected - 1e-9), "the hours till the morning's first slice as well"


async def test_after_the_last_slice_it_is_due_on_the_next_working_day(service: Service) -> None:
    """Nothing is looked at any more today: the first cut-off of the next day that has one."""
    today, task = await open_task(service)
    assert today.last_close is not None
    last = today.day.cut_offs[-1]
    today.closes = (*today.closes, replace(today.last_close, slice=last.name, cut_off=last.at))
    found = due_at(today, replace(task, due=last.at))
    assert last.at < found
    assert found.astimezone(MOSCOW).date() == MONDAY + timedelta(days=1)


async def test_a_verified_task_remembers_that_it_was_carried(service: Service) -> None:
    """Verified at its own cut-off: in time; at a later one: carried there. Its due stays what it was."""
    today, task = await open_task(service)
    for due, was in ((at(23, "13:00"), False), (at(23, "11:00"), True)):
        done = replace(task, due=due, row=msgspec.structs.replace(task.row, result="done", verified=at(23, "13:00")))
        assert (due_at(today, done), carried(today, done)) == (due, was)


@pytest.mark.parametrize(
    ("moment", "language", "said"),
    [
        (at(23, "11:00"), "ru", "11:00"),
        (at(24, "11:00"), "ru", "11:00 завтра"),
        (at(24, "11:00"), "en", "11:00 tomorrow"),
        (at(25, "11:00"), "ru", "11:00, ср\u00a025.11"),
        (at(20, "16:00"), "en", "16:00, Fri\u00a020 Nov"),
    ],
)
def test_another_day_is_named(moment: datetime, language: Language, said: str) -> None:
    """A time without a day is a time of today."""
    assert words(language, MOSCOW, MONDAY).when(moment) == said


def test_no_reader_no_tomorrow() -> None:
    """Whose today is not known gets the date."""
    assert words("ru", MOSCOW).when(at(24, "11:00")) == "11:00, вт\u00a024.11"
