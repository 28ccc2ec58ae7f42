"""Lines as ``facts`` has them: today's attempts in order, what was heard of each line, and its base rate."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from schemas.facts import CALL
from schemas.floor import Floor
from schemas.topics import partition_of
from services.aggregator.live.attempts import attempt
from services.aggregator.live.counted import Counted
from services.aggregator.live.floors import FloorDay
from services.aggregator.live.lines import LineDay
from services.rules.causes import is_network_failure
from services.rules.detectors import line_failure
from services.rules.detectors.line_failure import Attempt, LineState, base_rate
from services.rules.technical import HISTORY_DAYS

_HEARD = """
SELECT line, min(source) AS source, extract(epoch FROM max(received_at))::float8 AS received_s,
  extract(epoch FROM max(occurred_at))::float8 AS occurred_s,
  string_agg(substring(uuid_send(event_id) FROM 9), ''::bytea ORDER BY substring(uuid_send(event_id) FROM 9)) AS ids
FROM facts WHERE day = $1 AND line = ANY($2) GROUP BY line
"""
ATTEMPTS = f"""
SELECT line, occurred_at, agent, customer, disposition, sip_status, q850,
  CASE WHEN disposition <> 'answered' THEN data->>'call_id' ELSE '' END AS call_id
FROM facts
WHERE day = $1 AND line = ANY($2) AND type = '{CALL}' AND direction = 'outbound'
"""
_HISTORY = f"""
SELECT line, day, disposition, sip_status, q850, count(*)::int AS attempts
FROM facts WHERE type = '{CALL}' AND direction = 'outbound' AND day >= $1 AND day < $2
  AND received_at <= (day + 1)::timestamp AT TIME ZONE $3
GROUP BY 1, 2, 3, 4, 5
"""
# As each day was known at its end: a base rate does not change afterwards.
_SHARES = f"""
SELECT agent, line FROM facts
WHERE day = $1 AND agent = ANY($2) AND type = '{CALL}' AND direction = 'outbound' AND occurred_at >= $3
"""
YIELD_EVERY = 2000


class LineDays:
    """Raises asyncpg's errors. Base rates are fixed for a day and kept."""

    def __init__(self, pool: "asyncpg.Pool[Any]", partitions: int) -> None:
        self._pool, self._partitions = pool, partitions
        self._bases: dict[Date, dict[str, float]] = {}

    async def bases(self, floor: Floor, date: Date) -> dict[str, float]:
        """Line → base rate of network failures on *date*, for lines that have a history."""
        if date not in self._bases:
            rows = await self._pool.fetch(_HISTORY, date - timedelta(days=HISTORY_DAYS), date, floor.timezone)
            self._bases = {day: kept for day, kept in self._bases.items() if abs(date - day) < timedelta(days=3)}
            self._bases[date] = base_rates(rows, floor)
        return self._bases[date]

    async def of_partitions(
        self, on: FloorDay, owned: frozenset[int]
    ) -> tuple[dict[int, dict[str, LineDay]], dict[int, dict[str, float]]]:
        """Lines of the day, folded, and the base rates of all lines known, by partition."""
        date, by = on.day.date, on.floor.outages.line_failure
        bases: dict[int, dict[str, float]] = {partition: {} for partition in owned}
        for line, base in (await self.bases(on.floor, date)).items():
            if (partition := partition_of(line, self._partitions)) in owned:
                bases[partition][line] = base
        found: dict[int, dict[str, LineDay]] = {partition: {} for partition in owned}
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            names = [
                row["line"] for row in await connection.fetch("SELECT DISTINCT line FROM facts WHERE day = $1", date)
            ]
            names = [name for name in names if partition_of(name, self._partitions) in owned]
            lines: dict[str, LineDay] = {}
            for row in await connection.fetch(_HEARD, date, names):
                partition = partition_of(row["line"], self._partitions)
                state = LineState(row["line"], bases[partition].get(row["line"], by.base), by, on.day.over)
                day = LineDay(row["source"], state, Counted(row["ids"]))
                day.heard(row["received_s"], row["occurred_s"])
                lines[row["line"]] = found[partition][row["line"]] = day
            await _fold(connection, on, names, lines)
        return found, bases

    async def mostly_used(self, date: Date, agents: Sequence[str], since: datetime) -> list[tuple[str, str]]:
        """(agent, line) of every outbound attempt of *agents* since an instant."""
        return [(row["agent"], row["line"]) for row in await self._pool.fetch(_SHARES, date, agents, since)]


async def _fold(connection: Any, on: FloorDay, names: Sequence[str], lines: Mapping[str, LineDay]) -> None:
    seen = 0
    async for row in connection.cursor(
        ATTEMPTS + " ORDER BY occurred_at, event_id", on.day.date, names, prefetch=YIELD_EVERY
    ):
        line_failure.advance(lines[row["line"]].state, attempt_of_row(row, on.floor))
        seen += 1
        if seen % YIELD_EVERY == 0:
            await asyncio.sleep(0)


def attempt_of_row(row: Any, floor: Floor) -> Attempt:
    return attempt(
        row["occurred_at"],
        row["agent"],
        row["customer"],
        row["disposition"],
        row["sip_status"],
        row["q850"],
        row["call_id"] or "",
        floor.outages.causes,
    )


def base_rates(rows: Iterable[Any], floor: Floor) -> dict[str, float]:
    """From (line, day, disposition, sip_status, q850, attempts) of earlier days."""
    days: dict[str, dict[Date, list[int]]] = {}
    for row in rows:
        total = days.setdefault(row["line"], {}).setdefault(row["day"], [0, 0])
        total[0] += row["attempts"]
        if is_network_failure(row["disposition"], row["sip_status"], row["q850"], floor.outages.causes):
            total[1] += row["attempts"]
    by = floor.outages.line_failure
    return {line: base_rate(((n, k) for n, k in own.values()), by) for line, own in days.items()}
