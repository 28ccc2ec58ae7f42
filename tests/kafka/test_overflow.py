"""P1 on a real, durable broker: PostgreSQL down, webhooks are still accepted, and journaled when it is back."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest

from schemas.topics import TOPICS
from services.kit.kafka import ensure_topics
from services.local.migrate import upgrade
from services.local.postgres import EmbeddedPostgres
from tests.kafka.broker import ApacheKafka
from tests.services.ingest.conftest import SECRETS, apply_floor
from tests.services.ingest.events import body, call, signed
from tests.support.running import Services, embedded_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.kafka


async def test_accepted_while_postgresql_is_down(
    apache_kafka: ApacheKafka, temporary_folder: Path, services: Services
) -> None:
    """Ten webhooks before, ten while it is stopped, ten after: thirty times 200, thirty facts."""
    await ensure_topics(apache_kafka.bootstrap, TOPICS, partitions=4, replication=1, durable=True)
    server = EmbeddedPostgres(temporary_folder / "own-postgres")
    dsn = server.start()
    try:
        await asyncio.to_thread(upgrade, dsn)
        connection = await asyncpg.connect(dsn)
        await apply_floor(connection)
        await connection.close()
        environment = {**embedded_environment(dsn, apache_kafka.bootstrap), **SECRETS, "SREZ_KAFKA_DURABLE": "true"}
        url = services.start("ingest", environment).wait_ready().url
        async with httpx.AsyncClient(timeout=10) as http:

            async def post(kind: str) -> None:
                for number in range(10):
                    raw = body(call(f"{kind}{number}"))
                    answer = await http.post(f"{url}/hooks/own", content=raw, headers=signed(raw))
                    assert answer.status_code == 200, (kind, number, answer.text)

            await post("before")
            server.stop()
            await post("during")
            metrics = (await http.get(f"{url}/metrics")).text
            assert 'srez_webhooks_total{outcome="overflowed",source="own"} 10.0' in metrics
            server.start()

            async def recovered() -> bool:
                return (await http.get(f"{url}/readyz")).status_code == 200

            await eventually(recovered, "ingest to find its database again")
            await post("after")
        connection = await asyncpg.connect(dsn)
        whole = "SELECT count(*) = 30 FROM facts WHERE published_at IS NOT NULL"
        await eventually(lambda: connection.fetchval(whole), "all thirty facts to be stored and published", 60)
        await connection.close()
    finally:
        server.stop()
