"""Technical time that becomes known after a slice was frozen: how its rows, tasks and cases would be judged now (P3, P4).

The frozen rows never change; what would differ is added to the revisions. Looked at when something said about technical
time has changed (alerts and people write it as it happens), after every close, and now and then in any case.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import date as Date
from datetime import timedelta
from typing import Any

import asyncpg

from services.aggregator.live.floors import Floors
from services.aggregator.resting import again_and_again
from services.aggregator.storage import evidence, revisions, technical
from services.aggregator.storage.line_days import LineDays
from services.aggregator.storage.path_days import PathDays
from services.kit import logs
from services.kit.clock import Clock
from services.rules.closing import Evidence, revised
from services.rules.memory import Past
from services.rules.spans import Spans

LOCK = 7_120_003
DAYS = 2
"""Slices of today and yesterday are looked at again; older ones when a person says that their time was technical."""
OLDEST = timedelta(days=30)
ANYWAY_S = 300.0
"""So long after the last look there is another one, whatever was said meanwhile (real seconds)."""


class Revising:
    def __init__(self, pool: "asyncpg.Pool[Any]", clock: Clock, floors: Floors, lines: LineDays) -> None:
        self._pool, self._clock, self._floors, self._lines = pool, clock, floors, lines
        self._paths = PathDays(pool)
        self._seen: dict[Date, tuple[tuple[Any, ...], float]] = {}

    async def run(self, every_s: float) -> None:
        await again_and_again(self.look, every_s, "cannot look for verdicts that came later")

    async def look(self) -> int:
        """Judge again what is frozen of the days that something new is known of; returns how many revisions were added."""
        added = 0
        for date in await self._dates():
            async with self._pool.acquire() as connection:
                signs = await revisions.signs(connection, self._floors.on(date))
            if not signs[0] or not self._is_due(date, signs):
                continue
            added += await self._day(date)
            self._seen[date] = signs, time.monotonic()
        return added

    async def _dates(self) -> list[Date]:
        now = self._clock.now()
        today = self._floors.date_of(now)
        async with self._pool.acquire() as connection:
            spoken = await revisions.spoken_of(connection, now - timedelta(days=DAYS), today - OLDEST)
        dates = sorted({*spoken, *(today - timedelta(days=ago) for ago in range(DAYS))})
        self._seen = {date: seen for date, seen in self._seen.items() if date in dates}
        return dates

    def _is_due(self, date: Date, signs: tuple[Any, ...]) -> bool:
        seen = self._seen.get(date)
        return seen is None or seen[0] != signs or time.monotonic() - seen[1] > ANYWAY_S

    async def _day(self, date: Date) -> int:
        on, now = self._floors.on(date), self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1, 0)", LOCK):
                return 0
            slices = await revisions.frozen(connection, date)
            past = await revisions.verified(connection, on)
            cases = await revisions.cases(connection, date)
            known = await self._known(connection, date, past)
            found = await asyncio.to_thread(revised, on.floor, date, slices, known, past, cases)
            added = await revisions.write(connection, date, slices, past, cases, found, now)
        if added:
            logs.get().info("judged again with technical time known later", date=date.isoformat(), revisions=added)
        return added

    async def _known(self, connection: Any, date: Date, past: Sequence[Past]) -> Evidence:
        """States and technical minutes as known now, from the dates on that the tasks reach back to."""
        on, now = self._floors.on(date), self._clock.now()
        first = evidence.earliest([one.opened for one in past if one.opened is not None], on)
        spans: dict[Date, dict[str, Spans]] = {}
        day = first
        while day <= date:
            own = self._floors.on(day)
            until = min(now, own.day.ends)
            watched = await technical.watched(connection, own, self._paths)
            silent = await technical.silences_of(connection, own, watched, until)
            bases = await self._lines.bases(own.floor, day)
            spans[day], _ = await technical.technical_spans(connection, own, bases, self._paths, silent, until, now)
            day += timedelta(days=1)
        states = await evidence.states(connection, on, first, min(now, on.day.ends), now)
        return Evidence({}, {}, states=states, technical=spans)
