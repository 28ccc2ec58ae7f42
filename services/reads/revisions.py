"""How frozen rows would be judged with the technical minutes known now; only those that would be others."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.rows import SliceRevisionRow
from schemas.steps import Step

Revisions = Mapping[tuple[str, str, Step], SliceRevisionRow]
"""By slice, agent and step."""

_said, _frozen = tables.slice_revisions.c, tables.slices.c


async def of_day(
    connection: AsyncConnection, day: Date, *, slice_: str | None = None, agent: str | None = None
) -> Revisions:
    """The newest of each row of *day*; what stands again as it was frozen is left out."""
    key = (_said.slice, _said.agent, _said.step)
    newest = sa.select(tables.slice_revisions).ext(distinct_on(*key)).where(_said.date == day, _said.level.is_not(None))
    for column, value in ((_said.slice, slice_), (_said.agent, agent)):
        if value is not None:
            newest = newest.where(column == value)
    now = newest.order_by(*key, _said.id.desc()).subquery()
    other = sa.or_(now.c.level != _frozen.level, now.c.target.is_distinct_from(_frozen.target))
    query = sa.select(now, _frozen.team).where(
        _frozen.date == now.c.date,
        _frozen.slice == now.c.slice,
        _frozen.agent == now.c.agent,
        _frozen.step == now.c.step,
        other,
    )
    names = SliceRevisionRow.__struct_fields__
    return {
        (row["slice"], row["agent"], row["step"]): SliceRevisionRow(**{name: row[name] for name in names})
        for row in (await connection.execute(query)).mappings()
    }


async def tasks_anew(connection: AsyncConnection, starts: datetime, ends: datetime) -> int:
    """How many tasks verified in (starts, ends] have another result with the technical minutes known now."""
    tasks, said = tables.tasks.c, tables.task_revisions.c
    newest = sa.select(said.result).where(said.task == tasks.task).order_by(said.id.desc()).limit(1).scalar_subquery()
    query = sa.select(sa.func.count()).select_from(tables.tasks).where(tasks.verified > starts, tasks.verified <= ends)
    return int((await connection.execute(query.where(newest.is_not(None), newest != tasks.result))).scalar_one())
