"""Sources over HTTP: pages and API of a filled floor, bodies without phone numbers, and who may ask for what."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args, get_type_hints

import httpx
import msgspec
import pytest
import pytest_asyncio
import sqlalchemy as sa

from schemas import tables
from services.board.app import Service
from services.board.storage.asked import Asked
from services.board.web.sameorigin import from_own_pages, is_json, is_loopback
from services.board.web.sources_api import RejectedShown, SourceRow, UnownedRow
from services.board.words import words
from services.ingest.source import Lack
from services.ingest.stream import reading_back
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, seed
from tests.support.seed_sources import PHONE, add
from tests.support.servers import fresh_database

OWN = {"origin": "http://board.test", "sec-fetch-site": "same-origin"}
ASSIGN = {"identity": "214", "agent": "ivan"}


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as found:
        asyncio.run(seed(found))
        asyncio.run(add(found))
        yield found


@pytest_asyncio.fixture
async def filled(dsn: str) -> AsyncIterator[Service]:
    found = board_on(dsn)
    yield found
    async with found.engine.begin() as connection:
        await connection.execute(sa.delete(tables.commands))
    await found.engine.dispose()


@pytest_asyncio.fixture
async def asking(filled: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(filled) as found:
        yield found


async def rejected_row(client: httpx.AsyncClient, source: str = "mango-main") -> int:
    row: int = (await client.get(f"/api/v1/sources/{source}")).json()["rejected"][0]["row"]
    return row


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    "path", ["/sources", "/sources/mango-main", "/sources/amo", "/sources/mango-new", "/sources/own"]
)
async def test_every_page_speaks_both_languages(asking: httpx.AsyncClient, path: str, language: str) -> None:
    """200, in the language asked for."""
    answer = await asking.get(path, params={"lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text


async def test_states_from_the_first_webhook_to_the_first_call(asking: httpx.AsyncClient) -> None:
    """Waiting, heard, counted: said in the list and on the source's own page."""
    rows = {row["source"]: row for row in (await asking.get("/api/v1/sources")).json()["rows"]}
    assert list(rows) == ["mango-main", "fs-office", "bitrix", "own", "amo", "mango-new"]
    assert {id_: row["progress"] for id_, row in rows.items() if id_ in ("mango-main", "amo", "mango-new")} == {
        "mango-main": "counted",
        "amo": "waiting",
        "mango-new": "heard",
    }
    assert "first call counted ✓" in (await asking.get("/sources/mango-main?lang=en")).text
    assert "waiting for the first webhook" in (await asking.get("/sources/amo?lang=en")).text
    assert "nothing to count yet" in (await asking.get("/sources/mango-new?lang=en")).text


async def test_objects_that_were_not_read_back(asking: httpx.AsyncClient) -> None:
    """What waits and what was given up, with its problem: in the list, on the source's page and in the API."""
    rows = {row["source"]: row for row in (await asking.get("/api/v1/sources")).json()["rows"]}
    bitrix = rows["bitrix"]
    assert (bitrix["to_read_back"], bitrix["given_up"], bitrix["readback_problem"]) == (
        2, 1, "the provider answered HTTP 400",
    )  # fmt: skip
    assert (rows["amo"]["to_read_back"], rows["amo"]["given_up"], rows["amo"]["readback_problem"]) == (0, 0, "")
    for path in ("/sources", "/sources/bitrix"):
        text = (await asking.get(path, params={"lang": "en"})).text
        assert "2 objects wait to be read back" in text
        assert "1 object was given up" in text
        assert "the provider answered HTTP 400" in text
        text = (await asking.get(path, params={"lang": "ru"})).text
        assert "2 объекта ждут чтения" in text
        assert "сервис ответил: HTTP 400" in text
    assert "srez journal replay --source bitrix" in (await asking.get("/sources/bitrix?lang=en")).text
    assert "read back" not in (await asking.get("/sources/amo?lang=en")).text


async def test_an_address_without_its_secret(asking: httpx.AsyncClient) -> None:
    """A path secret is a placeholder, with the name of the variable that holds it."""
    text = (await asking.get("/sources/amo?lang=ru")).text
    assert "https://&lt;ваш-адрес&gt;/hooks/amo/&lt;секрет&gt;" in text
    assert "AMO_PATH_SECRET" in text
    assert "https://pbx.example/hooks/mango-new" in (await asking.get("/sources/mango-new")).text


async def test_rows_are_as_documented(asking: httpx.AsyncClient) -> None:
    """The structs of the schema, instants with the floor's offset."""
    answer = (await asking.get("/api/v1/sources/mango-main")).json()
    (row,) = answer["rows"]
    assert msgspec.to_builtins(msgspec.convert(row, SourceRow)).keys() == row.keys()
    assert row["webhooks"] == row["waiting"] + row["parsed"] + sum(row["ignored"].values()) + sum(
        row["rejected"].values()
    )
    assert row["last_webhook_at"].endswith("+03:00")
    assert [msgspec.convert(one, UnownedRow).identity for one in answer["unattributed"]] == ["214", "299"]
    assert msgspec.convert(answer["rejected"][0], RejectedShown).reason == "bad_value"


async def test_no_phone_number_is_shown(asking: httpx.AsyncClient) -> None:
    """Neither in details nor in the bodies that are opened, on the page and in the API."""
    for source in ("mango-main", "fs-office"):
        found = (await asking.get(f"/api/v1/sources/{source}")).json()["rejected"]
        for one in found:
            page = await asking.get(f"/sources/{source}?row={one['row']}")
            raw = await asking.get(f"/api/v1/sources/{source}/rejected/{one['row']}")
            assert (page.status_code, raw.status_code) == (200, 200)
            for text in (page.text, raw.text):
                assert PHONE not in text
                assert PHONE[1:8] not in text
    body = (await asking.get(f"/api/v1/sources/mango-main/rejected/{await rejected_row(asking)}")).json()
    assert "%22number%22%3A%22•••••••••67%22" in body["body"]
    assert (await asking.get(f"/api/v1/sources/fs-office/rejected/{await rejected_row(asking, 'fs-office')}")).json()[
        "cut"
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/sources/nowhere", "/sources/mango-main?row=1", "/api/v1/sources/nowhere", "/api/v1/sources/mango-main/rejected/1",
        "/sources/%00", "/api/v1/sources/nowhere/rejected/1",
    ],
)  # fmt: skip
async def test_what_is_not_there(asking: httpx.AsyncClient, path: str) -> None:
    """404, and a row that was well is not shown."""
    assert (await asking.get(path)).status_code == 404


async def test_an_order_is_put_in_and_seen(asking: httpx.AsyncClient) -> None:
    """202 with its number; the page and the API show it as open."""
    answer = await asking.post("/api/v1/sources/mango-main/assign", json=ASSIGN, headers=OWN)
    assert answer.status_code == 202
    again = await asking.post("/api/v1/sources/mango-main/assign", json=ASSIGN, headers=OWN)
    assert again.json() == answer.json()
    row = await rejected_row(asking)
    for body in ({}, {"rows": [row, row]}):
        assert (await asking.post("/api/v1/sources/mango-main/replay", json=body, headers=OWN)).status_code == 202
    orders = (await asking.get("/api/v1/sources/mango-main")).json()["orders"]
    assert [(one["kind"], one["done_at"]) for one in orders] == [("replay", None), ("replay", None), ("assign", None)]
    text = (await asking.get("/sources/mango-main?lang=en")).text
    assert "Extension 214 → Иван Петров" in text
    assert f"Read webhook {row} again" in text
    assert text.count("under way…") == 3


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "reason"),
    [
        ("mango-main/assign", ASSIGN, {}, 403, "cross_site"),
        ("mango-main/assign", ASSIGN, {**OWN, "origin": "https://evil.example"}, 403, "cross_site"),
        ("mango-main/assign", ASSIGN, {**OWN, "sec-fetch-site": "cross-site"}, 403, "cross_site"),
        ("mango-main/assign", ASSIGN, {"sec-fetch-site": "same-site"}, 403, "cross_site"),
        ("mango-main/assign", ASSIGN, {"origin": "null"}, 403, "cross_site"),
        ("mango-main/assign", {**ASSIGN, "agent": "nobody"}, OWN, 404, "no_agent"),
        ("mango-main/assign", {**ASSIGN, "identity": "200"}, OWN, 404, "no_identity"),
        ("nowhere/assign", ASSIGN, OWN, 404, "no_source"),
        ("mango-main/replay", {"rows": [1]}, OWN, 404, "no_row"),
        ("own/replay", {}, OWN, 404, "nothing_rejected"),
        ("nowhere/replay", {}, OWN, 404, "no_source"),
        ("mango-main/replay", {}, {}, 403, "cross_site"),
    ],
)
async def test_what_is_refused(
    asking: httpx.AsyncClient, filled: Service, path: str, body: Any, headers: dict[str, str], status: int, reason: str
) -> None:
    """In words, and nothing is put in."""
    answer = await asking.post(f"/api/v1/sources/{path}", json=body, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert len(answer.json()["error"]) > 10
    async with filled.reader.connect() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(tables.commands))).scalar_one() == 0


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
async def test_forms_of_other_sites_cannot_ask(asking: httpx.AsyncClient, kind: str) -> None:
    """Types that need no preflight are refused, whatever they hold."""
    answer = await asking.post(
        "/api/v1/sources/mango-main/replay", content=b"{}", headers={**OWN, "content-type": kind}
    )
    assert answer.status_code in (415, 422)


async def test_a_board_that_others_can_reach_shows_nothing_without_accounts(dsn: str) -> None:
    service = board_on(dsn, bind="0.0.0.0")
    async with client_of(service) as client:
        page = await client.get("/sources/mango-main?lang=en")
        answer = await client.post("/api/v1/sources/mango-main/assign", json=ASSIGN, headers=OWN)
    await service.engine.dispose()
    assert page.status_code == 403
    assert "data-order=" not in page.text
    assert (answer.status_code, answer.json()["reason"]) == (403, "no_accounts")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "b:1", "origin": "http://b:1"}, True),
        ({"host": "b", "origin": "https://B"}, True),
        ({"host": "b", "sec-fetch-site": "same-origin"}, True),
        ({"host": "b:1", "origin": "http://b:2"}, False),
        ({"host": "b", "origin": "http://b.evil"}, False),
        ({"host": "", "origin": "null"}, False),
        ({"host": "b", "origin": "null", "sec-fetch-site": "same-origin"}, False),
        ({"host": "b", "sec-fetch-site": "none"}, False),
        ({"host": "b"}, False),
    ],
)
def test_own_pages(headers: dict[str, str], expected: bool) -> None:
    """By host, not by scheme; a request that says nothing is not from a page."""
    assert from_own_pages(headers) is expected


def test_addresses_of_this_machine() -> None:
    """IPv4, IPv6 and the name; nothing else."""
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "board", "")))
    assert is_json({"content-type": "application/json; charset=utf-8"})
    assert not is_json({})


async def test_refused_webhooks_are_seen_while_connecting(asking: httpx.AsyncClient, filled: Service) -> None:
    """In place of "waiting": how many, why and what to do; a source that accepts again says that too."""
    at = NOW - timedelta(minutes=7)
    why = "the secret in the path is missing or wrong"
    rows = [
        ("amo", "unauthorized", "bad_signature", at, 5, why),
        ("amo", "unauthorized", "bad_signature", at - timedelta(hours=1), 3, why),
        ("amo", "unauthorized", "bad_signature", at - timedelta(days=1), 70, why),
        ("mango-main", "rate", "", at, 2, ""),
    ]
    names = ("source", "outcome", "reason", "last_at", "count", "why")
    made = [{**dict(zip(names, row, strict=True)), "span": row[3]} for row in rows]
    async with filled.engine.begin() as connection:
        await connection.execute(sa.insert(tables.refusals), made)
    try:
        found = {row["source"]: row for row in (await asking.get("/api/v1/sources")).json()["rows"]}
        assert (found["amo"]["progress"], found["amo"]["refused"]) == ("refused", {"unauthorized": 8})
        assert (found["mango-main"]["progress"], found["mango-main"]["refused"]) == ("counted", {"rate": 2})
        page = (await asking.get("/sources/amo?lang=en")).text
        assert "waiting for the first webhook" not in page
        assert "webhooks come, and are refused" in page
        assert "8 refused today, the last at 14:29: the secret or the signature is missing or wrong (401)" in page
        assert "(AMO_PATH_SECRET)" in page
        assert f">{why}</code>" in page
        assert "accepted since" in (await asking.get("/sources/mango-main?lang=en")).text
        assert "9 refused" not in (await asking.get("/sources?lang=en")).text
    finally:
        async with filled.engine.begin() as connection:
            await connection.execute(sa.delete(tables.refusals))


async def test_thin_events_without_credentials(asking: httpx.AsyncClient) -> None:
    """What the floor file lacks is named, not that details were asked for."""
    page = (await asking.get("/sources/bitrix?lang=en")).text
    assert "3 events name only an object: set rest_url" in page
    assert "details are asked for" not in page
    assert "asks this service for the rest" not in page


async def test_facts_of_other_days_are_not_lost(asking: httpx.AsyncClient, filled: Service) -> None:
    """What came today and happened on another day is told beside today's facts, with its year when it is another one."""
    columns = [column.name for column in tables.facts.columns if column.name not in ("event_id", "day", "occurred_at")]
    async with filled.engine.begin() as connection:
        copied = (
            sa.select(*(tables.facts.c[name] for name in columns)).where(tables.facts.c.source == "mango-main").limit(1)
        )
        row = dict((await connection.execute(copied)).mappings().one())
        old = {"day": date(2025, 3, 4), "occurred_at": datetime(2025, 3, 4, 9, tzinfo=UTC), "received_at": NOW}
        id_ = "00000000-0000-4000-8000-000000000001"
        await connection.execute(sa.insert(tables.facts), {**row, "event_id": id_, **old})
    try:
        (row,) = (await asking.get("/api/v1/sources/mango-main")).json()["rows"]
        assert row["other_days"] == 1
        page = (await asking.get("/sources/mango-main?lang=en")).text
        assert "1 of another day: 12:00, Tue 4 Mar 2025" in page.replace("\N{NO-BREAK SPACE}", " ")
    finally:
        async with filled.engine.begin() as connection:
            await connection.execute(sa.delete(tables.facts).where(tables.facts.c.event_id == id_))


async def test_a_source_that_lacks_its_secret_says_so(filled: Service, asking: httpx.AsyncClient) -> None:
    """Instead of waiting for webhooks: what is missing and how to mend it, in the list, on its page and in the API."""
    lack = {"source": "mango-new", "word": "not_set", "names": ["MANGO_NEW_KEY"], "since": NOW}
    async with filled.engine.begin() as connection:
        await connection.execute(sa.insert(tables.source_problems).values(**lack))
    try:
        for path in ("/sources", "/sources/mango-new"):
            page = (await asking.get(path, params={"lang": "ru"})).text
            assert "не задан секрет MANGO_NEW_KEY. Задайте эту переменную" in page
            assert page.count("не настроен<") == 1
        rows = {row["source"]: row for row in (await asking.get("/api/v1/sources")).json()["rows"]}
        assert (rows["mango-new"]["progress"], rows["mango-new"]["lacks"]) == ("unset", ["not_set", "MANGO_NEW_KEY"])
        assert rows["amo"]["lacks"] == []
        lines = (await asking.get("/lines", params={"lang": "ru"})).text
        assert "не настроен" in lines[lines.index(">mango-new<") :].partition("</tr>")[0]
        assert lines.count("не настроен") == 1
    finally:
        async with filled.engine.begin() as connection:
            await connection.execute(sa.delete(tables.source_problems))
    page = (await asking.get("/sources/mango-new", params={"lang": "ru"})).text
    assert "MANGO_NEW_KEY. Задайте" not in page


def test_whatever_ingest_says_of_an_unread_object_has_words() -> None:
    """Each of its causes is known by its beginning, and can be said in both languages."""
    told = re.findall(r'NotRead\(f?"([^"{]+)', inspect.getsource(reading_back))
    assert len(told) >= 5
    for problem in told:
        word, _ = Asked(0, 1, problem).cause
        assert all(words(one, UTC, NOW.date()).has(f"sources.owed.{word}") for one in ("ru", "en")), problem


@pytest.mark.parametrize("word", ["not_set", "not_given", "none_given", "unknown_provider"])
def test_every_lack_has_words(word: str) -> None:
    """Whatever ingest may say is missing."""
    assert word in get_args(get_type_hints(Lack)["word"])
    assert len(get_args(get_type_hints(Lack)["word"])) == 4
    for language in ("ru", "en"):
        assert words(language, UTC, NOW.date()).has(f"sources.lacks.{word}")
