"""One real ingest process on real servers: from a POST to Kafka, through kill −9 and a dead database."""

from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.facts import Fact, from_kafka
from schemas.messages import DIRTY
from schemas.topics import FACTS, LINES, partition_of
from services.local.postgres import EmbeddedPostgres
from tests.services.ingest.conftest import FLOOR, SECRETS, apply_floor
from tests.services.ingest.events import body, call, signed
from tests.support.running import Service, Services, embedded_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


def start(services: Services, dsn: str, broker: str, **more: str) -> Service:
    return services.start("ingest", {**embedded_environment(dsn, broker), **SECRETS, **more})


async def records(broker: str, topic: str) -> list[Any]:
    """Everything in *topic* now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest")
    await consumer.start()
    try:
        parts = [TopicPartition(topic, number) for number in range(4)]
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        await consumer.seek_to_beginning(*parts)
        found: list[Any] = []
        while len(found) < sum(ends.values()):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                found += batch
        return found
    finally:
        await consumer.stop()


async def facts_in(broker: str, topic: str) -> list[tuple[int, str, Fact]]:
    """(partition, key, fact) of every fact message."""
    found = []
    for record in await records(broker, topic):
        headers = dict(record.headers)
        if headers["ce_type"] != DIRTY.encode():
            found.append((record.partition, record.key.decode(), from_kafka(headers, record.value)))
    return found


async def test_a_webhook_reaches_both_topics(
    services: Services, postgres_dsn: str, broker: str, connections: Any
) -> None:
    """One signed call and its repetition: one fact, on the agent's and the line's partition."""
    await apply_floor(connections)
    ingest = start(services, postgres_dsn, broker).wait_ready()
    raw = body(call("c1", line="own/trunk-a"))
    async with httpx.AsyncClient() as http:
        for _ in range(2):
            answer = await http.post(f"{ingest.url}/hooks/own", content=raw, headers=signed(raw))
            assert answer.status_code == 200
        await eventually(
            lambda: connections.fetchval("SELECT count(*) = 2 FROM journal WHERE state = 'parsed'"), "both rows parsed"
        )
        await eventually(
            lambda: connections.fetchval("SELECT count(*) = 1 FROM facts WHERE published_at IS NOT NULL"), "publishing"
        )
        metrics = (await http.get(f"{ingest.url}/metrics")).text
    (fact,) = await facts_in(broker, FACTS.name)
    assert (fact[0], fact[1], fact[2].agent) == (partition_of("ivan", 4), "ivan", "ivan")
    (line,) = await facts_in(broker, LINES.name)
    assert (line[0], line[1], line[2].id) == (partition_of("own/trunk-a", 4), "own/trunk-a", fact[2].id)
    for series in (
        'srez_webhooks_total{outcome="accepted",source="own"} 2.0',
        'srez_facts_total{type="srez.call.ended.v1"} 1.0',
        'srez_duplicates_total{source="own"} 1.0',
        'srez_unattributed_total{source="own"} 0.0',
    ):
        assert series in metrics


async def test_what_was_accepted_survives_a_kill(
    services: Services, postgres_dsn: str, broker: str, connections: Any
) -> None:
    """Killed while requests come in: every 200 is in the journal, and after a restart in Kafka, once per fact in facts."""
    await apply_floor(connections)
    ingest = start(services, postgres_dsn, broker).wait_ready()
    accepted: list[str] = []
    async with httpx.AsyncClient() as http:
        for number in range(200):
            raw = body(call(f"k{number}"))
            try:
                answer = await http.post(f"{ingest.url}/hooks/own", content=raw, headers=signed(raw))
            except httpx.TransportError:
                break
            if answer.status_code == 200:
                accepted.append(f"own:k{number}")
            if number == 120:
                ingest.kill()
    assert len(accepted) == 121
    start(services, postgres_dsn, broker).wait_ready()
    await eventually(
        lambda: connections.fetchval(
            "SELECT (SELECT count(*) = 0 FROM journal WHERE state = 'new')"
            " AND (SELECT count(*) = 0 FROM facts WHERE published_at IS NULL)"
        ),
        "the backlog to be worked off",
    )
    stored = await connections.fetch("SELECT data->>'call_id' AS call FROM facts")
    assert sorted(row["call"] for row in stored) == sorted(accepted)
    told = {fact.data.call_id for _, _, fact in await facts_in(broker, FACTS.name)}  # type: ignore[union-attr]
    assert told == set(accepted)


async def test_without_its_database_ingest_refuses_and_recovers(
    services: Services, postgres: EmbeddedPostgres, postgres_dsn: str, broker: str, connections: Any
) -> None:
    """The journal's table locked: 503 with Retry-After inside the deadline, and 200 once it is free again."""
    await apply_floor(connections)
    ingest = start(services, postgres_dsn, broker, SREZ_INGEST_DEADLINE_S="1").wait_ready()
    raw = body(call("c1"))
    async with httpx.AsyncClient(timeout=10) as http, connections.acquire() as locker:
        async with locker.transaction():
            await locker.execute("LOCK TABLE journal")
            answer = await http.post(f"{ingest.url}/hooks/own", content=raw, headers=signed(raw))
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert (await http.get(f"{ingest.url}/healthz")).status_code == 200

        async def accepted() -> bool:
            again = await http.post(f"{ingest.url}/hooks/own", content=raw, headers=signed(raw))
            return again.status_code == 200

        await eventually(accepted, "webhooks to be accepted again")


async def test_a_mended_roster_attributes_what_was_nobodys(
    services: Services, postgres_dsn: str, broker: str, connections: Any
) -> None:
    """An unknown extension is kept; the next floor version gives its fact to an agent, and marks both days dirty."""
    await apply_floor(connections)
    ingest = start(services, postgres_dsn, broker).wait_ready()
    raw = body(call("c9", identity="999"))
    async with httpx.AsyncClient() as http:
        assert (await http.post(f"{ingest.url}/hooks/own", content=raw, headers=signed(raw))).status_code == 200
    await eventually(lambda: connections.fetchval("SELECT count(*) = 1 FROM facts WHERE agent IS NULL"), "the fact")
    await apply_floor(connections, FLOOR.replace('own: ["223"]', 'own: ["223", "999"]'))
    await eventually(lambda: connections.fetchval("SELECT count(*) = 1 FROM facts WHERE agent = 'maria'"), "maria")
    await eventually(lambda: connections.fetchval("SELECT count(*) = 0 FROM dirty"), "dirty rows to be told")
    dirty = [
        record for record in await records(broker, FACTS.name) if dict(record.headers)["ce_type"] == DIRTY.encode()
    ]
    assert {record.key.decode() for record in dirty} == {"maria", "own:999"}
    assert {record.partition for record in dirty} == {partition_of("maria", 4), partition_of("own:999", 4)}
