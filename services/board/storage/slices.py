"""Rows of frozen slices. ``late`` is counted now: facts of the cut-off stored today minus those frozen (DESIGN §10)."""

from collections.abc import Mapping, Sequence
from datetime import date as Date
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.floor import Floor
from schemas.rows import SliceRow
from schemas.steps import STEPS
from services.reads import funnel
from services.reads.kept import Kept

_slices = tables.slices.c


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


async def find(
    connection: AsyncConnection,
    floor: Floor,
    day: Date,
    *,
    slice_: str | None = None,
    team: str | None = None,
    agent: str | None = None,
    kept: Kept | None = None,
) -> list[SliceRow]:
    """Rows of a day in the order of DESIGN §10: cut-off, team, agent, step.

    Args:
        kept: for a day that is over.
    """
    query = sa.select(tables.slices).where(_slices.date == day)
    for column, value in ((_slices.slice, slice_), (_slices.team, team), (_slices.agent, agent)):
        if value is not None:
            query = query.where(column == value)
    rung = sa.case({step: at for at, step in enumerate(STEPS)}, value=_slices.step)
    rows: Sequence[sa.Row[tuple[object, ...]]] = (
        await connection.execute(query.order_by(_slices.cut_off, _slices.team, _slices.agent, rung))
    ).all()
    counts: dict[datetime, Mapping[str, funnel.AgentCount]] = {}
    for cut_off in {row.cut_off for row in rows}:
        if kept is None or agent is not None:
            counts[cut_off] = await funnel.by_agent(connection, floor, day, cut_off, agent)
        else:
            counts[cut_off] = await funnel.by_agent_kept(connection, kept, floor, day, cut_off)
    return [_row(row, counts[row.cut_off]) for row in rows]


def _row(row: sa.Row[tuple[object, ...]], counts: Mapping[str, funnel.AgentCount]) -> SliceRow:
    now = counts.get(row.agent)
    return SliceRow(
        date=row.date,
        slice=row.slice,
        agent=row.agent,
        team=row.team,
        step=row.step,
        done=row.done,
        in_slice=row.in_slice,
        target=_rounded(row.target),
        index=_rounded(row._mapping["index"]),
        p_below=_rounded(row.p_below),
        level=row.level,
        trusted=row.trusted,
        late=(now.done[row.step] if now else 0) - row.done if row.agent in counts or row.done == 0 else row.late,
    )
