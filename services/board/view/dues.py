"""An open task: how much of it is done, and when it is looked at."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from schemas.steps import Step
from services.board.storage.tasks import Task
from services.board.today import AgentNow, Today
from services.rules.day import working_day
from services.rules.deviation import EXACT
from services.rules.exposure import scheduled
from services.rules.norms import norms_of
from services.rules.target import due

FAR_DAYS: Final = 15
"""Holidays are never longer than this: so far ahead the next cut-off is looked for."""


def task_done(today: Today, task: Task, known: AgentNow) -> int:
    """Count of the task's step since it was given: now minus what was done at the slice that gave it."""
    opened = task.row.opened
    if task.row.date != today.date:
        return known.done.get(task.row.step, 0)
    row = today.rows.get((task.row.agent, task.row.step))
    if row is not None and row.slice == task.slice:
        return max(0, known.done.get(task.row.step, 0) - row.done - row.late)
    first = int(-(-(opened - today.day.starts).total_seconds() // 1800))
    halves = [one for one in today.halves if one.agent == task.row.agent and one.half > first]
    return sum(one.done.get(task.row.step, 0) for one in halves)


def carried(today: Today, task: Task) -> bool:
    """The cut-off that was to verify the task is frozen, and the task is still open or was verified at a later one."""
    if task.open:
        return task.due <= _frozen_to(today)
    return task.row.verified is not None and task.due < task.row.verified


def due_at(today: Today, task: Task) -> datetime:
    """When the task is looked at next: a carried one at the first cut-off after the last closed slice."""
    if not task.open or not carried(today, task):
        return task.due
    frozen = _frozen_to(today)
    days = (working_day(today.floor, today.date + timedelta(days=ahead)) for ahead in range(FAR_DAYS))
    return next((cut.at for day in days for cut in day.cut_offs if cut.at > frozen), task.due)


def owed(today: Today, task: Task) -> int:
    """Count that meets the task when it is looked at next: the one that was asked for; once carried, what has become due
    since it was given, where that is more (docs/decisions/0007-tasks-that-are-carried.md).

    Of a task of an earlier day the part of that day is not known here: the one asked for.
    """
    if not task.open or not carried(today, task) or task.row.date != today.date:
        return task.row.target
    agent, step, at = task.row.agent, task.row.step, due_at(today, task)
    until = today.due(agent, step, min(at, today.day.ends)), today.due(agent, step, task.row.opened)
    if agent not in today.floor.agent_by_id or until[0] is None or until[1] is None:
        return task.row.target
    expected = until[0] - until[1] + sum(_due_ahead(today, agent, step, at))
    return max(task.row.target, ceil(expected * task.row.target / (task.issued or task.row.target) - EXACT))


def _due_ahead(today: Today, agent: str, step: Step, at: datetime) -> Iterator[float]:
    """Parts of the norms of the days after today, up to *at*."""
    own = today.floor.agent_by_id[agent]
    for ahead in range(1, FAR_DAYS):
        whole = working_day(today.floor, today.date + timedelta(days=ahead))
        norm = norms_of(today.floor, own, whole.weekday).get(step)
        if whole.starts >= at:
            return
        if norm is not None:
            day = whole.of(own.team)
            yield due(norm, step, scheduled(today.floor, day, own), day, whole.starts, min(at, whole.ends))


def _frozen_to(today: Today) -> datetime:
    """Cut-off of the last closed slice; before the first of the day, local midnight."""
    return today.last_close.cut_off if today.last_close else today.day.starts
