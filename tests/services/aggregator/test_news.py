"""What a running worker tells the others: live funnels, line health, closed slices; and how it mends itself."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncpg
import msgspec
import pytest

from schemas.floor import Floor, parse
from schemas.messages import DIRTY, Dirty, FunnelChanged, LineHealth, SliceClosed, encode
from schemas.topics import FACTS, FUNNEL, HEALTH, LINES, SLICES, partition_of
from services.kit.kafka import Producer, consumer, ensure_topics
from tests.services.aggregator.feeding import PARTITIONS, apply_floor, call, feed, floor_text, store
from tests.services.aggregator.test_worker import recount, shown
from tests.support.running import Service, Services, embedded_environment
from tests.support.waiting import wait_until

pytestmark = pytest.mark.integration
M = TypeVar("M")
START = datetime(2026, 11, 23, 10, 59, tzinfo=UTC)
RATE = 20
TEXT = floor_text(agents=6)
FLOOR: Floor = parse(TEXT)


def start(dsn: str, broker: str, services: Services) -> Service:
    """A worker whose clock starts a minute before the slice of eleven, twenty times as fast."""

    async def prepared() -> None:
        await apply_floor(dsn, TEXT, START - timedelta(hours=3))
        topics = (FACTS, LINES, FUNNEL, HEALTH, SLICES)
        await ensure_topics(broker, topics, partitions=PARTITIONS, replication=1, durable=False)

    asyncio.run(prepared())
    clock = {"SREZ_CLOCK": f"{START.isoformat()}@{RATE}", "SREZ_CLOCK_ANCHOR": str(time.time())}
    quick = {"SREZ_AGGREGATOR_RECONCILE_S": "0.5"}
    return services.start("aggregator", {**embedded_environment(dsn, broker), **clock, **quick}).wait_ready()


def read_all(broker: str, topic: str, kind: type[M]) -> list[M]:
    """Everything that stands in a topic, by partition in order."""

    async def inside() -> list[M]:
        reader = consumer(broker, topic, group=None, from_start=True)
        await reader.start()
        try:
            found: list[M] = []
            while batch := await reader.getmany(timeout_ms=700):
                found += [
                    msgspec.json.decode(record.value, type=kind) for records in batch.values() for record in records
                ]
            return found
        finally:
            await reader.stop()

    return asyncio.run(inside())


def fetch(dsn: str, query: str, *values: object) -> list[Any]:
    async def inside() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            found: list[Any] = await connection.fetch(query, *values)
            return found
        finally:
            await connection.close()

    return asyncio.run(inside())


def test_a_worker_tells_what_it_sees(postgres_dsn: str, broker: str, services: Services) -> None:
    """10:58 trunk-2 begins to fail for four agents; 11:00 the slice is closed and announced for both teams."""
    worker = start(postgres_dsn, broker, services)
    before = START - timedelta(hours=1)
    fine = [call(f"a{n % 6}", before + timedelta(seconds=30 * n), key=n, talk_s=700) for n in range(100)]
    dead = [
        call(
            f"a{n % 4}",
            START - timedelta(seconds=60 - n),
            key=n,
            disposition="failed",
            sip=503,
            line="pbx/trunk-2",
            customer=f"k1:{n:016x}",
        )
        for n in range(12)
    ]
    feed(postgres_dsn, broker, [*fine, *dead], FLOOR)
    expected = recount([*fine, *dead], FLOOR)
    wait_until(lambda: shown(worker) == expected, "everything to be counted")

    def told() -> bool:
        newest = {one.agent: one for one in read_all(broker, FUNNEL.name, FunnelChanged)}
        done = {(agent, step): n for agent, one in newest.items() for step, n in one.done.items() if n}
        return done == expected

    wait_until(told, "the newest funnel messages to equal the recount")

    def failing() -> LineHealth | None:
        seen = [one for one in read_all(broker, HEALTH.name, LineHealth) if one.line == "pbx/trunk-2"]
        return next((one for one in reversed(seen) if one.fired_at), None)

    health = wait_until(failing, "the line to be found failing")
    assert health is not None
    assert (health.source, health.failing_since) == ("pbx", START - timedelta(seconds=60))
    assert health.fired_at == START - timedelta(seconds=57)
    assert health.evidence["path"] == "in_a_row"
    assert health.evidence["codes"] == {"SIP 503": 4}

    wait_until(
        lambda: fetch(postgres_dsn, "SELECT 1 FROM closes WHERE announced_at IS NOT NULL"), "the slice to be closed"
    )
    closed = read_all(broker, SLICES.name, SliceClosed)
    assert {(one.slice, one.team, one.on_time) for one in closed} == {("11:00", "red", True), ("11:00", "blue", True)}
    frozen = fetch(postgres_dsn, "SELECT agent, step, done FROM slices WHERE done > 0")
    assert {(row["agent"], row["step"]): row["done"] for row in frozen} == expected


def test_a_worker_mends_itself(postgres_dsn: str, broker: str, services: Services) -> None:
    """A fact that never came over Kafka is found by comparison; a changed one is read anew when ingest says so."""
    worker = start(postgres_dsn, broker, services)
    before = START - timedelta(hours=1)
    known = [call("a1", before + timedelta(minutes=n), key=n, talk_s=60) for n in range(10)]
    feed(postgres_dsn, broker, known, FLOOR)
    wait_until(lambda: shown(worker) == recount(known, FLOOR), "everything to be counted")
    silent = call("a1", before + timedelta(minutes=30), key="silent", talk_s=60)
    asyncio.run(store(postgres_dsn, [silent], FLOOR))
    wait_until(lambda: shown(worker) == recount([*known, silent], FLOOR), "the difference to be found and healed")
    fetch(postgres_dsn, "UPDATE facts SET talk_s = 900 WHERE event_id = $1", known[0].id)

    async def say() -> None:
        producer = Producer(broker, durable=False)
        dirty = encode(Dirty(agent="a1", date=START.date()))
        try:
            message = (FACTS.name, partition_of("a1", PARTITIONS), "a1", dirty, [("ce_type", DIRTY.encode())])
            await producer.send([message])
        finally:
            await producer.stop()

    asyncio.run(say())
    wait_until(lambda: shown(worker).get(("a1", "long_calls")) == 1, "the agent-day to be read anew")
    wait_until(lambda: not fetch(postgres_dsn, "SELECT 1 FROM differences"), "the difference to be cleared")
    assert "bad message" not in worker.log_end()
