"""What is kept of past days is made before anybody asks, and not again until something changed."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from schemas import tables
from services.kit import postgres as databases
from services.local.postgres import EmbeddedPostgres
from services.reads import habits
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, seed
from tests.support.servers import fresh_database


@pytest.fixture
def own_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as dsn:
        asyncio.run(seed(dsn))
        yield dsn


async def test_pages_find_it_ready(own_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one round no page counts a day again; after a late fact of a past day the next page does, without a round."""
    service = board_on(own_dsn)
    counted: list[Any] = []
    of_day = habits._of_day

    async def counting(connection: Any, given: Any, day: Any) -> Any:
        counted.append(day)
        return await of_day(connection, given, day)

    monkeypatch.setattr(habits, "_of_day", counting)
    await service.warming.once()
    assert len(counted) == len(set(counted)) > 20
    counted.clear()
    async with client_of(service) as client:
        for page in ("/look", "/report", "/api/v1/look"):
            assert (await client.get(page)).status_code == 200
        await service.warming.once()
        assert counted == []
        engine = databases.engine(own_dsn)
        past = NOW.date() - timedelta(days=3)
        async with engine.begin() as connection:
            await connection.execute(sa.update(tables.facts).where(tables.facts.c.agent == "zoya").values(day=past))
        await engine.dispose()
        assert (await client.get("/look")).status_code == 200
        assert past in counted
    await service.engine.dispose()
