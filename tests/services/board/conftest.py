"""A board on a seeded floor: in-process for most tests, as a process of its own where time or many requests matter."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from services.board.app import Service
from services.board.settings import BoardSettings
from services.kit.clock import Clock
from services.local.postgres import EmbeddedPostgres
from tests.support.seed_floor import NOW, seed
from tests.support.servers import fresh_database

NOWHERE = "127.0.0.1:1"
"""A Kafka that is away: the board then polls PostgreSQL."""


def board_on(dsn: str, bootstrap: str = NOWHERE, now: datetime = NOW, **settings: Any) -> Service:
    """A board whose clock begins at *now*, the seeded moment; nothing runs before it is asked to."""
    settings.setdefault("board_read_deadline_s", 60)  # a busy machine is not a database that is away
    chosen = BoardSettings(
        postgres_dsn=SecretStr(dsn),
        kafka_bootstrap=bootstrap,
        kafka_durable=False,
        board_hosts="board.test",
        floor_poll_s=0.2,
        **settings,
    )
    return Service(chosen, Clock(now, 1.0, time.time()))


def client_of(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://board.test")


async def text(board: httpx.AsyncClient, path: str, lang: str = "ru") -> str:
    """A page that is there, in a language."""
    answer = await board.get(path, params={**dict(httpx.URL(path).params), "lang": lang})
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


@pytest.fixture(scope="session")
def seeded_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database with the seeded day; for tests that only read."""
    with fresh_database(postgres) as dsn:
        asyncio.run(seed(dsn))
        yield dsn


@pytest_asyncio.fixture
async def service(seeded_dsn: str) -> AsyncIterator[Service]:
    found = board_on(seeded_dsn)
    yield found
    await found.engine.dispose()


@pytest_asyncio.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(service) as found:
        yield found
