"""Steps on which a whole team was below the norm at a slice: its agents were judged against the team (DOMAIN §6)."""

from collections.abc import Mapping
from datetime import date as Date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.steps import STEPS, Step

Below = Mapping[tuple[str, str], frozenset[Step]]
"""(slice, team) → steps of the common cause."""


async def below(connection: AsyncConnection, day: Date) -> Below:
    """Of every slice of *day*; teams without a common cause are left out."""
    columns = tables.team_issues.c
    query = sa.select(columns.slice, columns.team, columns.evidence).where(columns.date == day)
    return {
        (row.slice, row.team): frozenset(step for step in STEPS if any(one.get("step") == step for one in steps))
        for row in await connection.execute(query)
        if (steps := (row.evidence or {}).get("steps"))
    }
