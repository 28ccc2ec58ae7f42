"""An open task: how much of it is done, and when it is looked at."""

from datetime import datetime, timedelta
from typing import Final

from services.board.storage.tasks import Task
from services.board.today import AgentNow, Today
from services.rules.day import working_day

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


def _frozen_to(today: Today) -> datetime:
    """Cut-off of the last closed slice; before the first of the day, local midnight."""
    return today.last_close.cut_off if today.last_close else today.day.starts
