"""Agent states of a day, from ``facts``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date as Date
from datetime import datetime
from typing import cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.facts import STATE, StateName

_facts = tables.facts.c


async def of_day(connection: AsyncConnection, day: Date) -> Mapping[str, Sequence[tuple[datetime, StateName]]]:
    """Agent → (since, state), oldest first."""
    query = (
        sa.select(_facts.agent, _facts.occurred_at, _facts.data["state"].astext)
        .where(_facts.day == day, _facts.type == STATE, _facts.agent.is_not(None))
        .order_by(_facts.agent, _facts.occurred_at, _facts.event_id)
    )
    found: dict[str, list[tuple[datetime, StateName]]] = defaultdict(list)
    for agent, since, state in await connection.execute(query):
        found[agent].append((since, cast(StateName, state)))
    return found
