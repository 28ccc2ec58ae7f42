"""Evidence of one slice by SQL: what was known at cut-off + grace. The back-test reads the same off a file."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

from schemas import queries
from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION, STATE, StateName
from schemas.steps import STEPS, Step
from services.aggregator.live.floors import FloorDay
from services.aggregator.storage.counting import LIMITS, counts, limits
from services.aggregator.storage.named import Named
from services.rules.deeds import Deed
from services.rules.exposure import States
from services.rules.money import books as rules_books
from services.rules.money.books import Books
from services.rules.rung import Answers
from services.rules.tasks import Task

_COUNTS = f"""
SELECT f.agent, {counts()}, {counts("in_", "f.occurred_at > $7")}
FROM facts f JOIN {LIMITS} ON b.agent = f.agent
WHERE f.day = $5 AND f.occurred_at <= $6 AND f.received_at <= $8
GROUP BY f.agent
"""
_SINCE = f"""
SELECT t.task, {counts()}
FROM unnest($5::text[], $6::text[], $7::timestamptz[]) AS t(task, agent, opened)
JOIN {LIMITS} ON b.agent = t.agent
JOIN facts f ON f.agent = t.agent AND f.day BETWEEN $8 AND $9
WHERE f.occurred_at > t.opened AND f.occurred_at <= $10 AND f.received_at <= $11
GROUP BY t.task
"""
_ANSWERS = f"""
SELECT agent, coalesce(nullif(campaign, ''), line) AS path, count(*)::int AS attempts,
  count(*) FILTER (WHERE disposition = 'answered')::int AS answered
FROM facts
WHERE day = $1 AND type = '{CALL}' AND direction = 'outbound' AND agent = ANY($2)
  AND occurred_at <= $3 AND received_at <= $4
GROUP BY 1, 2
"""
_STATES = f"""
SELECT day, agent, occurred_at, data->>'state' AS state FROM facts
WHERE type = '{STATE}' AND day BETWEEN $1 AND $2 AND agent = ANY($3) AND occurred_at <= $4 AND received_at <= $5
ORDER BY occurred_at
"""
_DELAYS = f"""
SELECT source, percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - occurred_at)::float8) AS p95
FROM facts WHERE day = $1 AND type = '{CALL}' AND occurred_at > $2 AND occurred_at <= $3 AND received_at <= $4
GROUP BY source
"""
# A call that reached nobody has nobody to be found: it is not unattributed.
_UNUSABLE = f"""
SELECT count(*)::int AS facts, count(*) FILTER (WHERE agent IS NULL AND CASE
    WHEN type = '{CALL}' THEN direction = 'outbound' OR (direction = 'inbound' AND identity IS NOT NULL)
    ELSE true END)::int AS unattributed
FROM facts WHERE day = $1 AND received_at <= $2
"""
_REJECTED = """
SELECT count(*)::int FROM journal WHERE state = 'rejected' AND received_at >= $1 AND received_at <= $2
"""
_BACKLOG = "SELECT count(*)::int FROM journal WHERE state = 'new' AND received_at <= $1"

_DEEDS = f"""
SELECT type, agent, occurred_at, direction, disposition, talk_s, data->>'call_id' AS call, data->>'started_at' AS started_at,
  data->>'recording_url' AS recording, data->>'deal' AS deal, data->>'invoice' AS invoice
FROM facts
WHERE day = $1 AND agent = ANY($2) AND occurred_at <= $3 AND received_at <= $4
  AND (type IN ('{PRESENTATION}', '{INVOICE}', '{PAYMENT}') OR (type = '{CALL}' AND direction <> 'internal'))
"""

AgentCounts = dict[str, dict[Step, int]]


async def step_counts(
    connection: Any, on: FloorDay, starts: datetime, cut_off: datetime, known_by: datetime
) -> tuple[AgentCounts, AgentCounts]:
    """(since midnight, since *starts*) per agent and step; zeros are left out."""
    rows = await connection.fetch(_COUNTS, *limits(on.by_agent), on.day.date, cut_off, starts, known_by)
    done = {row["agent"]: {step: row[step] for step in STEPS if row[step]} for row in rows}
    in_slice = {row["agent"]: {step: row[f"in_{step}"] for step in STEPS if row[f"in_{step}"]} for row in rows}
    return done, in_slice


async def counts_since(
    connection: Any, on: FloorDay, tasks: Sequence[Task], first: Date, cut_off: datetime, known_by: datetime
) -> dict[str, int]:
    """Task → count of its step in (opened, cut-off]."""
    if not tasks:
        return {}
    rows = await connection.fetch(
        _SINCE,
        *limits(on.by_agent),
        [task.task for task in tasks],
        [task.agent for task in tasks],
        [task.opened for task in tasks],
        first,
        on.day.date,
        cut_off,
        known_by,
    )
    step_of = {task.task: task.step for task in tasks}
    return {row["task"]: row[step_of[row["task"]]] for row in rows}


async def answers(connection: Any, on: FloorDay, cut_off: datetime, known_by: datetime) -> dict[str, Answers]:
    """Agent → path → (attempts, answered); the path is the campaign where there is one, else the line."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for row in await connection.fetch(_ANSWERS, on.day.date, list(on.by_agent), cut_off, known_by):
        found.setdefault(row["agent"], {})[row["path"]] = (row["attempts"], row["answered"])
    return dict(found)


async def states(
    connection: Any, on: FloorDay, first: Date, cut_off: datetime, known_by: datetime
) -> dict[Date, Mapping[str, States]]:
    """Date → agent → states, of *first* to today."""
    found: dict[Date, dict[str, list[tuple[datetime, StateName]]]] = {}
    for row in await connection.fetch(_STATES, first, on.day.date, list(on.by_agent), cut_off, known_by):
        own = found.setdefault(row["day"], {}).setdefault(row["agent"], [])
        own.append((row["occurred_at"], row["state"]))
    return dict(found)


async def deeds(
    connection: Any, on: FloorDay, agents: Sequence[str], cut_off: datetime, known_by: datetime
) -> list[Deed]:
    """What the calls to hear are chosen from: calls and what came of them, of these agents today."""
    if not agents:
        return []
    return [
        Deed(
            type=row["type"],
            agent=row["agent"],
            at=row["occurred_at"],
            call=row["call"],
            started_at=datetime.fromisoformat(row["started_at"]) if row["started_at"] else None,
            talk_s=row["talk_s"] if row["disposition"] == "answered" else None,
            recording=row["recording"],
            deal=row["deal"],
            invoice=row["invoice"],
            outbound=row["direction"] == "outbound",
        )
        for row in await connection.fetch(_DEEDS, on.day.date, list(agents), cut_off, known_by)
    ]


async def books(connection: Any, on: FloorDay, cut_off: datetime, known_by: datetime) -> Books:
    """What the month is foretold by. Months of money are joined with themselves: in memory rather than by way of the disk."""
    await connection.execute("SET LOCAL work_mem = '32MB'")
    given = rules_books.arguments(on.floor, on.day.date, cut_off, known_by)
    return rules_books.of_rows(
        await connection.fetch(queries.INVOICES_OF_DAYS, *given, record_class=Named),
        await connection.fetch(queries.PAYMENTS_OF_DAYS, *given, record_class=Named),
    )


async def delays_p95(
    connection: Any, on: FloorDay, starts: datetime, cut_off: datetime, known_by: datetime
) -> dict[str, float]:
    rows = await connection.fetch(_DELAYS, on.day.date, starts, cut_off, known_by)
    return {row["source"]: row["p95"] for row in rows}


async def unusable(connection: Any, on: FloorDay, known_by: datetime) -> tuple[int, int]:
    """(rejected webhooks + unattributed facts, both and all other facts) of the day."""
    row = await connection.fetchrow(_UNUSABLE, on.day.date, known_by)
    rejected = await connection.fetchval(_REJECTED, on.day.starts, known_by)
    return row["unattributed"] + rejected, row["facts"] + rejected


async def backlog(connection: Any, known_by: datetime) -> int:
    """Webhooks received by then and not parsed yet."""
    count: int = await connection.fetchval(_BACKLOG, known_by)
    return count


async def replaying(connection: Any) -> bool:
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT 1 FROM replays WHERE finished_at IS NULL)")
    return found


async def differing(connection: Any, since: datetime) -> bool:
    """A lasting difference between live counters and stored facts that somebody saw after *since*."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT 1 FROM differences WHERE checked_at >= $1)", since)
    return found


def earliest(opened: Iterable[datetime], on: FloorDay) -> Date:
    """The first local date that a task reaches back to, at most two weeks."""
    zone = on.floor.zone
    dates = [one.astimezone(zone).date() for one in opened]
    return max(min(dates, default=on.day.date), on.day.date - timedelta(days=14))
