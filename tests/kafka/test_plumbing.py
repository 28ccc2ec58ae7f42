"""What services/kit/kafka.py promises holds on a real Apache Kafka."""

import asyncio
from dataclasses import dataclass

import pytest

from schemas.topics import TOPICS
from services.kit.errors import Misconfigured, Unavailable
from services.kit.kafka import Producer, consumer, ensure_topics
from tests.kafka.broker import ApacheKafka

pytestmark = pytest.mark.kafka


@dataclass(frozen=True)
class Topic:
    name: str
    retention_h: int = 24


async def values(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """The first *count* values of *topic*, sorted."""
    reader = consumer(bootstrap, topic, group=None, from_start=True)
    await reader.start()
    try:
        async with asyncio.timeout(30):
            return sorted([(await reader.getone()).value for _ in range(count)])
    finally:
        await reader.stop()


async def test_topics_are_made_once_with_their_partitions(apache_kafka: ApacheKafka) -> None:
    """All topics are made, a second time is harmless, another partition count is refused."""
    where = apache_kafka.bootstrap
    await ensure_topics(where, TOPICS, partitions=4, replication=1, durable=True)
    await ensure_topics(where, TOPICS, partitions=4, replication=1, durable=True)
    with pytest.raises(Misconfigured, match="SREZ_PARTITIONS"):
        await ensure_topics(where, TOPICS, partitions=8, replication=1, durable=True)


async def test_the_idempotent_producer_delivers(apache_kafka: ApacheKafka) -> None:
    """acks=all, idempotence and lz4 work; the partition we name is the one it goes to."""
    where, topic = apache_kafka.bootstrap, Topic("sent")
    await ensure_topics(where, [topic], partitions=4, replication=1, durable=True)
    producer = Producer(where, durable=True)
    await producer.send([("sent", n % 4, f"key{n}", f"{n:03}".encode(), [("ce_type", b"x")]) for n in range(100)])
    await producer.stop()
    assert await values(where, "sent", 100) == [f"{n:03}".encode() for n in range(100)]


async def test_acknowledged_messages_survive_a_killed_broker(apache_kafka: ApacheKafka) -> None:
    """kill −9 of the broker: the producer says Unavailable within its deadline, drops the rest, and sends again."""
    where, topic = apache_kafka.bootstrap, Topic("kept")
    await ensure_topics(where, [topic], partitions=1, replication=1, durable=True)
    producer = Producer(where, durable=True)
    await producer.send([("kept", 0, "a", b"before", [])])
    apache_kafka.kill()
    with pytest.raises(Unavailable):
        await producer.send([("kept", 0, "a", b"during", [])], timeout_s=2)
    apache_kafka.start()
    await producer.send([("kept", 0, "a", b"after", [])])
    await producer.stop()
    assert set(await values(where, "kept", 2)) == {b"before", b"after"}
