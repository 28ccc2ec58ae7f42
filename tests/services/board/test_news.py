"""News from a real broker: heard at once, survived when the broker goes, read anew when it is back."""

import asyncio

import pytest

from schemas import messages, topics
from services.board.app import Service
from services.kit import kafka
from services.local.ports import free_port
from tests.services.board.conftest import board_on
from tests.services.board.test_live import news
from tests.support.seed_floor import NOW
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


async def ended(service: Service, workers: "list[asyncio.Task[None]]") -> None:
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await service.engine.dispose()


async def test_a_change_on_kafka_is_shown(seeded_dsn: str, broker: str) -> None:
    """FunnelChanged reaches the page's state without another reading of PostgreSQL; poison is passed over."""
    service = board_on(seeded_dsn, broker, board_reload_s=600)
    workers = service.workers()
    await eventually(
        lambda: service.live.today is not None and service.live.kafka_error is None, "Kafka to be followed"
    )
    await asyncio.sleep(1)  # the reading that follows the connection
    producer = kafka.Producer(broker, durable=False)
    body = messages.encode(news("gleb", 901, 9001))
    await producer.send([(topics.FUNNEL.name, 0, "gleb", b"{not json", [])])
    await producer.send([(topics.FUNNEL.name, 0, "gleb", body, [])])
    await eventually(
        lambda: service.live.today is not None and service.live.today.agents["gleb"].done["calls"] == 901, "the news"
    )
    assert service.news.undecodable == 1
    await producer.stop()
    await ended(service, workers)


async def test_a_broker_that_is_not_there_is_waited_for(seeded_dsn: str) -> None:
    """The board reads PostgreSQL and says what is wrong with Kafka; it stays ready."""
    service = board_on(seeded_dsn, f"127.0.0.1:{free_port()}")
    workers = service.workers()
    await eventually(lambda: service.live.today is not None, "the first reading")
    await eventually(lambda: "does not answer" in (service.live.kafka_error or ""), "the reason")
    assert service.ready() == {"postgres": None}
    assert all(not worker.done() for worker in workers)
    assert service.live.today is not None
    assert service.live.today.date == NOW.date()
    await ended(service, workers)
