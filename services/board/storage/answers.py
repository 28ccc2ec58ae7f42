"""Conversations lost on numbers and lists found bad: attempts there while the alert stood, at what they used to bring."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import CALL
from schemas.floor import Floor
from services.board.storage.funnel import roster

USUAL_DAYS: Final = 28
"""The usual answer rate of a number or list: that of the four weeks before the alert."""
MIN_ATTEMPTS: Final = 60

_LOST: Final = sa.text(
    f"""
WITH roster AS (
  SELECT * FROM unnest(CAST(:agents AS text[]), CAST(:teams AS text[])) AS r(agent, team)
), bad AS (
  SELECT alert, date, fired_at, coalesce(resolved_at, :until) AS ended, split_part(scope, ':', 1) AS kind,
         substr(scope, strpos(scope, ':') + 1) AS name, evidence->>'did' AS did, evidence->>'campaign' AS campaign
  FROM alerts WHERE verdict IN ('number', 'list') AND state <> 'invalidated'
    AND date BETWEEN :first AND :last AND fired_at <= :until
), hit AS (
  SELECT b.alert, r.team, f.event_id, f.occurred_at > b.fired_at AND f.occurred_at <= least(b.ended, :until) AS within,
         f.occurred_at <= b.fired_at AS before, f.disposition = 'answered' AS answered
  FROM bad b
  JOIN facts f ON f.day BETWEEN b.date - CAST(:usual AS int) AND :last AND f.type = '{CALL}' AND f.direction = 'outbound'
    AND CASE WHEN b.did IS NOT NULL OR b.campaign IS NOT NULL
             THEN f.data->>'did' = b.did OR f.campaign = b.campaign
             ELSE b.name IN (f.line, f.data->>'did', f.campaign) END
  JOIN roster r USING (agent)
), usual AS (
  SELECT alert, avg(answered::int) FILTER (WHERE before) AS rate, count(*) FILTER (WHERE before) AS attempts
  FROM hit GROUP BY alert
), lost AS (
  SELECT h.alert, h.team, count(*) * u.rate - count(*) FILTER (WHERE h.answered) AS lost
  FROM hit h JOIN usual u USING (alert) WHERE h.within AND u.attempts >= :enough GROUP BY h.alert, h.team, u.rate
)
SELECT team, sum(greatest(lost, 0))::float8 AS lost FROM lost GROUP BY team
"""  # noqa: S608 - constants of ours
)


async def lost(
    connection: AsyncConnection, floor: Floor, first: Date, last: Date, until: datetime
) -> Mapping[str, float]:
    """Team → conversations lost in the days *first* … *last*; teams without any are absent.

    The alert names its number or list in its evidence (``did``, ``campaign``), else by its scope.
    """
    given = roster(floor)
    rows = await connection.execute(
        _LOST,
        {
            "agents": given["agents"],
            "teams": given["teams"],
            "first": first,
            "last": last,
            "until": until,
            "usual": USUAL_DAYS,
            "enough": MIN_ATTEMPTS,
        },
    )
    return {row.team: float(row.lost) for row in rows if row.lost > 0}
