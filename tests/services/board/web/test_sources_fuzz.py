"""Sources of the seeded floor, asked for by their own names with whatever else: random names never come that far."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.local.postgres import EmbeddedPostgres
from tests.support.running import Services
from tests.support.seed_floor import NOW, seed
from tests.support.servers import fresh_database

OWN_PAGES = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
ASKED = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@pytest.fixture(scope="module")
def board(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    """A board as a process of its own on a floor of its own, for what is asked is kept; and its database."""
    with fresh_database(postgres) as dsn:
        asyncio.run(seed(dsn))
        running = Services(tmp_path_factory.mktemp("board"))
        environment = {
            "SREZ_POSTGRES_DSN": dsn,
            "SREZ_KAFKA_BOOTSTRAP": "127.0.0.1:1",
            "SREZ_KAFKA_DURABLE": "false",
            "SREZ_CLOCK": NOW.isoformat(),
            "SREZ_LOG_FORMAT": "console",
        }
        with httpx.Client(base_url=running.start("board", environment).wait_ready().url, timeout=30) as client:
            yield client, dsn
        running.stop_all()


texts = st.text(max_size=12) | st.sampled_from(["..", "%00", "\0", "\ud800", "9" * 40, "-1", "a" * 70, "'", "%"])
sources = st.sampled_from(["mango-main", "bitrix", "nobody"]) | texts.filter(lambda text: text.strip("./") != "")
rows = st.integers(-1, 2**64).map(str) | st.sampled_from(["1", "8", "408", "1e3", "0x1", "½"]) | texts
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["identity", "agent", "rows"]), inner),
    max_leaves=5,
)
bodies = st.one_of(
    st.fixed_dictionaries({"identity": st.just("299") | values, "agent": st.sampled_from(["ivan", "x", ""]) | values}),
    st.fixed_dictionaries({"rows": st.lists(st.integers(-1, 2**64) | values, max_size=4)}),
    values,
)


def part(text: str) -> str:
    """One part of a path, whatever it holds."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.mark.parametrize("path", ["/sources/{0}?row={1}", "/api/v1/sources/{0}", "/api/v1/sources/{0}/rejected/{1}"])
def test_whatever_is_looked_at(board: tuple[httpx.Client, str], path: str) -> None:
    """Pages and API: found, not there, or a wrong name of a row; never a fault."""
    client, _ = board
    seen = set()

    @ASKED
    @given(source=sources, row=rows)
    def one(source: str, row: str) -> None:
        answer = client.get(path.format(part(source), part(row)))
        seen.add(answer.status_code)
        assert answer.status_code in (200, 404, 422)

    one()
    assert seen & {200, 422}


@pytest.mark.parametrize("what", ["assign", "replay"])
def test_whatever_is_asked_for(board: tuple[httpx.Client, str], what: str) -> None:
    """Any JSON, and what is none: taken, or refused with a documented word."""
    client, _ = board

    @ASKED
    @given(source=sources, body=bodies.map(json.dumps) | st.text(max_size=9))
    def one(source: str, body: str) -> None:
        raw = body.encode("utf-8", "surrogatepass")
        answer = client.post(f"/api/v1/sources/{part(source)}/{what}", content=raw, headers=OWN_PAGES)
        assert answer.status_code in (202, 400, 404, 422)

    one()


async def _rejected(dsn: str) -> list[int]:
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetch("SELECT id FROM journal WHERE source = 'mango-main' AND state = 'rejected'")
    finally:
        await connection.close()
    return [row["id"] for row in found]


def test_what_was_asked_is_shown(board: tuple[httpx.Client, str]) -> None:
    """An order that was taken stands on the page and in the API, and does them no harm."""
    client, dsn = board
    row = asyncio.run(_rejected(dsn))[0]
    taken = [
        client.post("/api/v1/sources/mango-main/replay", json=body, headers=OWN_PAGES)
        for body in ({"rows": [row, row]}, {})
    ]
    assert [answer.status_code for answer in taken] == [202, 202]
    shown: Any = client.get("/api/v1/sources/mango-main").json()
    assert {answer.json()["order"] for answer in taken} <= {order["order"] for order in shown["orders"]}
    assert client.get(f"/sources/mango-main?row={row}").status_code == 200
    assert client.get(f"/api/v1/sources/mango-main/rejected/{row}").json()["row"] == row
