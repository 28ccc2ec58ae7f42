"""Facts → Kafka: ``srez.facts.v1`` (key: agent) and ``srez.lines.v1`` (key: line), and Dirty agent-days.

A fact counts as published when both topics acknowledged it. Kafka down: rows wait, nothing is lost, senders notice
nothing.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from schemas import messages
from schemas.facts import Fact, encode_data, kafka_headers
from schemas.topics import FACTS, LINES, partition_of
from services.ingest.metrics import Metrics
from services.ingest.storage import unpublished
from services.ingest.stream.pace import Pace
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import SrezError

BATCH = 500
SEND_TIMEOUT_S = 5.0
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)

Message = tuple[str, int, str, bytes, Sequence[tuple[str, bytes]]]


class Sender(Protocol):
    async def send(self, messages: Sequence[Message], timeout_s: float = ...) -> None: ...


async def _no_topics() -> None:
    return None


class Publisher:
    """``ensure_topics`` runs before the first batch and after every failure: a memory-only broker forgets its topics."""

    def __init__(
        self,
        pool: Any,
        sender: Sender,
        partitions: int,
        clock: Clock,
        metrics: Metrics,
        ensure_topics: Callable[[], Awaitable[None]] = _no_topics,
        pace: Pace | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._pool, self._sender, self._partitions = pool, sender, partitions
        self._clock, self._metrics, self._ensure_topics = clock, metrics, ensure_topics
        self._sure = False
        self._something = asyncio.Event()
        self.problem: str | None = None

    def wake(self) -> None:
        self._something.set()

    async def run(self, poll_s: float) -> None:
        waits = iter(BACK_OFF_S)
        while True:
            self._something.clear()
            began = time.monotonic()
            try:
                done = await self.batch()
            except Exception as error:  # a worker's outermost loop: rows stay unpublished and are sent again
                self._trouble(error)
                await asyncio.sleep(next(waits, BACK_OFF_S[-1]))
                continue
            waits, self.problem = iter(BACK_OFF_S), None
            await self._pace.rest_after(began)
            if not done:
                try:
                    await asyncio.wait_for(self._something.wait(), poll_s)
                except TimeoutError:
                    continue

    async def batch(self) -> int:
        """Publish up to BATCH facts and dirty agent-days; returns how many. Raises: Unavailable, database errors."""
        if not self._sure:
            await self._ensure_topics()
            self._sure = True
        return await self._facts() + await self._dirty()

    async def _facts(self) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            facts = await unpublished.claim_facts(connection, BATCH)
            if not facts:
                return 0
            await self._sender.send(self.messages(facts), SEND_TIMEOUT_S)
            await unpublished.mark_published(connection, facts, self._clock.now())
        self._metrics.published.inc(len(facts))
        return len(facts)

    async def _dirty(self) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await unpublished.claim_dirty(connection, BATCH)
            if not rows:
                return 0
            news = [self._dirty_message(agent, day) for agent, day in sorted({(row.agent, row.day) for row in rows})]
            await self._sender.send(news, SEND_TIMEOUT_S)
            await unpublished.forget_dirty(connection, rows)
        return len(rows)

    def messages(self, facts: Sequence[Fact]) -> list[Message]:
        return list(itertools.chain.from_iterable(self._fact_messages(fact) for fact in facts))

    def _fact_messages(self, fact: Fact) -> tuple[Message, Message]:
        headers, value, count = kafka_headers(fact), encode_data(fact.data), self._partitions
        return (
            (FACTS.name, partition_of(fact.key, count), fact.key, value, headers),
            (LINES.name, partition_of(fact.line, count), fact.line, value, headers),
        )

    def _dirty_message(self, agent: str, day: Any) -> Message:
        value = messages.encode(messages.Dirty(agent=agent, date=day))
        partition = partition_of(agent, self._partitions)
        return FACTS.name, partition, agent, value, [("ce_type", messages.DIRTY.encode())]

    def _trouble(self, error: Exception) -> None:
        first, self._sure = self.problem is None, False
        self.problem = str(error) if isinstance(error, SrezError) else f"cannot publish: {type(error).__name__}"
        if first:
            logs.get().warning("publishing waits", error=f"{type(error).__name__}: {error}"[:300], seldom=True)
