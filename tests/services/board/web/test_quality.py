"""Quality: pages in both languages, the API, and what people may ask."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import quote

import asyncpg
import httpx
import msgspec
import pytest
import pytest_asyncio

from schemas.commands import Score
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, seed
from tests.support.seed_quality import seed_quality
from tests.support.servers import fresh_database

OWN_PAGES = {"content-type": "application/json", "sec-fetch-site": "same-origin"}


@dataclass(frozen=True)
class Bench:
    dsn: str
    calls: list[str]


@pytest.fixture(scope="module")
def heard(postgres: EmbeddedPostgres) -> Iterator[Bench]:
    """The seeded day with transcripts, marks and a dispute."""
    with fresh_database(postgres) as dsn:

        async def fill() -> list[str]:
            return await seed_quality(dsn, await seed(dsn), NOW)

        yield Bench(dsn, asyncio.run(fill()))


@pytest_asyncio.fixture
async def client(heard: Bench) -> AsyncIterator[httpx.AsyncClient]:
    service = board_on(heard.dsn)
    async with client_of(service) as found:
        yield found
    await service.engine.dispose()


def path(call: str, rest: str = "") -> str:
    return f"/api/v1/quality/calls/{quote(call, safe='')}{rest}"


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_page(client: httpx.AsyncClient, language: str) -> None:
    """Scores with intervals, stages, the queue with reasons, agreement, disputes."""
    page = await client.get(f"/quality?lang={language}")
    assert page.status_code == 200
    for words in {
        "ru": ("мало прослушано", "Проходимость", "Диагностика", "Что послушать", "Случайный", "ждёт ответа", "AC1"),
        "en": (
            "too few heard",
            "Stage funnel",
            "Diagnosis",
            "What to listen to",
            "Random",
            "waits for an answer",
            "AC1",
        ),
    }[language]:
        assert words in page.text
    assert (await client.get("/quality?team=hunters")).status_code == 200
    assert "нет" in (await client.get("/quality?team=nobody&lang=ru")).text


async def test_the_page_of_a_call(client: httpx.AsyncClient, heard: Bench) -> None:
    """Transcript with time codes and highlights, numbers hidden, the machine's evidence; others' marks closed at first."""
    page = await client.get(f"/quality/calls/{quote(heard.calls[0])}?lang=ru")
    assert page.status_code == 200
    assert '<mark title="Контакт">Добрый день</mark>' in page.text
    assert "345-67-89" not in page.text
    assert "8 (912)" not in page.text
    assert "двадцать пять тысяч рублей" in page.text or "Стоимость" not in page.text
    assert "Откроются, когда вы сохраните свою" in page.text
    assert "Хорошее начало" not in page.text
    assert (await client.get("/quality/calls/nobody:1")).status_code == 404


async def test_scores_by_the_api(client: httpx.AsyncClient) -> None:
    """Random calls only; no zone below the least number; low ≤ score ≤ high."""
    rows = (await client.get("/api/v1/quality?team=hunters")).json()["rows"]
    assert len(rows) == 10
    scored = [row for row in rows if row["score"] is not None]
    assert scored
    for row in scored:
        assert row["low"] <= row["score"] <= row["high"]
        assert row["random"] <= row["heard"] <= row["calls"]
        assert (row["zone"] is None) == (row["random"] < 5)


async def test_stages_and_questions(client: httpx.AsyncClient) -> None:
    """Stages in the order of the form; agreement of pairs; the dispute is counted at its question."""
    rows = (await client.get("/api/v1/quality/stages?team=hunters")).json()["rows"]
    team = [row for row in rows if row["agent"] is None]
    assert [row["stage"] for row in team] == ["contact", "diagnosis", "presentation", "objections", "price", "closing"]
    assert team[0]["share"] == 1
    questions = {row["item"]: row for row in (await client.get("/api/v1/quality/questions")).json()["rows"]}
    assert questions["contact"]["disputed"] == 1
    assert (questions["contact"]["equal"], questions["contact"]["ac1"], questions["contact"]["pairs"]) == (1, 1, 8)
    assert (await client.get("/api/v1/quality/disputes?agent=nobody")).json()["rows"] == []
    assert (await client.get("/api/v1/quality/forms")).json()["rows"][0]["card"] == "default"


async def test_the_queue_stands_still(client: httpx.AsyncClient, heard: Bench) -> None:
    """Another board, another moment of the same slice: the same calls in the same order."""
    rows = (await client.get("/api/v1/quality/queue")).json()["rows"]
    assert {row["sample"] for row in rows} == {"random", "targeted", "reference"}
    service = board_on(heard.dsn, now=NOW.replace(minute=50))
    async with client_of(service) as other:
        again = (await other.get("/api/v1/quality/queue")).json()["rows"]
    await service.engine.dispose()
    assert [row["call"] for row in again] == [row["call"] for row in rows]


async def newest(dsn: str) -> tuple[str, str]:
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow("SELECT kind, arguments::text FROM commands ORDER BY id DESC LIMIT 1")
    finally:
        await connection.close()
    return row["kind"], row["arguments"]


async def test_marks_are_asked_for(client: httpx.AsyncClient, heard: Bench) -> None:
    """By the form the call was marked with; how it was chosen is the board's own finding, not the sender's."""
    marks = {"contact": "1", "diagnosis": "0.5", "price": "na"}
    answer = await client.post(
        path(heard.calls[1], "/score"), json={"marks": marks, "comment": " да "}, headers=OWN_PAGES
    )
    assert answer.status_code == 202
    kind, arguments = await newest(heard.dsn)
    asked = msgspec.json.decode(arguments, type=Score)
    assert (kind, asked.marks, asked.comment) == ("score", {"contact": 1, "diagnosis": 0.5, "price": None}, "да")
    queue = {row["call"]: row["sample"] for row in (await client.get("/api/v1/quality/queue")).json()["rows"]}
    known = queue.get(heard.calls[1], "random")
    assert (asked.card, asked.card_version, asked.sample) == ("default", 1, known)
    assert "сохраняется" in (await client.get(f"/quality/calls/{quote(heard.calls[1])}?lang=ru")).text


@pytest.mark.parametrize(
    ("rest", "body", "status"),
    [
        ("/score", {"marks": {"nothing": "1"}}, 404),
        ("/score", {"bans": ["nothing"]}, 404),
        ("/score", {"marks": {"contact": "2"}}, 422),
        ("/score", {"odd": 1}, 422),
        ("/dispute", {"score": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "item": "contact", "text": "x"}, 404),
        ("/dispute", {"score": "x", "item": "contact", "text": "x"}, 422),
        ("/settle", {"dispute": 99, "outcome": "upheld", "text": "x"}, 404),
        ("/settle", {"dispute": 1, "outcome": "changed", "text": "x"}, 404),
        ("/settle", {"dispute": 1, "outcome": "upheld", "text": ""}, 422),
        ("/settle", {"dispute": 1, "outcome": "changed", "mark": "0.5", "text": "x"}, 202),
    ],
)
async def test_what_is_refused(client: httpx.AsyncClient, heard: Bench, rest: str, body: object, status: int) -> None:
    """Each with a documented answer."""
    answer = await client.post(path(heard.calls[0], rest), json=body, headers=OWN_PAGES)
    assert answer.status_code == status


async def test_a_score_is_disputed_once(client: httpx.AsyncClient, heard: Bench) -> None:
    """The second dispute of one score is refused at once."""
    score = (await client.get("/api/v1/quality/disputes")).json()["rows"][0]["score"]
    body = {"score": score, "item": "contact", "text": "нет"}
    assert (await client.post(path(heard.calls[0], "/dispute"), json=body, headers=OWN_PAGES)).status_code == 409


async def test_nobody_marks_from_elsewhere(client: httpx.AsyncClient, heard: Bench) -> None:
    """Another site; and a board that listens beyond this machine shows nothing before it has accounts."""
    other = {**OWN_PAGES, "sec-fetch-site": "cross-site"}
    assert (await client.post(path(heard.calls[0], "/score"), json={}, headers=other)).status_code == 403
    service = board_on(heard.dsn, bind="0.0.0.0")
    async with client_of(service) as open_:
        assert (await open_.post(path(heard.calls[0], "/score"), json={}, headers=OWN_PAGES)).status_code == 403
        page = await open_.get(f"/quality/calls/{quote(heard.calls[0])}?lang=ru")
    await service.engine.dispose()
    assert page.status_code == 403
    assert "Хорошее начало" not in page.text
    assert "Сохранить оценку" not in page.text
