"""Counts of the last weeks per agent, for what is worth a look (services.rules.gaming)."""

from collections.abc import Mapping, Sequence
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.floor import Floor
from services.reads.kept import Kept, key_of
from services.rules.day import first_of_working_days
from services.rules.gaming import Habits

INVOICE_DAYS: Final = 60
"""Invoices of so many days, those old enough to be paid, are looked at."""
LINKED_DAYS: Final = 7
"""A presentation that names its call is looked for among calls of so many days before it."""

# One pass over calls: numbers called first, since most are called once.
_CALLS: Final = sa.text(f"""
WITH numbers AS (
  SELECT f.agent,
    CASE WHEN f.direction = 'outbound' THEN f.customer COLLATE "C" END AS number,
    count(*) FILTER (WHERE f.direction = 'outbound' AND f.customer IS NOT NULL) AS calls,
    count(*) FILTER (WHERE f.disposition = 'answered') AS answered,
    count(*) FILTER (WHERE f.disposition = 'answered' AND f.talk_s < :quick_s) AS quick,
    count(*) FILTER (WHERE f.talk_s >= r.long_s AND f.talk_s < r.long_s + :width_s) AS just_above,
    count(*) FILTER (WHERE (f.talk_s >= r.long_s - 4 * :width_s AND f.talk_s < r.long_s)
                        OR (f.talk_s >= r.long_s + :width_s AND f.talk_s < r.long_s + 5 * :width_s)) AS around
  FROM unnest(CAST(:agents AS text[]), CAST(:long_s AS float8[])) AS r(agent, long_s)
  JOIN facts f ON f.agent = r.agent
  WHERE f.day = :day AND f.type = '{CALL}' AND f.direction <> 'internal'
  GROUP BY 1, 2
)
SELECT agent, sum(answered)::int AS answered, sum(quick)::int AS quick, sum(just_above)::int AS just_above,
  sum(around)::int AS around, max(calls)::int AS same_number
FROM numbers GROUP BY agent
""")  # noqa: S608 - constants of ours

# Days by name and an equal agent lead into the index facts_talks. A named call is looked for by its name first (OFFSET 0
# keeps it so): agent and day alone would bring all calls of a week.
_MARKS: Final = sa.text(f"""
SELECT p.agent, count(*)::int AS presentations,
  (count(*) FILTER (WHERE CASE WHEN named.occurred_at IS NOT NULL
    THEN named.disposition <> 'answered' OR coalesce(named.talk_s, 0) < r.short_s
    ELSE NOT EXISTS (
      SELECT 1 FROM facts c
      WHERE c.day = ANY(ARRAY[p.day - 1, p.day]) AND c.agent = p.agent AND c.type = '{CALL}'
        AND c.disposition = 'answered' AND c.occurred_at > p.occurred_at - :within * interval '1 second'
        AND c.talk_s >= r.short_s AND c.occurred_at - c.talk_s * interval '1 second' <= p.occurred_at) END))::int AS unheard,
  count(named.occurred_at)::int AS linked_marks,
  (count(*) FILTER (WHERE p.occurred_at - named.occurred_at > :late * interval '1 second'))::int AS late_marks
FROM unnest(CAST(:agents AS text[]), CAST(:short_s AS float8[])) AS r(agent, short_s)
JOIN facts p ON p.agent = r.agent
LEFT JOIN LATERAL (
  SELECT c.occurred_at, c.disposition, c.talk_s
  FROM (SELECT * FROM facts WHERE type = '{CALL}' AND data->>'call_id' = p.data->>'call_id' OFFSET 0) AS c
  WHERE c.agent = p.agent AND c.day BETWEEN p.day - CAST(:linked_days AS int) AND p.day
  LIMIT 1) AS named ON true
WHERE p.day = :day AND p.type = '{PRESENTATION}'
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


_MOST: Final = frozenset({"same_number"})
"""Of several days the greatest counts, of all else the sum."""

_OfDay = Mapping[str, Mapping[str, int]]


async def read(
    connection: AsyncConnection, kept: Kept, floor: Floor, until: Date, team: str | None = None
) -> Mapping[str, Habits]:
    """Habits of everybody on the roster, or of one team, in the days up to *until*; those without facts are absent."""
    first = first_of_working_days(floor, until, floor.gaming.days)
    days = [first + timedelta(days=at) for at in range((until - first).days + 1)]
    given = _given(floor)
    found = await kept.of_days(
        connection,
        key_of("habits", given),
        days,
        lambda day: _of_day(connection, given, day),
        back=LINKED_DAYS,
    )
    counts: dict[str, dict[str, int]] = {}
    for of_day in found.values():
        for agent, own in of_day.items():
            so_far = counts.setdefault(agent, {})
            for name, count in own.items():
                before = so_far.get(name, 0)
                so_far[name] = max(before, count) if name in _MOST else before + count
    for row in await _rows(connection, _INVOICES, _of_invoices(floor, until)):
        counts.setdefault(row["agent"], {}).update(invoices=int(row["invoices"]), paid=int(row["paid"]))
    listed = {agent.id: agent.team for agent in floor.agents if team in (None, agent.team)}
    return {agent: Habits(agent, listed[agent], **own) for agent, own in counts.items() if agent in listed}


def _given(floor: Floor) -> dict[str, Any]:
    by = floor.gaming
    return {
        "agents": [agent.id for agent in floor.agents],
        "long_s": [float(floor.long_call_of(agent.team)) for agent in floor.agents],
        "short_s": [float(floor.short_call_of(agent.team)) for agent in floor.agents],
        "quick_s": by.quick_s,
        "width_s": by.pile_width_s,
        "within": by.unheard_within_s,
        "late": by.late_mark_s,
        "linked_days": LINKED_DAYS,
    }


def _of_invoices(floor: Floor, until: Date) -> dict[str, Any]:
    last = until - timedelta(days=floor.gaming.unpaid_after_days)
    return {
        "agents": [agent.id for agent in floor.agents],
        "last": last,
        "first": last - timedelta(days=INVOICE_DAYS),
    }


async def _of_day(connection: AsyncConnection, given: Mapping[str, Any], day: Date) -> _OfDay:
    """Agent → counts of that day."""
    found: dict[str, dict[str, int]] = {}
    for query in (_CALLS, _MARKS):
        for row in await _rows(connection, query, {**given, "day": day}):
            counts = {name: row[name] for name in row if name != "agent" and row[name]}
            found.setdefault(row["agent"], {}).update(counts)
    return found


async def _rows(connection: AsyncConnection, query: sa.TextClause, given: Mapping[str, Any]) -> Sequence[sa.RowMapping]:
    names = query.compile().params.keys()
    return (await connection.execute(query, {name: given[name] for name in names})).mappings().all()
