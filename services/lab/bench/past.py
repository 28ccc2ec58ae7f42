"""A floor with months behind it, written straight into PostgreSQL: calls and what came of them, slices, tasks, forecasts.

Made by the database itself, so that millions of facts take minutes. Numbers lie where those of a selling floor lie, and
results point at the calls and deals they came from; nothing here is judged, so a page over it is only as right as its input.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from typing import Any, Final

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.floor import Floor
from schemas.topics import key_hash
from services.rules.day import WorkingDay, is_working, working_day

CALLS: Final = "own"
CRM: Final = "crm"
CALLS_PER_DAY: Final = 160

_FACT: Final = """
INSERT INTO facts (event_id, type, source, day, occurred_at, received_at, agent, identity, line, key_hash, direction,
  disposition, talk_s, campaign, customer, amount_minor, currency, data, content_hash, published_at)
"""

_CALLS: Final = f"""
{_FACT}
SELECT gen_random_uuid(), '{CALL}', '{CALLS}', $1::date, at, at + interval '2 seconds', agent, agent, line, hash, 'outbound',
  disposition, talk_s, campaign, customer, NULL, NULL,
  jsonb_build_object('call_id', call_id, 'agent', agent, 'identity', agent, 'direction', 'outbound',
    'started_at', at - talk_s * interval '1 second' - interval '10 seconds',
    'answered_at', CASE WHEN talk_s > 0 THEN at - talk_s * interval '1 second' END, 'ended_at', at, 'talk_s', talk_s,
    'ring_s', 10, 'disposition', disposition, 'line', line, 'campaign', campaign, 'customer', customer),
  'past'::bytea, at
FROM (
  SELECT a.agent, a.hash, '{CALLS}' || ':' || a.agent || ':' || $1::date || ':' || n AS call_id,
    $2::timestamptz + (n - random()) / {CALLS_PER_DAY} * ($3::timestamptz - $2::timestamptz) AS at,
    CASE WHEN luck < a.answers THEN 'answered' ELSE 'no_answer' END AS disposition,
    CASE WHEN luck >= a.answers THEN 0 WHEN luck < a.answers * 0.14 THEN round(600 + 900 * random() ^ 3)
      ELSE round(10 + 580 * random() ^ 2) END AS talk_s,
    'own/trunk' || n % 4 AS line, 'campaign' || n % 3 AS campaign, 'k1:' || floor(random() * 1e6) AS customer
  FROM unnest($4::text[], $5::int[], $6::float8[]) AS a(agent, hash, answers)
    CROSS JOIN generate_series(1, {CALLS_PER_DAY}) AS n CROSS JOIN LATERAL (SELECT random() + 0 * n AS luck) AS l
) AS made
WHERE at <= $7
"""  # noqa: S608 - constants of ours

_PRESENTATIONS: Final = f"""
{_FACT}
SELECT gen_random_uuid(), '{PRESENTATION}', '{CRM}', day, at, at + interval '2 seconds', agent, agent, '{CRM}', key_hash,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  jsonb_build_object('deal', 'deal:' || call_id, 'agent', agent, 'at', at, 'call_id', call_id), 'past'::bytea, at
FROM (SELECT *, data->>'call_id' AS call_id, occurred_at + random() ^ 4 * interval '1 hour' AS at FROM facts
      WHERE day = $1 AND type = '{CALL}' AND talk_s >= 300 AND random() < 0.25) AS heard
WHERE at <= $2
"""  # noqa: S608 - constants of ours

_RESULTS: Final = f"""
{_FACT}
SELECT gen_random_uuid(), $3::text, '{CRM}', (at AT TIME ZONE $7)::date, at, at + interval '2 seconds', agent, agent, '{CRM}',
  key_hash, NULL, NULL, NULL, NULL, NULL, amount, $8::text,
  jsonb_build_object('deal', data->>'deal', 'agent', agent, 'at', at, 'amount_minor', amount, 'currency', $8::text,
    'invoice', coalesce(data->>'invoice', 'invoice:' || (data->>'deal')))
    || CASE WHEN $3::text = '{PAYMENT}' THEN jsonb_build_object('payment', 'payment:' || (data->>'deal')) ELSE '{{}}'::jsonb END,
  'past'::bytea, at
FROM (SELECT *, occurred_at + random() ^ 3 * $6::interval AS at,
        coalesce(amount_minor, (1 + floor(random() * 40))::bigint * 100000) AS amount
      FROM facts WHERE day = $1 AND type = $4::text AND random() < $5::float8) AS led
WHERE at <= $2
"""  # noqa: S608 - constants of ours

_CLOSES: Final = """
INSERT INTO closes (date, slice, cut_off, closed_at, floor_version, on_time, trust, announced_at)
VALUES ($1, $2, $3::timestamptz, $3::timestamptz + interval '184 seconds', 1, true, '{}',
  $3::timestamptz + interval '185 seconds')
"""

_SLICES: Final = f"""
WITH counted AS (
  SELECT agent, occurred_at > $4::timestamptz AS inside, count(*) FILTER (WHERE type = '{CALL}') AS calls,
    count(*) FILTER (WHERE disposition = 'answered') AS answered,
    count(*) FILTER (WHERE disposition = 'answered' AND talk_s >= 600) AS long_calls,
    count(*) FILTER (WHERE type = '{PRESENTATION}') AS presentations,
    count(*) FILTER (WHERE type = '{INVOICE}') AS invoices, count(*) FILTER (WHERE type = '{PAYMENT}') AS payments
  FROM facts WHERE day = $1::date AND occurred_at <= $3::timestamptz GROUP BY 1, 2
), steps AS (
  SELECT a.agent, a.team, s.step, s.norm * $5::float8 AS target, coalesce(sum(v.n), 0)::int AS done,
    coalesce(sum(v.n) FILTER (WHERE c.inside), 0)::int AS in_slice
  FROM unnest($6::text[], $7::text[]) AS a(agent, team)
    CROSS JOIN unnest($8::text[], $9::float8[]) AS s(step, norm)
    LEFT JOIN counted c ON c.agent = a.agent
    LEFT JOIN LATERAL (SELECT (to_jsonb(c)->>s.step)::int AS n) AS v ON true
  GROUP BY 1, 2, 3, 4
), judged AS (SELECT *, (6.25 + done / 1.3) / (6.25 + target / 1.3) AS index FROM steps)
INSERT INTO slices (date, slice, agent, step, team, cut_off, done, in_slice, target, index, p_below, level, trusted, late)
SELECT $1::date, $2::text, agent, step, team, $3::timestamptz, done, in_slice, target, index, 1 / (1 + exp(12 * (index - 0.9))),
  CASE WHEN target < 3 THEN 'not_enough_data' WHEN index < 0.8 THEN 'soft' ELSE 'ok' END, true, 0
FROM judged
"""  # noqa: S608 - constants of ours

_TASKS: Final = """
INSERT INTO tasks (task, date, slice, agent, team, step, opened, due, target, verified, result, evidence, state)
SELECT gen_random_uuid(), date, slice, agent, team, step, cut_off, $3::timestamptz, greatest(1, ceil(target / 4)),
  $3::timestamptz,
  CASE WHEN won THEN 'done' ELSE 'not_done' END,
  jsonb_build_object('index', index, 'p_below', p_below, 'verified', jsonb_build_object('done', in_slice,
    'expected', target / 4, 'met', won, 'index', index, 'required', ceil(target / 4), 'technical_min', 0)), 'confirmed'
FROM (SELECT DISTINCT ON (agent) *, random() < 0.6 AS won FROM slices
      WHERE date = $1::date AND slice = $2::text AND level = 'soft' ORDER BY agent, step) AS soft
"""

_FORECASTS: Final = """
INSERT INTO forecasts (date, slice, scope, step, done, plan, median, low, high, p_plan)
SELECT $1::date, $2::text, scope, step, sum(done), sum(target) / $3::float8, sum(done) / $3::float8, 0.8 * sum(done) / $3::float8,
  1.2 * sum(done) / $3::float8, 0.5
FROM slices CROSS JOIN LATERAL (VALUES ('floor:' || $4::text), ('team:' || team)) AS s(scope)
WHERE date = $1::date AND slice = $2::text GROUP BY scope, step
"""


def floor_text(agents: int, teams: int, month: Date) -> str:
    """YAML of a selling floor with a plan for *month*; four slices, two sources."""
    lines = [
        "version: 1",
        "timezone: Europe/Moscow",
        "currency: RUB",
        "day: {start: '09:00', end: '18:00', breaks: ['13:00-14:00'], weekdays: [mon, tue, wed, thu, fri]}",
        "slices: ['11:00', '13:00', '16:00', '18:00']",
        "teams:",
        *(f"  - {{id: team{number}}}" for number in range(teams)),
        "agents:",
        *(
            f"  - {{id: agent{n:05d}, team: team{n % teams}, role: caller, identities: {{{CALLS}: ['{n}'], {CRM}: ['{n}']}}}}"
            for n in range(agents)
        ),
        "norms: [{for: {floor: main}, per_day: {calls: 160, answered: 58, long_calls: 8, presentations: 5, invoices: 2, "
        "payments: 1}}]",
        f"plan: [{{for: {{floor: main}}, month: {month:%Y-%m}, payments_minor: {agents * 12_400_000}}}]",
        "sources:",
        f"  - {{id: {CALLS}, provider: generic, secrets: {{signing: {{env: BENCH_SIGNING}}}}, feeds: [calls]}}",
        f"  - {{id: {CRM}, provider: generic, secrets: {{signing: {{env: BENCH_SIGNING}}}}, "
        "feeds: [presentations, invoices, payments]}",
        "notify: {channels: [{id: console, kind: console}]}",
    ]
    return "\n".join(lines) + "\n"


def working_days(floor: Floor, last: Date, count: int) -> list[Date]:
    """The last *count* working days up to *last*, oldest first."""
    found: list[Date] = []
    day = last
    while len(found) < count:
        if is_working(floor, day):
            found.append(day)
        day -= timedelta(days=1)
    return found[::-1]


async def write(connection: Any, floor: Floor, dates: Sequence[Date], now: datetime) -> int:
    """Fill the days *dates* up to *now*; returns how many facts there are then. Same numbers every time.

    Args:
        connection: of asyncpg, to a migrated database.
    """
    await connection.execute("SELECT setseed(0.5)")
    agents = [agent.id for agent in floor.agents]
    hashes = [key_hash(agent) for agent in agents]
    answers = [0.27 + 0.18 * at / len(agents) for at in range(len(agents))]
    for date in dates:
        day = working_day(floor, date)
        await connection.execute(_CALLS, date, *_hours(day), agents, hashes, answers, now)
        await connection.execute(_PRESENTATIONS, date, now)
        for made, of, chance, within in (
            (INVOICE, PRESENTATION, 0.4, timedelta(hours=6)),
            (PAYMENT, INVOICE, 0.5, timedelta(days=25)),
        ):
            await connection.execute(_RESULTS, date, now, made, of, chance, within, floor.timezone, floor.currency)
    await connection.execute("ANALYZE facts")
    for date in dates:
        await _close(connection, floor, date, now)
    await connection.execute("ANALYZE")
    count: int = await connection.fetchval("SELECT count(*) FROM facts")
    return count


def _hours(day: WorkingDay) -> tuple[datetime, datetime]:
    """From the first standard minute to the last; breaks are filled like the rest."""
    return datetime.fromtimestamp(day.standard[0][0], UTC), datetime.fromtimestamp(day.standard[-1][1], UTC)


async def _close(connection: Any, floor: Floor, date: Date, now: datetime) -> None:
    """Slices of one day that are closed by *now*, with a task for the next one where somebody is behind."""
    day = working_day(floor, date)
    norms = floor.norms[0].per_day
    agents, teams = [agent.id for agent in floor.agents], [agent.team for agent in floor.agents]
    starts, ends = _hours(day)
    cuts = [cut for cut in day.cut_offs if cut.at + timedelta(seconds=floor.grace_s) < now]
    since = day.starts
    for at, cut in enumerate(cuts):
        share = (cut.at - starts) / (ends - starts)
        await connection.execute(_CLOSES, date, cut.name, cut.at)
        await connection.execute(
            _SLICES,
            date,
            cut.name,
            cut.at,
            since,
            share,
            agents,
            teams,
            list(norms),
            [float(norms[step]) for step in norms],
        )
        if at + 1 < len(cuts):
            await connection.execute(_TASKS, date, cut.name, cuts[at + 1].at)
        await connection.execute(_FORECASTS, date, cut.name, share, floor.floor)
        since = cut.at
