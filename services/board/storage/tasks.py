"""Tasks with their evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.rows import TaskRow
from schemas.steps import InvalidReason, TaskResult

_tasks, _said = tables.tasks.c, tables.task_revisions.c
_newest = (
    sa.select(_said.result.label("revised"), _said.technical_min, _said.revised_at)
    .where(_said.task == _tasks.task)
    .order_by(_said.id.desc())
    .limit(1)
    .lateral()
)
TASKS = sa.select(tables.tasks, _newest).outerjoin(_newest, sa.true())
"""Tasks, each with how its result stands now."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task with what only the board shows: when it is due, who confirmed it, why it was given."""

    row: TaskRow
    slice: str
    due: datetime
    state: str
    evidence: Mapping[str, Any]
    dismissed_at: datetime | None = None
    issued: int | None = None
    revised: TaskResult | None = None
    """What the result would be with the technical minutes known now; None where it stands."""
    technical_min: float = 0.0
    """Of the time that was verified, as known then."""

    @property
    def counts(self) -> TaskResult | None:
        """The result that counts: to the trainer, to repeats, to effects."""
        return self.revised or self.row.result

    @property
    def open(self) -> bool:
        """Still to be verified."""
        return self.row.result is None and self.dismissed_at is None


async def find(
    connection: AsyncConnection,
    *,
    day: Date | None = None,
    open_too: bool = False,
    slice_: str | None = None,
    team: str | None = None,
    agent: str | None = None,
) -> list[Task]:
    """Tasks in order of opening; with *open_too* also those still open from earlier days."""
    query = TASKS
    if day is not None:
        of_day = _tasks.date == day
        still = sa.and_(_tasks.result.is_(None), _tasks.dismissed_at.is_(None), _tasks.date < day)
        query = query.where(sa.or_(of_day, still) if open_too else of_day)
    for column, value in ((_tasks.slice, slice_), (_tasks.team, team), (_tasks.agent, agent)):
        if value is not None:
            query = query.where(column == value)
    rows = (await connection.execute(query.order_by(_tasks.opened, _tasks.team, _tasks.agent))).all()
    return [_task(row) for row in rows]


async def one(connection: AsyncConnection, task: str) -> Task | None:
    row = (await connection.execute(TASKS.where(_tasks.task == task))).one_or_none()
    return None if row is None else _task(row)


async def given_since(
    connection: AsyncConnection, since: Date, until: datetime | None = None, agent: str | None = None
) -> list[Task]:
    """Tasks given from *since* on and opened up to *until*, dismissed ones left out; in order of opening."""
    query = TASKS.where(_tasks.date >= since, _tasks.dismissed_at.is_(None))
    if until is not None:
        query = query.where(_tasks.opened <= until)
    if agent is not None:
        query = query.where(_tasks.agent == agent)
    return [_task(row) for row in (await connection.execute(query.order_by(_tasks.opened, _tasks.agent))).all()]


async def given_or_verified(connection: AsyncConnection, day: Date, starts: datetime, ends: datetime) -> list[Task]:
    """Tasks given on *day* and those verified in (starts, ends], in order of opening."""
    query = TASKS.where(sa.or_(_tasks.date == day, sa.and_(_tasks.verified > starts, _tasks.verified <= ends)))
    rows = (await connection.execute(query.order_by(_tasks.opened, _tasks.team, _tasks.agent))).all()
    return [_task(row) for row in rows]


def _invalid(row: Any) -> InvalidReason | None:
    if row.result != "invalidated":
        return None
    seen = (row.evidence or {}).get("verified") or {}
    return "ground" if seen.get("ground") else "interval"


def _task(row: Any) -> Task:
    shown = TaskRow(
        task=row.task,
        date=row.date,
        agent=row.agent,
        team=row.team,
        step=row.step,
        opened=row.opened,
        target=row.target,
        verified=row.verified,
        result=row.result,
        state=None if row.state == "proposed" else row.state,
        invalid=_invalid(row),
    )
    revised = row.revised if row.revised != row.result else None
    return Task(
        shown,
        row.slice,
        row.due,
        row.state,
        row.evidence or {},
        row.dismissed_at,
        row.issued,
        revised,
        row.technical_min or 0.0 if revised else 0.0,
    )
