"""Frozen slices of a day: which, when, and whether their data could be trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.steps import Step

Reasons = Mapping[str, Mapping[Step, Sequence[Any]]]
"""Team → step → why not trusted; empty when trusted."""

_closes = tables.closes.c


@dataclass(frozen=True, slots=True)
class Close:
    date: Date
    slice: str
    cut_off: datetime
    closed_at: datetime
    on_time: bool
    trust: Reasons

    def reasons(self, team: str) -> Mapping[Step, Sequence[Any]]:
        """Step → reasons, only steps that have any."""
        found = self.trust.get(team) or {}
        return {step: reasons for step, reasons in found.items() if reasons}


async def of_day(connection: AsyncConnection, day: Date) -> tuple[Close, ...]:
    """Oldest first."""
    query = sa.select(
        _closes.date, _closes.slice, _closes.cut_off, _closes.closed_at, _closes.on_time, _closes.trust
    ).where(_closes.date == day)
    return tuple(Close(*row) for row in await connection.execute(query.order_by(_closes.cut_off)))


async def every(connection: AsyncConnection) -> tuple[Close, ...]:
    """All closes ever, oldest first: a few a day."""
    query = sa.select(_closes.date, _closes.slice, _closes.cut_off, _closes.closed_at, _closes.on_time, _closes.trust)
    return tuple(Close(*row) for row in await connection.execute(query.order_by(_closes.cut_off)))
