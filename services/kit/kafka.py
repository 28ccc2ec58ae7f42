"""Kafka: topics made and checked at start, a producer with deadlines, raw consumers.

The embedded broker does not speak idempotence (``durable=False``); there a repeated send is harmless because every
consumer recognises what it has seen.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from services.kit.errors import Misconfigured, Unavailable

SEND_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
FETCH_WAIT_MS = 20
"""How long a broker may hold a fetch that finds nothing. The embedded broker answers a waiting fetch only when its time
is up (measured: 130 ms from publish to consumer with aiokafka's default of 500 ms, 5 ms with 20)."""


class TopicLike(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def retention_h(self) -> int: ...


async def ensure_topics(
    bootstrap: str, topics: Iterable[TopicLike], *, partitions: int, replication: int, durable: bool
) -> None:
    """Create missing topics and check the partition count of all.

    Raises: Misconfigured when a topic has another number of partitions; Unavailable when the broker does not answer.
    """
    wanted = list(topics)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await asyncio.wait_for(admin.start(), SEND_TIMEOUT_S)
        existing = set(await admin.list_topics())
        for topic in wanted:
            if topic.name not in existing:
                await _create(admin, topic, partitions, replication, durable)
        counts = await _partition_counts(admin, [topic.name for topic in wanted])
    except (KafkaError, TimeoutError, OSError) as error:
        raise Unavailable(f"Kafka at {bootstrap} does not answer: {error!r}") from error
    finally:
        await admin.close()
    for name, count in counts.items():
        if count != partitions:
            raise Misconfigured(
                f"topic {name} has {count} partitions, SREZ_PARTITIONS says {partitions}: set them equal"
            )


async def _create(admin: Any, topic: TopicLike, partitions: int, replication: int, durable: bool) -> None:
    configs = {"retention.ms": str(topic.retention_h * 3_600_000)} if durable else None
    try:
        await admin.create_topics([NewTopic(topic.name, partitions, replication, topic_configs=configs)])
    except TopicAlreadyExistsError:
        return


async def _partition_counts(admin: Any, names: list[str]) -> dict[str, int]:
    """Partitions of each topic; a broker needs a moment until a topic just made is known. Raises: TimeoutError."""
    async with asyncio.timeout(SEND_TIMEOUT_S):
        while True:
            found = await admin.describe_topics(names)
            counts = {description["topic"]: len(description["partitions"]) for description in found}
            if all(counts.values()) and len(counts) == len(set(names)):
                return counts
            await asyncio.sleep(0.1)


class Producer:
    """Sends batches and waits for acks=all, with a deadline of its own.

    Raises Unavailable on failure or a missed deadline; then the outcome is unknown and the caller sends again later.
    """

    def __init__(self, bootstrap: str, *, durable: bool, linger_ms: int = 5) -> None:
        self._options: dict[str, Any] = {
            "bootstrap_servers": bootstrap,
            "acks": "all",
            "enable_idempotence": durable,
            "linger_ms": linger_ms,
            "max_batch_size": 256 * 1024,
            "compression_type": "lz4" if durable else None,
            "request_timeout_ms": int(SEND_TIMEOUT_S * 1000),
        }
        self._producer: Any = None

    async def start(self) -> None:
        producer = AIOKafkaProducer(**self._options)
        try:
            await asyncio.wait_for(producer.start(), SEND_TIMEOUT_S)
        except (KafkaError, TimeoutError, OSError) as error:
            await self._close(producer)
            raise Unavailable(f"Kafka does not answer: {error!r}") from error
        self._producer = producer

    async def send(
        self,
        messages: Sequence[tuple[str, int, str, bytes, Sequence[tuple[str, bytes]]]],
        timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:
        """Send (topic, partition, key, value, headers) in order; returns when all are acknowledged."""
        if self._producer is None:
            await self.start()
        try:
            async with asyncio.timeout(timeout_s):
                pending = [
                    await self._producer.send(
                        topic, value, key=key.encode(), partition=partition, headers=list(headers)
                    )
                    for topic, partition, key, value, headers in messages
                ]
                for future in pending:
                    future.add_done_callback(_looked_at)
                await asyncio.gather(*(asyncio.shield(future) for future in pending))
        except (KafkaError, TimeoutError, OSError) as error:
            # A fatal producer error poisons every later send: start afresh.
            producer, self._producer = self._producer, None
            await self._abandon(producer)
            raise Unavailable(f"Kafka did not acknowledge: {error!r}", "timeout") from error

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        await self._close(producer)

    @staticmethod
    async def _close(producer: Any) -> None:
        if producer is None:
            return
        try:
            await asyncio.wait_for(producer.stop(), STOP_TIMEOUT_S)
        except (KafkaError, TimeoutError, OSError):
            await Producer._abandon(producer)

    @staticmethod
    async def _abandon(producer: Any) -> None:
        """Drop what is not delivered. ``stop()`` would wait for it, and an idempotent batch never expires: a producer
        left like that goes on sending behind our back."""
        producer._closed = True
        for close in (producer._sender.close, producer.client.close):
            with contextlib.suppress(KafkaError, TimeoutError, OSError):
                await asyncio.wait_for(close(), STOP_TIMEOUT_S)


def _looked_at(future: "asyncio.Future[Any]") -> None:
    """Its error is told by whoever awaited it; one abandoned after a deadline is nobody's surprise."""
    if not future.cancelled():
        future.exception()


def consumer(bootstrap: str, *topics: str, group: str | None, from_start: bool, **options: Any) -> Any:
    """An AIOKafkaConsumer; without a group it follows all partitions by itself."""
    options.setdefault("fetch_max_wait_ms", FETCH_WAIT_MS)
    return AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=group is not None,
        auto_offset_reset="earliest" if from_start else "latest",
        **options,
    )


async def close(consumer: Any) -> None:
    """Stop a consumer, within a deadline.

    One that lost its broker while it stops raises the cancellation of its own parts; only a cancellation of the
    caller's task is passed on.
    """
    try:
        await asyncio.wait_for(consumer.stop(), STOP_TIMEOUT_S)
    except (KafkaError, OSError, TimeoutError):
        return
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
