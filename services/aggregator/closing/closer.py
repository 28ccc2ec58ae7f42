"""Closes slices by the clock. Every worker tries; the row in ``closes`` lets one of them through.

Due is what the clock says and the database does not have yet, so that nothing depends on who was running when. Slices are
closed in order. One that is closed after the next cut-off (a restart) gets its rows, but no tasks and no messages.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from services.aggregator.closing.due import DEADLINE_S, LOOK_BACK, DueSlice, due_slices
from services.aggregator.live.floors import Floors
from services.aggregator.storage import closes, evidence, technical
from services.aggregator.storage.failures import DATABASE_ERRORS
from services.aggregator.storage.line_days import LineDays
from services.aggregator.storage.path_days import PathDays
from services.kit import logs
from services.kit.clock import Clock
from services.rules import hearing
from services.rules.baselines import Feed
from services.rules.closing import Closing, Evidence, began, cases_asked, close, remembered
from services.rules.tasks import Task
from services.rules.trust import TrustEvidence

BACKLOG_PATIENCE_S = 120.0
"""So long a close waits for webhooks that are journaled but not parsed; then it is closed with the doubt ``backlog``."""
DIFFERENCE_FRESH_S = 60.0
RETRY_S = 1.0
PREPARE_S = 600.0
"""So long before a cut-off what is usual is learned from the weeks before: no close waits for that."""
LOCK = 7_120_001


class Closer:
    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        clock: Clock,
        floors: Floors,
        lines: LineDays,
        closed: Callable[[], None],
    ) -> None:
        self._pool, self._clock, self._floors, self._lines = pool, clock, floors, lines
        self._closed, self._paths = closed, PathDays(pool)

    async def run(self, every_s: float) -> None:
        while True:
            try:
                await self.prepare()
                await self.close_due()
            except DATABASE_ERRORS as error:
                logs.get().warning("cannot close slices yet", error=repr(error)[:300])
                await asyncio.sleep(RETRY_S)
            await asyncio.sleep(every_s)

    async def prepare(self) -> bool:
        """Learn what the day's closes compare with, once a day, shortly before a cut-off; False when none is near."""
        now, on = self._clock.now(), self._floors.today()
        near = timedelta(0), self._clock.allow(PREPARE_S)
        if not any(near[0] < cut.at - now <= near[1] for cut in on.day.cut_offs):
            return False
        await self._paths.loads(on)
        await self._lines.bases(on.floor, on.day.date)
        return True

    async def due(self) -> list[DueSlice]:
        now = self._clock.now()
        today = self._floors.date_of(now)
        watched = self._watched_from()
        async with self._pool.acquire() as connection:
            closed = await closes.closed_since(connection, today - LOOK_BACK - timedelta(days=1))
        return due_slices(
            self._floors.on,
            today,
            now,
            self._clock.allow(DEADLINE_S),
            watched,
            self._floors.date_of(watched),
            closed,
        )

    async def close_due(self) -> int:
        """Close what is due, in order; returns how many slices this worker closed."""
        count = 0
        for one in await self.due():
            if not await self.close_one(one):
                break
            count += 1
        return count

    def _watched_from(self) -> datetime:
        """Since when the floor is watched: its first version. Under a simulated clock that version may carry the
        machine's date, so there the simulation's start counts when it is earlier."""
        applied = self._floors.first_applied_at
        return applied if self._clock.start is None else min(applied, self._clock.start)

    async def close_one(self, one: DueSlice) -> bool:
        """Freeze one slice in one transaction; False when another worker is at it or the backlog is awaited."""
        began = asyncio.get_running_loop().time()
        async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1, 0)", LOCK):
                return False
            waiting = await evidence.backlog(connection, one.known_by)
            patience = self._clock.allow(DEADLINE_S + BACKLOG_PATIENCE_S)
            if waiting and self._clock.now() < one.known_by + patience:
                return False
            if not await self._claim(connection, one):
                return True  # closed meanwhile; not by us, and done
            closing = await self._judge(connection, one, waiting)
            await closes.write(connection, one.on, one.cut.name, one.cut.at, closing)
            await connection.execute(
                "UPDATE closes SET trust = $3::jsonb WHERE date = $1 AND slice = $2",
                *(one.on.day.date, one.cut.name, msgspec.json.encode(closing.trust).decode()),
            )
        took = round(asyncio.get_running_loop().time() - began, 3)
        self._tell(one, closing, took)
        return True

    async def _claim(self, connection: Any, one: DueSlice) -> bool:
        """Insert the row that lets one closer through. ``trust`` follows in the same transaction."""
        return bool(
            await connection.fetchval(
                "INSERT INTO closes (date, slice, cut_off, closed_at, floor_version, on_time, trust) "
                "VALUES ($1, $2, $3, $4, $5, $6, '{}') ON CONFLICT DO NOTHING RETURNING 1",
                *(one.on.day.date, one.cut.name, one.cut.at, self._clock.now(), one.on.version, one.on_time),
            )
        )

    async def _judge(self, connection: Any, one: DueSlice, waiting: int) -> Closing:
        tasks = await closes.open_tasks(connection, one.cut.at)
        past, date = await closes.past(connection, one.on, one.cut.at), one.on.day.date
        cases = await closes.cases(connection, one.cut.at)
        asked = cases_asked(one.on.floor, date, cases)
        found = await self.gather(connection, one, tasks, waiting, began(date, past, tasks, asked))
        earlier = await closes.earlier(connection, self._floors.on, one.on, one.cut.at, tasks, asked)
        firing = await closes.firing(connection, date, one.cut.at)

        def judged() -> Closing:
            memory = remembered(one.on.floor, date, found, earlier, tasks, past, cases, firing)
            return close(one.on.floor, date, one.cut, found, memory, on_time=one.on_time)

        # Judging 60,000 rows takes a second or two: the loop goes on meanwhile.
        closing = await asyncio.to_thread(judged)
        agents = sorted(hearing.listeners(closing))
        deeds = await evidence.deeds(connection, one.on, agents, one.cut.at, one.known_by)
        return hearing.with_calls(closing, one.on.floor, one.on.day, one.cut, deeds)

    async def gather(
        self, connection: Any, one: DueSlice, tasks: list[Task], waiting: int, reach: Sequence[datetime] = ()
    ) -> Evidence:
        """Evidence of one slice, of one snapshot of the database; states and technical minutes from the dates of *reach* on."""
        on, cut, by = one.on, one.cut.at, one.known_by
        done, in_slice = await evidence.step_counts(connection, on, one.starts, cut, by)
        first = evidence.earliest(reach, on)
        spans, quiet = {}, frozenset[Feed]()
        watched = await technical.watched(connection, on, self._paths)
        silent = await technical.silences_of(connection, on, watched, by)
        date = first
        while date <= on.day.date:
            day = on if date == on.day.date else self._floors.on(date)
            of_day = silent
            if day is not on:
                then = await technical.watched(connection, day, self._paths)
                of_day = await technical.silences_of(connection, day, then, min(by, day.day.ends))
            bases = await self._lines.bases(on.floor, date)
            until = min(cut, day.day.ends)
            spans[date], quiet = await technical.technical_spans(connection, day, bases, self._paths, of_day, until, by)
            date += timedelta(days=1)
        unusable, facts = await evidence.unusable(connection, on, by)
        last = one.cut == on.day.cut_offs[-1]
        carried = await technical.silent_since_earlier(connection, self._floors.on, on, watched, self._paths, by)
        return Evidence(
            done=done,
            in_slice=in_slice,
            since_task=await evidence.counts_since(connection, on, tasks, first, cut, by),
            answers=await evidence.answers(connection, on, cut, by),
            states=await evidence.states(connection, on, first, cut, by),
            technical=spans,
            books=await evidence.books(connection, on, cut, by) if last else None,
            trust=TrustEvidence(
                silent=carried | {found.source for found in silent if found.resolved_at is None},
                silent_feeds=quiet,
                unheard=await technical.unheard(connection, on, by),
                connected=await technical.connected(connection, on, by),
                delay_p95_s=await evidence.delays_p95(connection, on, one.starts, cut, by),
                unusable=unusable,
                facts=facts,
                backlog=waiting,
                replaying=await evidence.replaying(connection),
                differing=await evidence.differing(
                    connection, self._clock.now() - self._clock.allow(DIFFERENCE_FRESH_S)
                ),
            ),
        )

    def _tell(self, one: DueSlice, closing: Closing, took_s: float) -> None:
        logs.get().info(
            "slice closed",
            date=one.on.day.date.isoformat(),
            slice=one.cut.name,
            on_time=one.on_time,
            rows=len(closing.rows),
            tasks=len(closing.opened),
            verified=len(closing.verified),
            cases=len(closing.cases),
            took_s=took_s,
        )
        self._closed()
