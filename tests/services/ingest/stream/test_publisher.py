"""The publisher on a real database: published after both topics acknowledged, never before, again after any failure."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from schemas.messages import DIRTY
from schemas.topics import FACTS, LINES
from services.ingest.metrics import Metrics
from services.ingest.stream.publisher import Message, Publisher
from services.kit.clock import Clock
from services.kit.errors import Unavailable
from services.kit.kafka import Producer, ensure_topics
from tests.services.ingest.events import body, call
from tests.services.ingest.stream.test_parser import Bench, bench
from tests.support.waiting import eventually

__all__ = ["bench"]
pytestmark = pytest.mark.integration


@dataclass
class Kafka:
    """Takes messages; refuses while ``down``; holds them while ``gate`` is closed (``holding`` then)."""

    messages: list[Message] = field(default_factory=list)
    down: bool = False
    gate: asyncio.Event | None = None
    holding: bool = False

    async def send(self, messages: Sequence[Message], timeout_s: float = 0) -> None:
        if self.gate is not None:
            self.holding = True
            await self.gate.wait()
        if self.down:
            raise Unavailable("down")
        self.messages += messages

    def ids(self, topic: str) -> list[str]:
        return sorted(dict(message[4])["ce_id"].decode() for message in self.messages if message[0] == topic)


def publisher(bench: Bench, kafka: Any) -> Publisher:
    return Publisher(bench.connections, kafka, 4, Clock(), bench.metrics)


async def three_facts(bench: Bench) -> list[str]:
    await bench.journal(body(call("a"), call("b"), call("c", identity="nobody")))
    await bench.all_parsed()
    return sorted(str(row[0]) for row in await bench.connections.fetch("SELECT event_id FROM facts"))


async def unpublished(bench: Bench) -> int:
    count: int = await bench.connections.fetchval("SELECT count(*) FROM facts WHERE published_at IS NULL")
    return count


async def test_published_once_on_both_topics(bench: Bench) -> None:
    """Each fact goes to both topics, then is left alone."""
    ids = await three_facts(bench)
    kafka = Kafka()
    assert await publisher(bench, kafka).batch() == 3
    assert await publisher(bench, kafka).batch() == 0
    assert kafka.ids(FACTS.name) == kafka.ids(LINES.name) == ids
    assert {message[2] for message in kafka.messages if message[0] == FACTS.name} == {"ivan", "own:nobody"}
    assert await unpublished(bench) == 0


async def test_nothing_counts_as_published_while_kafka_is_down(bench: Bench) -> None:
    """A failure, or a crash before the mark, leaves all of it to be sent again."""
    ids = await three_facts(bench)
    kafka = Kafka(down=True)
    with pytest.raises(Unavailable):
        await publisher(bench, kafka).batch()
    assert await unpublished(bench) == 3
    kafka.down, kafka.gate = False, asyncio.Event()
    crashing = asyncio.create_task(publisher(bench, kafka).batch())
    await eventually(lambda: not crashing.done(), "the batch to start")
    crashing.cancel()
    await asyncio.gather(crashing, return_exceptions=True)
    assert await unpublished(bench) == 3
    kafka.gate.set()
    await publisher(bench, kafka).batch()
    assert kafka.ids(FACTS.name) == ids


async def test_two_publishers_share_the_work(bench: Bench) -> None:
    """What one has in its hands the other does not take."""
    await three_facts(bench)
    slow, fast = Kafka(gate=asyncio.Event()), Kafka()
    first = asyncio.create_task(publisher(bench, slow).batch())
    await eventually(lambda: slow.holding, "the first to hold its rows")
    assert await publisher(bench, fast).batch() == 0
    assert slow.gate is not None
    slow.gate.set()
    assert await first == 3


async def test_it_resumes_when_kafka_returns(bench: Bench) -> None:
    """The running publisher waits Kafka out, tells its trouble, and goes on by itself."""
    await three_facts(bench)
    kafka = Kafka(down=True)
    running = publisher(bench, kafka)
    task = asyncio.create_task(running.run(0.05))
    await eventually(lambda: running.problem, "the trouble to be told")
    kafka.down = False
    await eventually(lambda: len(kafka.messages) == 6, "all to be published")
    await eventually(lambda: running.problem is None, "the trouble to be over")
    task.cancel()


async def test_dirty_days_are_told_once_and_forgotten_after(bench: Bench) -> None:
    """Repeated marks of one agent-day are one message; rows live until it is acknowledged."""
    await bench.connections.execute(
        "INSERT INTO dirty (agent, day) VALUES ('ivan', '2026-11-23'), ('ivan', '2026-11-23'), ('maria', '2026-11-23')"
    )
    kafka = Kafka(down=True)
    with pytest.raises(Unavailable):
        await publisher(bench, kafka).batch()
    assert await bench.connections.fetchval("SELECT count(*) FROM dirty") == 3
    kafka.down = False
    await publisher(bench, kafka).batch()
    assert await bench.connections.fetchval("SELECT count(*) FROM dirty") == 0
    assert [
        (topic, key, value, dict(headers)["ce_type"].decode()) for topic, _, key, value, headers in kafka.messages
    ] == [
        (FACTS.name, "ivan", b'{"agent":"ivan","date":"2026-11-23"}', DIRTY),
        (FACTS.name, "maria", b'{"agent":"maria","date":"2026-11-23"}', DIRTY),
    ]


async def test_a_broker_that_forgot_its_topics(bench: Bench, broker: str) -> None:
    """Before the first batch, and after a failure, the topics are made again."""
    made: list[int] = []

    async def ensure() -> None:
        made.append(1)
        await ensure_topics(broker, (FACTS, LINES), partitions=4, replication=1, durable=False)

    ids = await three_facts(bench)
    producer = Producer(broker, durable=False)
    running = Publisher(bench.connections, producer, 4, Clock(), Metrics(), ensure)
    assert await running.batch() == len(ids)
    await running.batch()
    assert made == [1]
    await producer.stop()
