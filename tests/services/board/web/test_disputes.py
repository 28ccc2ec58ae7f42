"""A dispute is answered by somebody else than who gave the mark, unless there is nobody."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import asyncpg
import httpx
import msgspec
import pytest
import pytest_asyncio

from schemas.commands import Settle
from services.board.access import Person
from services.board.app import Service
from services.board.storage import managing
from services.board.storage.quality import Dispute, independent
from services.local.postgres import EmbeddedPostgres
from services.rules.quality.scoring import Sheet
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, seed
from tests.support.seed_quality import seed_quality
from tests.support.servers import fresh_database

PASSWORD = "correct horse"
OWN = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
UPHELD = {"dispute": 1, "outcome": "upheld", "text": "слышно"}


@pytest.fixture(scope="module")
def heard(postgres: EmbeddedPostgres) -> Iterator[tuple[str, str]]:
    """Database and call: anna and oleg have marked it, anna's mark is disputed."""
    with fresh_database(postgres) as dsn:

        async def fill() -> str:
            call = (await seed_quality(dsn, await seed(dsn), NOW))[0]
            service = board_on(dsn)
            async with service.engine.begin() as connection:
                for name in ("anna", "tanya"):
                    person = Person(name, "head" if name == "anna" else "trainer")
                    assert await managing.add(connection, person, PASSWORD, NOW)
            await service.engine.dispose()
            return call

        yield dsn, asyncio.run(fill())


@pytest_asyncio.fixture
async def board(heard: tuple[str, str]) -> AsyncIterator[Service]:
    service = board_on(heard[0])
    yield service
    await service.engine.dispose()


@asynccontextmanager
async def signed_in(service: Service, name: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(service) as client:
        form = {"sec-fetch-site": "same-origin"}
        assert (await client.post("/login", data={"name": name, "password": PASSWORD}, headers=form)).status_code == 303
        yield client


async def newest(dsn: str) -> Settle:
    connection = await asyncpg.connect(dsn)
    try:
        told = await connection.fetchval("SELECT arguments::text FROM commands WHERE kind = 'settle' ORDER BY id DESC")
    finally:
        await connection.close()
    return msgspec.json.decode(told, type=Settle)


async def test_another_answers(board: Service, heard: tuple[str, str]) -> None:
    """Anna may not. The trainer, who has not marked, sees the disputed question and nothing else of the marks."""
    dsn, call = heard
    path = f"/api/v1/quality/calls/{quote(call, safe='')}/settle"
    async with signed_in(board, "anna") as anna:
        refused = await anna.post(path, json=UPHELD, headers=OWN)
        assert (refused.status_code, refused.json()["reason"]) == (403, "own_marks")
        page = (await anna.get(f"/quality/calls/{quote(call)}?lang=ru")).text
        assert "отвечает другой руководитель" in page
        assert 'data-ask="settle"' not in page
    async with signed_in(board, "tanya") as tanya:
        page = (await tanya.get(f"/quality/calls/{quote(call)}?lang=ru")).text
        assert "Я представился" in page
        assert "Хорошее начало" not in page
        assert page.count('data-ask="settle"') == 1
        assert (await tanya.post(path, json=UPHELD, headers=OWN)).status_code == 202
    assert not (await newest(dsn)).alone


async def test_who_is_alone_answers_and_it_is_said(board: Service, heard: tuple[str, str]) -> None:
    """With the trainer's account disabled nobody else could; the record says so."""
    dsn, call = heard
    async with board.engine.begin() as connection:
        await managing.change(connection, "tanya", NOW, disabled_at=NOW)
    async with signed_in(board, "anna") as anna:
        page = (await anna.get(f"/quality/calls/{quote(call)}?lang=ru")).text
        assert "кроме вас ответить некому" in page
        path = f"/api/v1/quality/calls/{quote(call, safe='')}/settle"
        assert (await anna.post(path, json={**UPHELD, "text": "одна"}, headers=OWN)).status_code == 202
    assert (await newest(dsn)).alone


def test_agreement_is_of_marks_given_blind() -> None:
    """A changed mark does not make people agree, nor does the mark of whoever had to answer for it."""
    one, other = (
        Sheet(by, by, ("default", 1), {"contact": mark, "price": 1.0}) for by, mark in (("a", 0.0), ("b", 1.0))
    )
    dispute = Dispute(1, "a", "c", "ivan", "contact", 0.0, NOW, "ivan", "", NOW, "b", "changed", 1.0, "yes", False)
    given = independent([one, other], [dispute])
    assert given[0].marks == {"contact": 0.0, "price": 1.0}
    assert given[1].marks == {"price": 1.0}
