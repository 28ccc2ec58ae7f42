"""Late facts: a frozen slice never changes; what is stored now against what was frozen is shown beside it (P3)."""

from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from services.aggregator.live.floors import FloorDay, Floors
from services.aggregator.metrics import Metrics
from services.aggregator.resting import again_and_again
from services.aggregator.storage.counting import limits
from services.aggregator.storage.recount import RECOUNT
from services.kit.clock import Clock

LOCK = 7_120_002
DAYS = 2
"""Slices of today and yesterday are looked at again."""


class Late:
    def __init__(self, pool: "asyncpg.Pool[Any]", clock: Clock, floors: Floors, metrics: Metrics) -> None:
        self._pool, self._clock, self._floors, self._metrics = pool, clock, floors, metrics

    async def run(self, every_s: float) -> None:
        await again_and_again(self.look, every_s, "cannot look for late facts")

    async def look(self) -> int:
        """Recount the slices of the last days; returns how many rows were found to differ from what was known."""
        since = self._floors.date_of(self._clock.now()) - timedelta(days=DAYS - 1)
        rows = 0
        async with self._pool.acquire() as connection:
            frozen = await connection.fetch(
                "SELECT date, slice, cut_off, floor_version FROM closes WHERE date >= $1 ORDER BY cut_off", since
            )
            for one in frozen:
                rows += await self._recount(connection, one["date"], one["slice"], one["cut_off"], one["floor_version"])
        return rows

    async def _recount(self, connection: Any, date: Date, name: str, cut_off: datetime, version: int) -> int:
        on = self._floors.as_of(version, date)
        async with connection.transaction():
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1, 0)", LOCK):
                return 0
            row = await connection.fetchrow(RECOUNT, *self._arguments(on, cut_off, name))
        self._metrics.late_facts.inc(row["more"])
        found: int = row["rows"]
        return found

    def _arguments(self, on: FloorDay, cut_off: datetime, name: str) -> Sequence[Any]:
        known_by = cut_off + timedelta(seconds=on.floor.grace_s)
        return (*limits(on.by_agent), on.day.date, cut_off, known_by, name, self._clock.now())
