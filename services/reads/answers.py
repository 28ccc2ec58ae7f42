"""Conversations lost on numbers and lists found bad, as their alerts say (``services.rules.lost_answers``)."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor

_LOST: Final = sa.text(
    """
SELECT l.key AS team, sum(l.value::float8) AS lost
FROM alerts, jsonb_each_text(evidence->'lost_answers') AS l
WHERE verdict IN ('number', 'list') AND state <> 'invalidated' AND date BETWEEN :first AND :last AND fired_at <= :until
  AND jsonb_typeof(evidence->'lost_answers') = 'object'
GROUP BY l.key
"""
)


async def lost(
    connection: AsyncConnection, floor: Floor, first: Date, last: Date, until: datetime
) -> Mapping[str, float]:
    """Team → conversations lost in the days *first* … *last*; teams without any are absent."""
    rows = await connection.execute(_LOST, {"first": first, "last": last, "until": until})
    return {row.team: float(row.lost) for row in rows if row.team in floor.team_by_id and row.lost > 0}
