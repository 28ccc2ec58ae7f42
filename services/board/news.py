"""Follows the news topics on Kafka without a group: all partitions, from their ends, into Live.

What happened before or between is read from PostgreSQL, so nothing here needs a committed position.
"""

import asyncio
from typing import Any, Final

import msgspec
from aiokafka.errors import KafkaError

from schemas import topics
from schemas.messages import AlertChanged, FunnelChanged, LineHealth, SliceClosed
from services.board.live import Live
from services.kit import kafka, logs
from services.kit.errors import Unavailable

DECODERS: Final[dict[str, Any]] = {
    topics.FUNNEL.name: msgspec.json.Decoder(FunnelChanged),
    topics.HEALTH.name: msgspec.json.Decoder(LineHealth),
    topics.SLICES.name: msgspec.json.Decoder(SliceClosed),
    topics.ALERTS.name: msgspec.json.Decoder(AlertChanged),
}
FOLLOWED: Final = (topics.FUNNEL, topics.HEALTH, topics.SLICES, topics.ALERTS)
START_TIMEOUT_S: Final = 10.0
RETRY_S: Final = (0.5, 1, 2, 5, 10)
CHECK_S: Final = 2.0


class News:
    def __init__(self, bootstrap: str, live: Live, *, partitions: int, replication: int, durable: bool) -> None:
        self._bootstrap, self._live = bootstrap, live
        self._topics: dict[str, Any] = {"partitions": partitions, "replication": replication, "durable": durable}
        self.undecodable = 0

    async def run(self) -> None:
        """Follow for ever; when Kafka is away, say so (Live then polls PostgreSQL) and try again."""
        tries = 0
        while True:
            consumer = kafka.consumer(
                self._bootstrap, *DECODERS, group=None, from_start=False, metadata_max_age_ms=5_000
            )
            try:
                await kafka.ensure_topics(self._bootstrap, FOLLOWED, **self._topics)
                await asyncio.wait_for(consumer.start(), START_TIMEOUT_S)
                await self._positioned(consumer)
                self._live.kafka(None)
                tries = 0
                await self._follow(consumer)
            except (KafkaError, Unavailable, OSError, TimeoutError) as error:
                self._live.kafka(f"Kafka does not answer: {type(error).__name__}")
                if tries == 0:
                    logs.get().warning("Kafka is away; polling PostgreSQL", error=type(error).__name__)
            finally:
                await kafka.close(consumer)
            await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1

    async def _positioned(self, consumer: Any) -> None:
        """Ends are looked up before the first reading of PostgreSQL, so that nothing falls between the two."""
        for partition in consumer.assignment():
            await asyncio.wait_for(consumer.position(partition), START_TIMEOUT_S)

    async def _follow(self, consumer: Any) -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=int(CHECK_S * 1000), max_records=2000)
            if not batches:
                await self._alive(consumer)
            for records in batches.values():
                for record in records:
                    self._hear(record.topic, record.value)

    async def _alive(self, consumer: Any) -> None:
        """A quiet topic and a dead broker look alike to a consumer: ask. Raises: KafkaError."""
        await asyncio.wait_for(consumer.topics(), START_TIMEOUT_S)

    def _hear(self, topic: str, value: bytes | None) -> None:
        try:
            self._live.hear(DECODERS[topic].decode(value or b""))
        except msgspec.MsgspecError as error:
            self.undecodable += 1
            logs.get().warning("news does not decode", topic=topic, error=str(error)[:200])
