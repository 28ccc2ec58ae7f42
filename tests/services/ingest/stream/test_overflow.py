"""PostgreSQL down, broker up: the raw request waits in the overflow topic and is journaled later, once acknowledged."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.topics import OVERFLOW
from services.ingest.providers.base import Request
from services.ingest.storage.entry import Entry, entry
from services.ingest.storage.journal import Journal
from services.ingest.stream.overflow import Overflow, drain
from services.kit.errors import Unavailable
from services.kit.kafka import Producer, ensure_topics
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


def made(number: int) -> Entry:
    raw = b"body %d" % number
    return entry("own", Request("POST", "x", "q", {"a": "b"}, raw, datetime.now(UTC)), raw)


async def test_what_overflowed_is_journaled(postgres_dsn: str, broker: str, connections: Any) -> None:
    """Ten requests wait in Kafka while the journal refuses; when it works they are all in it, whole."""
    await ensure_topics(broker, (OVERFLOW,), partitions=4, replication=1, durable=False)
    producer = Producer(broker, durable=False)
    overflow = Overflow(producer, 4)
    rows = [made(number) for number in range(10)]
    for row in rows:
        await overflow.keep(row)
    await producer.stop()
    await connections.execute("ALTER TABLE journal RENAME TO journal_away")
    journal = Journal(postgres_dsn)
    writer = asyncio.create_task(journal.run())
    draining = asyncio.create_task(drain(broker, journal, 6))
    await eventually(lambda: journal.problem and "cannot be written" in journal.problem, "the journal to refuse")
    await connections.execute("ALTER TABLE journal_away RENAME TO journal")
    await eventually(lambda: connections.fetchval("SELECT count(*) >= 10 FROM journal"), "the overflow to be journaled")
    draining.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await draining
    journal.stop()
    await writer
    found = await connections.fetch(
        "SELECT DISTINCT source, received_at, method, path, query, headers->>'a' AS a, body, body_hash FROM journal"
    )
    assert sorted(row["body"] for row in found) == sorted(row.body for row in rows)
    assert {(row["received_at"], row["body_hash"]) for row in found} == {
        (row.received_at, row.body_hash) for row in rows
    }


async def test_without_a_broker_it_refuses() -> None:
    """Both stores down: Unavailable, so that the sender is told to come again."""
    producer = Producer("127.0.0.1:1", durable=False)
    with pytest.raises(Unavailable):
        await Overflow(producer, 4).keep(made(1))
