"""Agent-days as ``facts`` has them, counted by SQL: what live state starts from, and what it is compared with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from schemas.facts import CALL, INVOICE, PAYMENT, REFUND, STATE
from schemas.steps import STEPS
from services.aggregator.live.agent_day import AgentDay
from services.aggregator.live.counted import Counted
from services.aggregator.live.floors import FloorDay
from services.aggregator.live.funnels import Key
from services.aggregator.storage.counting import SHORT, counts, limits

_MINE = "f.day = $5 AND f.agent IS NOT NULL AND "
_PARTITIONS = "f.key_hash % $6 = ANY($7::int[])"
_AGENT = "f.agent = $6"
# Those who left the roster are counted by the floor's own limits.
_BY = """
LEFT JOIN unnest($1::text[], $2::float8[], $3::float8[], $4::bool[]) AS own(agent, long_s, short_s, inbound)
  ON own.agent = f.agent
CROSS JOIN LATERAL (
  SELECT coalesce(own.long_s, ($2::float8[])[1]) AS long_s, coalesce(own.short_s, ($3::float8[])[1]) AS short_s,
         coalesce(own.inbound, false) AS inbound) b
"""
"""The first of the limits is the floor's, under a name that no agent has."""
_COUNTS = f"""
SELECT f.agent, max(f.key_hash) AS key_hash, {counts()}, count(*) FILTER (WHERE {SHORT})::int AS short_calls,
  coalesce(extract(epoch FROM max(f.occurred_at) FILTER (WHERE f.type = '{CALL}'))::float8, 0) AS last_call_s,
  extract(epoch FROM max(f.received_at))::float8 AS received_s,
  string_agg(substring(uuid_send(f.event_id) FROM 9), ''::bytea ORDER BY substring(uuid_send(f.event_id) FROM 9)) AS ids
FROM facts f {_BY}
WHERE {_MINE}%s GROUP BY f.agent
"""
_MONEY = f"""
SELECT f.agent, CASE WHEN f.type = '{INVOICE}' THEN 'invoices' ELSE 'payments' END AS kind, f.currency,
  sum(CASE WHEN f.type = '{REFUND}' THEN -f.amount_minor ELSE f.amount_minor END)::int8 AS amount_minor
FROM facts f
WHERE f.type IN ('{INVOICE}', '{PAYMENT}', '{REFUND}') AND f.amount_minor IS NOT NULL
  AND {_MINE.replace("$5", "$1")}%s GROUP BY 1, 2, 3
"""
_STATES = f"""
SELECT f.agent, array_agg(extract(epoch FROM f.occurred_at)::float8 ORDER BY f.occurred_at) AS at_s,
  array_agg(f.data->>'state' ORDER BY f.occurred_at) AS states
FROM facts f WHERE f.type = '{STATE}' AND {_MINE.replace("$5", "$1")}%s GROUP BY 1
"""


_SETTLED = f"""
SELECT f.agent, max(f.key_hash) AS key_hash, count(*)::int AS facts,
  count(*) FILTER (WHERE f.received_at < $8)::int AS settled, {counts()}
FROM facts f {_BY} WHERE {_MINE}{_PARTITIONS} GROUP BY f.agent
"""


@dataclass(frozen=True, slots=True)
class StoredCount:
    """``settled``: facts received before the instant asked about; ``steps``: sum over the six steps."""

    partition: int
    facts: int
    settled: int
    steps: int


def _shift(condition: str) -> str:
    return condition.replace("$6", "$2").replace("$7", "$3")


class AgentDays:
    """Reads agent-days; each answer is one snapshot of the database. Raises asyncpg's errors."""

    def __init__(self, pool: "asyncpg.Pool[Any]", partitions: int) -> None:
        self._pool, self._partitions = pool, partitions

    async def of_partitions(self, on: FloorDay, owned: frozenset[int]) -> dict[int, dict[Key, AgentDay]]:
        """Every agent-day of the date whose key falls into one of *owned*; each owned partition is a key."""
        found: dict[int, dict[Key, AgentDay]] = {partition: {} for partition in owned}
        hashes, days = await self._read(on, _PARTITIONS, self._partitions, sorted(owned))
        for agent, day in days.items():
            found[hashes[agent] % self._partitions][on.day.date, agent] = day
        return found

    async def of_agent(self, on: FloorDay, agent: str) -> AgentDay | None:
        _, days = await self._read(on, _AGENT, agent)
        return days.get(agent)

    async def _read(self, on: FloorDay, which: str, *arguments: Any) -> tuple[dict[str, int], dict[str, AgentDay]]:
        date, by = on.day.date, limits({"": on.default, **on.by_agent})
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            counted = await connection.fetch(_COUNTS % which, *by, date, *arguments)
            money = await connection.fetch(_MONEY % _shift(which), date, *arguments)
            states = await connection.fetch(_STATES % _shift(which), date, *arguments)
        days = {row["agent"]: _day(on, row) for row in counted}
        for row in money:
            days[row["agent"]].add_money(row["kind"], row["currency"], row["amount_minor"])
        for row in states:
            for at_s, state in zip(row["at_s"], row["states"], strict=True):
                days[row["agent"]].add_state(at_s, state)
        return {row["agent"]: row["key_hash"] for row in counted}, days

    async def settled_counts(
        self, on: FloorDay, owned: frozenset[int], received_before: datetime
    ) -> dict[str, StoredCount]:
        """What is stored of every agent-day of the date in *owned*."""
        rows = await self._pool.fetch(
            _SETTLED,
            *limits({"": on.default, **on.by_agent}),
            on.day.date,
            self._partitions,
            sorted(owned),
            received_before,
        )
        return {
            row["agent"]: StoredCount(
                row["key_hash"] % self._partitions, row["facts"], row["settled"], sum(row[step] for step in STEPS)
            )
            for row in rows
        }


def _day(on: FloorDay, row: Any) -> AgentDay:
    day = AgentDay(on.counting(row["agent"]), Counted(row["ids"]))
    day.done = [row[step] for step in STEPS]
    day.short_calls = row["short_calls"]
    day.last_call_s, day.received_s = row["last_call_s"], row["received_s"]
    return day
