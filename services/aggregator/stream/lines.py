"""Agent ``srez.lines.v1``: decode → line_failure per line → LineHealth."""

import asyncio
from collections.abc import Callable
from typing import Any

from schemas import facts, topics
from schemas.messages import encode
from services.aggregator.live.floors import Floors
from services.aggregator.live.lines import LineDay, Lines
from services.aggregator.metrics import Metrics
from services.aggregator.storage.failures import DATABASE_ERRORS
from services.aggregator.storage.line_days import LineDays
from services.aggregator.stream.announcer import Message
from services.kit import logs
from services.kit.clock import Clock
from services.rules.attribution import mostly_on


class LineStream:
    def __init__(
        self, clock: Clock, floors: Floors, lines: Lines, days: LineDays, metrics: Metrics, partitions: int
    ) -> None:
        self._clock, self._floors, self._lines, self._days = clock, floors, lines, days
        self._metrics, self._partitions = metrics, partitions
        self._counted, self._repeated = metrics.counted.labels("lines"), metrics.repeated.labels("lines")
        self.wake: Callable[[], None] = lambda: None

    async def load(self, owned: frozenset[int]) -> None:
        """Bring partitions into memory. Raises asyncpg's errors."""
        on = self._floors.today()
        self._lines.begin(on.day.date)
        found, bases = await self._days.of_partitions(on, owned)
        for partition in owned:
            self._lines.put(partition, found[partition], bases[partition])
        self._lines.pass_time(self._clock.now())
        self.wake()

    def apply(self, partition: int, message: Any) -> None:
        try:
            fact = facts.from_kafka(dict(message.headers or ()), message.value)
            new = self._lines.apply(partition, fact)
        except ValueError as error:
            self._metrics.bad.labels("lines").inc()
            logs.get().error("bad message", topic=topics.LINES.name, offset=message.offset, error=str(error)[:300])
            return
        (self._counted if new else self._repeated).inc()

    async def run_clock(self, every_s: float) -> None:
        """Let time pass for open findings, also while nothing arrives."""
        while True:
            await asyncio.sleep(every_s)
            self._lines.pass_time(self._clock.now())
            if self._lines.touched:
                self.wake()

    async def collect(self) -> tuple[list[Message], Callable[[], None]]:
        taken, self._lines.touched = self._lines.touched, set()
        now = self._clock.now()
        messages: list[Message] = []
        for partition, line in taken:
            found = self._lines.partitions.get(partition, {}).get(line)
            date = self._lines.date
            if found is None or date is None:
                continue
            more = await self._mostly(found) if found.state.open else None
            value = encode(found.message(date, now, more))
            target = topics.partition_of(line, self._partitions)
            messages.append((topics.HEALTH.name, target, line, value, ()))
        return messages, lambda: self._lines.touched.update(taken)

    async def _mostly(self, found: LineDay) -> dict[str, Any]:
        """Agents with at least half of their attempts on the line since it began to fail."""
        state, open_ = found.state, found.state.open
        agents = sorted(
            {one.agent for one in state.window if one.agent} | set(open_.failures_by_agent if open_ else ())
        )
        if open_ is None or self._lines.date is None:
            return {}
        try:
            used = await self._days.mostly_used(self._lines.date, [agent for agent in agents if agent], open_.since)
        except DATABASE_ERRORS as error:
            logs.get().warning("cannot tell who depends on a line", error=repr(error)[:300])
            return {}
        return {"agents_mostly": sorted(mostly_on({state.line}, used))}
