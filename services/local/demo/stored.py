"""What PostgreSQL holds of the demo's day: plain SQL, independent of the services' own reading."""

from datetime import date as Date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

COUNTS = """
SELECT (SELECT count(*) FROM journal) AS journal,
       (SELECT count(*) FROM journal WHERE state = 'new') AS backlog,
       (SELECT count(*) FROM journal WHERE state = 'rejected') AS rejected,
       (SELECT count(*) FROM journal WHERE state = 'ignored') AS ignored,
       (SELECT count(*) FROM facts) AS facts,
       (SELECT count(*) FROM facts WHERE agent IS NULL) AS unattributed,
       (SELECT count(*) FROM facts WHERE published_at IS NULL) AS unpublished,
       (SELECT count(*) FROM closes) AS closes,
       (SELECT count(*) FROM tasks) AS tasks,
       (SELECT count(*) FROM alerts) AS alerts,
       (SELECT count(DISTINCT group_key) FROM outbox WHERE kind = 'report') AS reports,
       (SELECT count(*) FROM readings WHERE made_at IS NOT NULL) AS readings,
       (SELECT count(*) FROM outbox WHERE state = 'sent') AS sent,
       (SELECT count(*) FROM outbox WHERE state = 'dead') AS dead,
       (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')) AS waiting
"""
SLICES = "SELECT slice, agent, team, step, done, late, level, trusted FROM slices WHERE date = :day"
CLOSES = "SELECT slice, cut_off, closed_at, on_time, trust FROM closes WHERE date = :day ORDER BY cut_off"
TASKS = "SELECT agent, team, step, target, opened, slice, verified, result FROM tasks WHERE date = :day ORDER BY opened, agent"
COACHING = "SELECT agent, team, step, reason, opened FROM coaching WHERE date = :day ORDER BY opened, agent"
ALERTS = "SELECT kind, verdict, scope, detector, state, fired_at, resolved_at FROM alerts WHERE date = :day ORDER BY fired_at"


class Stored:
    """Rows as dicts."""

    def __init__(self, engine: AsyncEngine, day: Date) -> None:
        self._engine, self._day = engine, day

    async def counts(self) -> dict[str, int]:
        return dict((await self._rows(COUNTS))[0])

    async def slices(self) -> list[dict[str, Any]]:
        return await self._rows(SLICES)

    async def closes(self) -> list[dict[str, Any]]:
        return await self._rows(CLOSES)

    async def tasks(self) -> list[dict[str, Any]]:
        return await self._rows(TASKS)

    async def coaching(self) -> list[dict[str, Any]]:
        return await self._rows(COACHING)

    async def alerts(self) -> list[dict[str, Any]]:
        return await self._rows(ALERTS)

    async def _rows(self, sql: str) -> list[dict[str, Any]]:
        bound = {"day": self._day} if ":day" in sql else {}
        async with self._engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(sql), bound)).mappings()]
