"""The page of norms: where each number comes from, in both languages, on the agent's page and by the API too."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date as Date
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest
import pytest_asyncio

from schemas.floor import Segment
from schemas.floor.edit_curves import give_curves
from schemas.floor.edit_learned import give_learned
from schemas.floor.edit_norms import Norm, Reviewed, give_norms
from schemas.floor.learned import Learned
from services.board.app import Service
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, floor_text, seed
from tests.support.servers import fresh_database

REVIEW = Reviewed(Date(2026, 9, 28), Date(2026, 11, 20), 40, 12, Date(2026, 11, 22))
TEAM = Segment(team="hunters")
BEFORE = floor_text("ru").replace("per_day: {calls: 80", "per_day: {calls: 79")
PAYMENTS = {"09:00": 0.3, "09:30": 0.6, "16:00": 1.4, "17:30": 1.9}


def reviewed() -> str:
    """Two steps of a team by a review, one of them changed by hand since; a curve, and what was learned."""
    text = give_norms(
        floor_text("ru"), [Norm(TEAM, None, "calls", 80, 96.5, REVIEW), Norm(TEAM, None, "answered", 31, 40, REVIEW)]
    )
    text = give_curves(text.replace("answered: 31,", "answered: 32,", 1), {"payments": PAYMENTS})
    learned = {"for": {"team": "hunters"}, "step": "calls", "prior_cv": 0.2, "overdispersion": 1.4, "mean": 0.97}
    return give_learned(text, [Learned.model_validate(learned)])


async def apply(dsn: str, version: int, text: str, at: datetime) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        query = "INSERT INTO floors (version, applied_at, text, hash) VALUES ($1, $2, $3, $4)"
        await connection.execute(query, version, at, text, str(version).encode())
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def reviewed_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as dsn:
        asyncio.run(seed(dsn))
        asyncio.run(apply(dsn, 2, BEFORE, NOW - timedelta(days=2, hours=3)))
        asyncio.run(apply(dsn, 3, reviewed(), NOW - timedelta(days=1, hours=3)))
        yield dsn


@pytest_asyncio.fixture
async def client(reviewed_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    service: Service = board_on(reviewed_dsn)
    async with client_of(service) as found:
        yield found
    await service.engine.dispose()


async def test_the_api_says_where_each_norm_comes_from(client: httpx.AsyncClient) -> None:
    """A review's while the number is the one it gave, with its window and people; else by hand."""
    rows = {(one["for_name"], one["step"]): one for one in (await client.get("/api/v1/norms")).json()["rows"]}
    assert len(rows) == 12
    calls = rows["hunters", "calls"]
    assert (calls["per_day"], calls["reference"], calls["source"], calls["reference_source"]) == (
        80,
        96.5,
        "review",
        "review",
    )
    assert (calls["since"], calls["until"], calls["days"], calls["members"], calls["applied"]) == (
        "2026-09-28", "2026-11-20", 40, 12, "2026-11-22",
    )  # fmt: skip
    answered = rows["hunters", "answered"]
    assert (answered["per_day"], answered["source"], answered["reviewed_per_day"]) == (32, "changed", 31)
    assert answered["reference_source"] == "review"
    farmers = rows["farmers", "calls"]
    assert (farmers["source"], farmers["members"], farmers["reference_source"]) == ("hand", None, None)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "ru",
            [
                "по работе 12 человек за 40 дней (28 сентября — 20 ноября), с 23 ноября",
                "изменена вручную: пересмотр 22 ноября давал 31; эталон: по работе 12 человек за 40 дней",
                "задана вручную",
                "Команда Хантеры: Звонки 79 → 80",
                "Команда Хантеры: Ответили, эталон нет → 40",
                "больше всего в 17:30: ×1,9",
                "в среднем делают 97\u202f% нормы",
            ],
        ),
        (
            "en",
            [
                "from the work of 12 people over 40 days (28 September – 20 November), since 23 November",
                "changed by hand: the review of 22 November gave 31; reference: from the work of 12 people",
                "set by hand",
                "Team Хантеры: Calls 79 → 80",
                "most at 17:30: ×1.9",
                "on average they do 97\u202f% of the norm",
            ],
        ),
    ],
)
async def test_the_page_says_it_in_words(client: httpx.AsyncClient, language: str, told: list[str]) -> None:
    """Norms, curves with a table twin, what was learned, and what changed when."""
    page = (await client.get("/norms", params={"lang": language})).text
    assert [one for one in told if one not in page] == []
    assert page.count("<rect ") == 18
    assert '<th scope="row" class="num">17:30</th>' in page


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("ru", "Норма дня 80: команда Хантеры, по работе 12 человек за 40 дней, с 23 ноября"),
        ("en", "Day norm 80: team Хантеры, from the work of 12 people over 40 days, since 23 November"),
    ],
)
async def test_the_agents_page_says_the_source(client: httpx.AsyncClient, language: str, told: str) -> None:
    """Under the chart of each step, with a link to all norms."""
    page = (await client.get("/agents/ivan", params={"lang": language})).text
    assert told in page
    assert 'href="/norms"' in page


async def test_norms_of_tomorrow_are_announced(postgres: EmbeddedPostgres) -> None:
    """A version applied today changes nothing today: the page says whose norms hold from midnight."""
    with fresh_database(postgres) as dsn:
        await seed(dsn)
        await apply(dsn, 2, reviewed(), NOW - timedelta(minutes=5))
        service = board_on(dsn)
        async with client_of(service) as client:
            page = (await client.get("/norms", params={"lang": "en"})).text
            rows = (await client.get("/api/v1/norms")).json()["rows"]
        await service.engine.dispose()
    assert "From midnight those of version 2 hold" in page
    assert {one["source"] for one in rows} == {"hand"}
