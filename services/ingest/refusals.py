"""Webhooks that are turned away before the journal: nothing of them is kept, but that they came is counted.

It is the commonest mistake while connecting, and without this only the log knows of it. What strangers can make grow
is bounded: known sources × OUTCOMES × reasons × the quarter of an hour, and ``why`` says nothing of the request.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.ingest.storage.journal import DATABASE_ERRORS
from services.kit import logs

OUTCOMES: Final = frozenset({"unauthorized", "method", "too_large", "rate", "misconfigured"})
EVERY_S: Final = 2.0
KEPT: Final = timedelta(days=7)
MOST: Final = 4096
"""Counters held in memory while the database is away; what comes beyond is not counted."""
LONGEST_WHY: Final = 200
SPAN: Final = timedelta(minutes=15)
"""Days of every time zone begin at a quarter of an hour."""

_UPSERT = """
INSERT INTO refusals (source, outcome, reason, span, count, last_at, why) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (source, outcome, reason, span) DO UPDATE SET count = refusals.count + excluded.count,
  last_at = greatest(refusals.last_at, excluded.last_at), why = excluded.why
"""
_FORGET = "DELETE FROM refusals WHERE span < $1"

Key = tuple[str, str, str, datetime]


@dataclass(slots=True)
class _Counted:
    count: int
    last_at: datetime
    why: str


class Refusals:
    """``add`` is called on the hot path and touches memory only; ``run`` writes every EVERY_S."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._counts: dict[Key, _Counted] = {}
        self._forgotten: datetime | None = None

    def add(self, source: str, outcome: str, reason: str = "", why: str = "") -> None:
        if outcome not in OUTCOMES:
            return
        at = self._now()
        key = (source, outcome, reason, at - (at - datetime.min.replace(tzinfo=at.tzinfo)) % SPAN)
        counted = self._counts.get(key)
        if counted is not None:
            counted.count += 1
            counted.last_at, counted.why = at, why[:LONGEST_WHY]
        elif len(self._counts) < MOST:
            self._counts[key] = _Counted(1, at, why[:LONGEST_WHY])

    async def run(self, pool: Any) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                async with pool.acquire() as connection:
                    await self.write(connection)
            except DATABASE_ERRORS as error:
                logs.get().warning("refusals wait", error=type(error).__name__)

    async def write(self, connection: Any) -> None:
        """Raises: database errors; what was counted is then kept for the next time."""
        await self._forget(connection)
        if not self._counts:
            return
        taken, self._counts = self._counts, {}
        try:
            await connection.executemany(
                _UPSERT, [(*key, one.count, one.last_at, one.why) for key, one in taken.items()]
            )
        except BaseException:
            self._put_back(taken)
            raise

    def _put_back(self, taken: dict[Key, _Counted]) -> None:
        for key, one in taken.items():
            newer = self._counts.setdefault(key, one)
            if newer is not one:
                newer.count += one.count

    async def _forget(self, connection: Any) -> None:
        now = self._now()
        if self._forgotten is None or now - self._forgotten > SPAN:
            await connection.execute(_FORGET, now - KEPT)
            self._forgotten = now
