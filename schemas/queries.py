"""Queries that more than one service asks of ``facts``, word for word the same. Parameters are PostgreSQL's ``$n``."""

from typing import Final

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION, REFUND

CALLS_OF_DAY: Final = f"""
SELECT occurred_at, line, data->>'did' AS did, campaign, agent, disposition, sip_status, q850, coalesce(talk_s, 0) AS talk_s,
  (data->>'ring_s')::float8 AS ring_s, data->>'call_id' AS call_id
FROM facts
WHERE day = $1 AND type = '{CALL}' AND direction = 'outbound' AND occurred_at > $2 AND occurred_at <= $3 AND received_at <= $4
ORDER BY occurred_at, event_id
"""
"""Day; after, until (occurred); known by."""

OLDEST_CHANGED: Final = f"""
SELECT min(occurred_at) AS oldest FROM facts
WHERE source = ANY($1::text[]) AND received_at > $2 AND day = $3 AND type = '{CALL}'
"""
"""Sources, received after, day."""

MARKS_OF_DAY: Final = f"""
SELECT source, type, occurred_at FROM facts
WHERE day = $1 AND type IN ('{PRESENTATION}', '{INVOICE}') AND received_at <= $2
ORDER BY occurred_at, event_id
"""

_ROSTER: Final = """
roster AS (SELECT * FROM unnest($4::text[], $5::text[], $6::float8[], $7::float8[]) AS r(agent, team, short_s, long_s)),
"""
CALLS_BY_HOUR: Final = f"""
WITH {_ROSTER}
calls AS (
  SELECT f.day, extract(hour FROM (f.occurred_at - interval '1 microsecond') AT TIME ZONE $3)::int AS hour,
    f.line, f.data->>'did' AS did, f.campaign, r.team, f.disposition, f.sip_status, f.q850,
    CASE WHEN f.disposition = 'answered' THEN coalesce(f.talk_s, 0) < coalesce(r.short_s, $8) END AS short,
    CASE WHEN f.disposition = 'answered' THEN coalesce(f.talk_s, 0) >= coalesce(r.long_s, $9) END AS long,
    CASE WHEN f.disposition = 'answered' THEN width_bucket((f.data->>'ring_s')::float8, $10::float8[]) END AS ring
  FROM facts f LEFT JOIN roster r ON r.agent = f.agent
  WHERE f.day >= $1 AND f.day < $2 AND f.type = '{CALL}' AND f.direction = 'outbound'
    AND f.received_at <= (f.day + 1)::timestamp AT TIME ZONE $3)
SELECT day, hour, line, did, campaign, team, disposition, sip_status, q850, short, long, ring, count(*)::int AS n
FROM calls
GROUP BY day, hour, disposition, sip_status, q850, short, long, ring, GROUPING SETS ((line), (did), (campaign), (team))
"""
"""From day, before day, time zone; roster: agents, teams, short_s, long_s; the floor's short_s, long_s; ring steps."""

CALLS_BY_AGENT: Final = f"""
WITH {_ROSTER}
calls AS (
  SELECT f.day, f.agent, coalesce(f.talk_s, 0) < r.short_s AS short
  FROM facts f JOIN roster r ON r.agent = f.agent
  WHERE f.day >= $1 AND f.day < $2 AND f.type = '{CALL}' AND f.direction = 'outbound' AND f.disposition = 'answered'
    AND f.received_at <= (f.day + 1)::timestamp AT TIME ZONE $3)
SELECT day, agent, short, count(*)::int AS n FROM calls GROUP BY 1, 2, 3
"""

MARKS_BY_LAG: Final = f"""
WITH told AS (
  SELECT day, source, type, agent, occurred_at, max(CASE WHEN type = '{CALL}' THEN occurred_at END)
    OVER (PARTITION BY day, agent ORDER BY occurred_at, (type <> '{CALL}')) AS called_at
  FROM facts
  WHERE day >= $1 AND day < $2 AND received_at <= (day + 1)::timestamp AT TIME ZONE $3
    AND ((type = '{CALL}' AND direction = 'outbound' AND disposition = 'answered') OR type IN ('{PRESENTATION}', '{INVOICE}')))
SELECT day, source, type, width_bucket(extract(epoch FROM occurred_at - called_at)::float8, $4::float8[]) AS step,
  count(*)::int AS n
FROM told WHERE type <> '{CALL}' GROUP BY 1, 2, 3, 4
"""
"""From day, before day, time zone, steps of the lag. ``step`` is null where the agent had no call before it."""

ARRIVALS_BY_BIN: Final = """
SELECT source, day, floor(extract(epoch FROM (occurred_at AT TIME ZONE $3)::time) / $4::int)::int AS bin, count(*)::int AS n
FROM facts
WHERE day >= $1 AND day < $2 AND received_at <= (day + 1)::timestamp AT TIME ZONE $3
GROUP BY 1, 2, 3
"""
"""From day, before day, time zone, seconds of a bin of the local day. How many facts of each source happened in it."""

_BOOKS: Final = f"""
WITH roster AS (
  SELECT * FROM unnest($1::text[], $2::text[]) AS r(agent, team)
), known AS (
  SELECT f.event_id, f.type, f.day, f.agent, f.currency, f.amount_minor,
         f.data->>'invoice' AS invoice, f.data->>'deal' AS deal
  FROM facts f
  WHERE f.day BETWEEN $3 AND $4 AND f.type IN ('{INVOICE}', '{PAYMENT}', '{REFUND}')
    AND f.occurred_at <= $5 AND f.received_at <= $6
), issued AS (
  SELECT r.team, k.* FROM known k JOIN roster r USING (agent) WHERE k.type = '{INVOICE}'
), came AS (
  SELECT * FROM known WHERE type = '{PAYMENT}'
), linked AS (
  SELECT i.event_id AS issued, c.event_id AS came, c.day FROM issued i JOIN came c ON c.invoice = i.invoice
  UNION ALL
  SELECT i.event_id, c.event_id, c.day FROM issued i JOIN came c ON c.deal = i.deal
  WHERE c.invoice IS NULL OR NOT EXISTS (SELECT FROM issued n WHERE n.invoice = c.invoice)
)
"""
INVOICES_OF_DAYS: Final = (
    _BOOKS
    + """, firsts AS (SELECT issued, min(day) AS paid FROM linked GROUP BY issued)
SELECT i.team, i.day AS issued, p.paid, i.currency,
       CASE WHEN p.paid IS NULL THEN i.amount_minor END AS minor, count(*)::int AS count
FROM issued i LEFT JOIN firsts p ON p.issued = i.event_id
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""
)
"""Roster: agents, teams; first and last day; until (occurred); known by."""

PAYMENTS_OF_DAYS: Final = (
    _BOOKS
    + f""", ours AS (SELECT DISTINCT came FROM linked)
SELECT r.team, f.day, f.currency,
  count(*) FILTER (WHERE f.type = '{PAYMENT}')::int AS count,
  count(k.came)::int AS linked,
  coalesce(sum(f.amount_minor) FILTER (WHERE f.type = '{PAYMENT}'), 0)::bigint AS minor,
  coalesce(sum(f.amount_minor::numeric * f.amount_minor) FILTER (WHERE f.type = '{PAYMENT}'), 0)::float8 AS squares,
  coalesce(sum(f.amount_minor) FILTER (WHERE f.type = '{REFUND}'), 0)::bigint AS refunded_minor
FROM known f JOIN roster r USING (agent) LEFT JOIN ours k ON k.came = f.event_id
WHERE f.type <> '{INVOICE}'
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
)
"""As INVOICES_OF_DAYS."""
