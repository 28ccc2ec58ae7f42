"""Agent ``srez.facts.v1``: decode → live funnel → what to publish. Dirty messages read an agent-day anew."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec

from schemas import facts, topics
from schemas.messages import DIRTY, Dirty, encode
from services.aggregator.live.floors import Floors
from services.aggregator.live.funnels import Funnels, Key
from services.aggregator.metrics import Metrics
from services.aggregator.storage.agent_days import AgentDays
from services.aggregator.storage.failures import DATABASE_ERRORS
from services.aggregator.stream.announcer import Message
from services.aggregator.stream.holding import RETRY_S
from services.kit import logs
from services.kit.clock import Clock

MOST_AT_ONCE = 2000
CLOCK_S = 0.005
_DIRTY = DIRTY.encode()


class FactStream:
    def __init__(
        self, clock: Clock, floors: Floors, funnels: Funnels, days: AgentDays, metrics: Metrics, partitions: int
    ) -> None:
        self._clock, self._floors, self._funnels, self._days = clock, floors, funnels, days
        self._metrics, self._partitions = metrics, partitions
        self._counted, self._repeated = metrics.counted.labels("facts"), metrics.repeated.labels("facts")
        self._dirty: set[tuple[int, Key]] = set()
        self._something_dirty = asyncio.Event()
        self._tick, self._now, self._second = 0.0, clock.now(), 1.0
        self.wake: Callable[[], None] = lambda: None

    async def load(self, owned: frozenset[int]) -> None:
        """Bring partitions into memory. Raises asyncpg's errors."""
        loaded: dict[int, dict[Any, Any]] = {partition: {} for partition in owned}
        for date in self._floors.live_dates():
            found = await self._days.of_partitions(self._floors.on(date), owned)
            for partition, days in found.items():
                loaded[partition].update(days)
        for partition, days in loaded.items():
            self._funnels.put(partition, days)

    def apply(self, partition: int, message: Any) -> None:
        headers = dict(message.headers or ())
        try:
            if headers.get("ce_type") == _DIRTY:
                dirty = msgspec.json.decode(message.value, type=Dirty)
                self.reload(partition, (dirty.date, dirty.agent))
                return
            fact = facts.from_kafka(headers, message.value)
            new = self._funnels.apply(partition, fact)
        except ValueError as error:  # BadFact and MsgspecError are ValueErrors: the message says nothing countable
            self._metrics.bad.labels("facts").inc()
            logs.get().error("bad message", topic=topics.FACTS.name, offset=message.offset, error=str(error)[:300])
            return
        if not new:
            self._repeated.inc()
            return
        self._counted.inc()
        if fact.received_at is not None:
            self._observe(fact.received_at)

    def _observe(self, received_at: datetime) -> None:
        """Freshness in real seconds; the clock is read every few milliseconds, not for every fact."""
        if (tick := monotonic()) - self._tick > CLOCK_S:
            self._tick, self._now, self._second = tick, self._clock.now(), self._clock.allow(1).total_seconds()
        self._metrics.freshness.observe(max(0.0, (self._now - received_at).total_seconds() / self._second))

    def reload(self, partition: int, key: Key) -> None:
        """Read one agent-day anew; what arrives meanwhile is counted on top."""
        if key[0] in self._floors.live_dates() and partition in self._funnels.partitions:
            self._funnels.begin_reload(partition, key)
            self._dirty.add((partition, key))
            self._something_dirty.set()

    def reload_agents(self, agents: set[str]) -> None:
        """Their calls are counted by other limits now."""
        for partition, held in self._funnels.partitions.items():
            for key in [key for key in held if key[1] in agents]:
                self.reload(partition, key)

    async def run_reloads(self) -> None:
        while True:
            await self._something_dirty.wait()
            self._something_dirty.clear()
            while self._dirty:
                partition, (date, agent) = pair = self._dirty.pop()
                try:
                    fresh = await self._days.of_agent(self._floors.on(date), agent)
                except DATABASE_ERRORS as error:
                    logs.get().warning("cannot reload an agent-day yet", error=repr(error)[:300])
                    self._dirty.add(pair)
                    await asyncio.sleep(RETRY_S)
                    continue
                if pair not in self._dirty:  # made dirty again while it was read: read again
                    self._funnels.end_reload(partition, (date, agent), fresh)
            self.wake()

    async def collect(self) -> tuple[list[Message], Callable[[], None]]:
        """FunnelChanged of every agent-day that changed since the last time."""
        changed = self._funnels.changed
        taken = {changed.pop() for _ in range(min(MOST_AT_ONCE, len(changed)))}
        if changed:
            self.wake()
        now = self._clock.now()
        messages: list[Message] = []
        for partition, (date, agent) in taken:
            day = self._funnels.partitions.get(partition, {}).get((date, agent))
            if day is not None and agent in self._floors.latest.agent_by_id:
                value = encode(day.message(agent, date, now))
                target = topics.partition_of(agent, self._partitions)
                messages.append((topics.FUNNEL.name, target, agent, value, ()))
        return messages, lambda: changed_again(self._funnels, taken)


def changed_again(funnels: Funnels, taken: set[tuple[int, Key]]) -> None:
    funnels.changed |= {pair for pair in taken if pair[0] in funnels.partitions}
