"""Counts of the last weeks per agent, for what is worth a look (services.rules.gaming)."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.floor import Floor
from services.rules.day import first_of_working_days
from services.rules.gaming import Habits

INVOICE_DAYS: Final = 60
"""Invoices of so many days, those old enough to be paid, are looked at."""
LINKED_DAYS: Final = 7
"""A presentation that names its call is looked for among calls of so many days before it."""

_CALLS: Final = sa.text(f"""
SELECT r.agent,
  count(*) FILTER (WHERE f.disposition = 'answered') AS answered,
  count(*) FILTER (WHERE f.disposition = 'answered' AND f.talk_s < :quick_s) AS quick,
  count(*) FILTER (WHERE f.talk_s >= r.long_s AND f.talk_s < r.long_s + :width_s) AS just_above,
  count(*) FILTER (WHERE (f.talk_s >= r.long_s - 4 * :width_s AND f.talk_s < r.long_s)
                      OR (f.talk_s >= r.long_s + :width_s AND f.talk_s < r.long_s + 5 * :width_s)) AS around
FROM unnest(CAST(:agents AS text[]), CAST(:long_s AS float8[])) AS r(agent, long_s)
JOIN facts f ON f.agent = r.agent
WHERE f.day BETWEEN :since AND :until AND f.type = '{CALL}' AND f.direction <> 'internal'
GROUP BY r.agent
""")  # noqa: S608 - constants of ours

_SAME_NUMBER: Final = sa.text(f"""
SELECT agent, max(calls) AS same_number
FROM (SELECT agent, count(*) AS calls FROM facts
      WHERE day BETWEEN :since AND :until AND agent = ANY(CAST(:agents AS text[])) AND type = '{CALL}'
        AND direction = 'outbound' AND customer IS NOT NULL
      GROUP BY agent, day, customer) AS of_days
GROUP BY agent
""")  # noqa: S608 - constants of ours

_MARKS: Final = sa.text(f"""
SELECT p.agent, count(*) AS presentations,
  count(*) FILTER (WHERE NOT EXISTS (
    SELECT 1 FROM facts c
    WHERE c.agent = p.agent AND c.day BETWEEN p.day - 1 AND p.day AND c.type = '{CALL}' AND c.disposition = 'answered'
      AND c.talk_s >= r.short_s AND c.occurred_at > p.occurred_at - :within * interval '1 second'
      AND c.occurred_at - c.talk_s * interval '1 second' <= p.occurred_at)) AS unheard,
  count(named.occurred_at) AS linked_marks,
  count(*) FILTER (WHERE p.occurred_at - named.occurred_at > :late * interval '1 second') AS late_marks
FROM unnest(CAST(:agents AS text[]), CAST(:short_s AS float8[])) AS r(agent, short_s)
JOIN facts p ON p.agent = r.agent
LEFT JOIN LATERAL (
  SELECT c.occurred_at FROM facts c
  WHERE c.agent = p.agent AND c.day BETWEEN p.day - CAST(:linked_days AS int) AND p.day AND c.type = '{CALL}'
    AND c.data->>'call_id' = p.data->>'call_id'
  LIMIT 1) AS named ON true
WHERE p.day BETWEEN :since AND :until AND p.type = '{PRESENTATION}'
GROUP BY p.agent
""")  # noqa: S608 - constants of ours

_INVOICES: Final = sa.text(f"""
WITH paid AS (SELECT data->>'invoice' AS invoice, data->>'deal' AS deal FROM facts
              WHERE day >= :first AND type = '{PAYMENT}')
SELECT agent, count(*) AS invoices,
  count(*) FILTER (WHERE data->>'invoice' IN (SELECT invoice FROM paid WHERE invoice IS NOT NULL)
                      OR data->>'deal' IN (SELECT deal FROM paid WHERE deal IS NOT NULL)) AS paid
FROM facts
WHERE day BETWEEN :first AND :last AND agent = ANY(CAST(:agents AS text[])) AND type = '{INVOICE}'
GROUP BY agent
""")  # noqa: S608 - constants of ours


async def read(connection: AsyncConnection, floor: Floor, until: Date, team: str | None = None) -> Mapping[str, Habits]:
    """Habits of everybody on the roster, or of one team, in the days up to *until*; those without facts are absent."""
    by = floor.gaming
    listed = [agent for agent in floor.agents if team in (None, agent.team)]
    given: dict[str, Any] = {
        "agents": [agent.id for agent in listed],
        "long_s": [float(floor.long_call_of(agent.team)) for agent in listed],
        "short_s": [float(floor.short_call_of(agent.team)) for agent in listed],
        "since": first_of_working_days(floor, until, by.days),
        "until": until,
        "quick_s": by.quick_s,
        "width_s": by.pile_width_s,
        "within": by.unheard_within_s,
        "late": by.late_mark_s,
        "linked_days": LINKED_DAYS,
        "last": until - timedelta(days=by.unpaid_after_days),
        "first": until - timedelta(days=by.unpaid_after_days + INVOICE_DAYS),
    }
    counts: dict[str, dict[str, int]] = {}
    for query in (_CALLS, _SAME_NUMBER, _MARKS, _INVOICES):
        names = query.compile().params.keys()
        rows = await connection.execute(query, {name: given[name] for name in names})
        for row in rows.mappings():
            counts.setdefault(row["agent"], {}).update({name: int(row[name]) for name in row if name != "agent"})
    teams = {agent.id: agent.team for agent in listed}
    return {agent: Habits(agent, teams[agent], **own) for agent, own in counts.items()}
