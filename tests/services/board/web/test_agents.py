"""What an agent may see: the own day and sums, on pages, in the API and in the stream; never anybody else."""

import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product
from typing import Any, cast
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi.routing import APIRoute

from schemas import tables
from schemas.facts import SCORE
from schemas.floor import Floor, parse
from services.board.access import Person
from services.board.app import Service
from services.board.cells import cells, team_cells
from services.board.live import Event
from services.board.sight import narrowed, sight
from services.board.storage import managing
from services.board.web.allowed import NARROWED, narrowed_query
from services.board.web.board import Board
from services.board.web.routes import SECTIONS
from services.local.postgres import EmbeddedPostgres
from services.reads.forecast import of_team
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, RU, floor_text, seed
from tests.support.seed_quality import seed_quality
from tests.support.seed_sources import add as add_sources
from tests.support.servers import fresh_database

PASSWORD = "correct horse"
OWN = {"sec-fetch-site": "same-origin"}
WHO = "denis"
"""Has a task, calls and slices in the seeded day."""
OTHERS = {id_: name for id_, name, _ in RU if id_ != WHO}
MANY = "date=2026-11-23"
_MARKED = sa.and_(tables.facts.c.type == SCORE, tables.facts.c.agent.in_((WHO, "mark", "ivan")))


@pytest.fixture(scope="module")
def agents_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as dsn:
        yield dsn


@pytest_asyncio.fixture
async def agents_board(agents_dsn: str) -> AsyncIterator[Service]:
    service = board_on(agents_dsn)
    if not await service.app_accounts.exist():
        await seed_quality(agents_dsn, await seed(agents_dsn), NOW)
        await add_sources(agents_dsn)
        async with service.engine.begin() as connection:
            for person in (Person("she", "agent", agent=WHO), Person("gone", "agent", agent="gone")):
                assert await managing.add(connection, person, PASSWORD, NOW)
    yield service
    await service.engine.dispose()


@asynccontextmanager
async def _signed_in(service: Service, name: str = "she") -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(service) as client:
        answer = await client.post("/login", data={"name": name, "password": PASSWORD}, headers=OWN)
        assert answer.status_code == 303
        yield client


def _routes(service: Service) -> list[str]:
    """Every path that answers GET, pages and API alike."""
    made = [section.routes(cast(Board, None)) for section in SECTIONS]  # a board is needed to answer, not to be listed
    found = {re.sub(r":\w+}", "}", path) for of in made for path in _gets(of.routes)}
    described = {path for path, methods in service.app.openapi()["paths"].items() if "get" in methods}
    assert described - found <= {"/healthz", "/readyz", "/metrics"}
    return sorted(found | described | {"/api/v1/openapi.json"})


def _gets(routes: Iterable[Any]) -> Iterator[str]:
    """Routers within routers keep their own routes."""
    for route in routes:
        if isinstance(route, APIRoute):
            if "GET" in route.methods:
                yield route.path
        else:
            yield from _gets(route.original_router.routes)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, str):
        yield value


def others_in(answer: httpx.Response) -> set[str]:
    """Whom else the answer tells of, by id or by name."""
    text = answer.text.replace(answer.url.path, "")  # links to the page itself in the other language
    named = {id_ for id_, name in OTHERS.items() if name in text or name.split()[-1] in text}
    if answer.headers.get("content-type", "").startswith("application/json"):
        found = {part for one in _strings(json.loads(text)) for part in re.split(r"[:/\s]", one)}
        return named | found & OTHERS.keys()
    marks = ("/agents/{}", 'data-agent="{}"', ">{}<", "agent:{}", 'value="{}"')
    return named | {id_ for id_ in OTHERS if any(mark.format(id_) in text for mark in marks)}


async def test_no_route_tells_an_agent_of_another(agents_board: Service) -> None:
    """Every GET there is, with parameters that ask for others; what is not narrowed is refused."""
    values = {"agent": (WHO, "mark"), "source": ("mango-main",), "row": ("1",)}
    async with agents_board.reader.connect() as connection:
        given = (await connection.execute(sa.select(tables.tasks.c.task))).scalars().all()
        heard = (
            (await connection.execute(sa.select(tables.facts.c.data["call_id"].astext).where(_MARKED))).scalars().all()
        )
        cases = (await connection.execute(sa.select(tables.coaching.c.case))).scalars().all()
    values["task"], values["case"] = tuple(map(str, given)), tuple(map(str, cases))
    values["call"] = tuple(quote(one, safe="") for one in dict.fromkeys(heard))
    seen = refused = 0
    async with _signed_in(agents_board) as client:
        for path in _routes(agents_board):
            if path in (
                "/api/v1/live",
                "/healthz",
                "/readyz",
                "/metrics",
                "/login",
                "/set-password",
                "/api/v1/openapi.json",
            ):
                continue  # the description of the API knows no people, but has the word "mark"
            names = re.findall(r"{(\w+)", path)
            for chosen in product(*(values.get(name, ("1",)) for name in names)):
                address = re.sub(r"{\w+(:\w+)?}", "{}", path).format(*chosen)
                for query in ("", "agent=mark", f"agent={WHO}&agent=mark", "team=farmers", "team=hunters", MANY):
                    answer = await client.get(f"{address}?{query}")
                    assert answer.status_code in (200, 403, 404), (address, query, answer.status_code)
                    assert others_in(answer) == set(), (address, query)
                    seen, refused = seen + (answer.status_code == 200), refused + (answer.status_code == 403)
                    if path not in {re.sub(r":\w+}", "}", one) for one in NARROWED}:
                        assert answer.status_code == 403, path
    assert seen > 30
    assert refused > 30


async def test_an_agent_sees_the_own_day_and_sums(agents_board: Service) -> None:
    async with _signed_in(agents_board) as client:
        floor = (await client.get("/api/v1/floor")).json()
        assert [row["agent"] for row in floor["rows"]] == [WHO]
        assert {team["team"] for team in floor["teams"]} == {"hunters", "farmers"}
        assert sum(team["done"]["calls"] for team in floor["teams"]) > 3 * floor["rows"][0]["done"]["calls"]
        for path in ("slices", "tasks", "calls"):
            rows = (await client.get(f"/api/v1/{path}")).json()["rows"]
            assert {row["agent"] for row in rows} == {WHO}, path
        assert (await client.get(f"/agents/{WHO}")).status_code == 200
        past = (await client.get(f"/agents/{WHO}?date=2026-11-20&lang=en")).text
        assert "No slice of this day was closed" in past
        assert "before the first slice" not in past
        page = await client.get("/")
        assert page.status_code == 200
        assert 'href="/slices' not in page.text
        assert 'href="/alerts' not in page.text
        for path in ("/", f"/agents/{WHO}"):
            text = (await client.get(path)).text
            assert 'href="/forecast' not in text, path
            assert 'href="/norms' not in text, path
        refused = await client.get("/wall?lang=en")
        assert refused.status_code == 403
        assert "do not open this page" in refused.text
        assert 'action="/logout"' in refused.text
        assert (await client.post("/api/v1/sources/mango-main/replay", json={}, headers=OWN)).status_code == 403


async def test_who_is_not_on_the_roster_sees_nobody(agents_board: Service) -> None:
    async with _signed_in(agents_board, "gone") as client:
        assert (await client.get("/api/v1/floor")).json()["rows"] == []
        assert (await client.get("/api/v1/calls")).status_code == 403
        assert (await client.get(f"/agents/{WHO}")).status_code == 403


async def test_sums_stay_whole_and_lists_do_not(agents_board: Service) -> None:
    today = await agents_board.live.reload()
    own = narrowed(today, frozenset({WHO}))
    assert set(own.agents) == {WHO}
    assert {task.row.agent for task in own.tasks} <= {WHO}
    for team in today.floor.teams:
        assert team_cells(own, team.id, NOW) == team_cells(today, team.id, NOW)
        assert of_team(own, team, "calls", NOW) == of_team(today, team, "calls", NOW)
    assert {id_ for kind, id_ in cells(own, NOW) if kind == "agent"} == {WHO}
    alert = next(one for one in today.alerts if not one.row.scope.startswith("agent:"))
    told = replace(
        alert, row=type(alert.row)(**{**_fields(alert.row), "evidence": {"agents": ["mark"], "failures": 4}})
    )
    today.alerts = [told]
    assert [one.row.evidence for one in narrowed(today, frozenset({WHO})).alerts] == [{"failures": 4}]


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


async def test_the_stream_is_narrowed(agents_board: Service) -> None:
    """Rows of those who may be seen; what the stream does not know to narrow is not sent."""
    live = agents_board.live
    await live.reload()
    stream = live.listen(None, lambda: frozenset({WHO}))
    assert b"hello" in await anext(stream)
    rows = [{"agent": "mark"}, {"agent": WHO}]
    live.tell(Event("cells", {"as_of": NOW, "rows": rows[:1], "teams": []}))
    live.tell(Event("something_new", {"agent": "mark"}))
    live.tell(Event("cells", {"as_of": NOW, "rows": rows, "teams": [{"team": "hunters"}]}))
    told = json.loads((await anext(stream)).split(b"data: ")[1])
    live.stop()
    assert (told["rows"], told["teams"]) == ([{"agent": WHO}], [{"team": "hunters"}])


def _floor(see: str) -> Floor:
    floor = parse(floor_text("ru"))
    return floor.model_copy(update={"board": floor.board.model_copy(update={"agents_see": see})})


@pytest.mark.parametrize(
    ("see", "path", "query", "expected"),
    [
        ("own", "/api/v1/calls", "team=farmers&limit=5", "limit=5&agent=denis"),
        ("own", "/api/v1/calls", "agent=mark", None),
        ("team", "/api/v1/calls", "", "team=hunters"),
        ("team", "/api/v1/calls", "agent=ivan", "agent=ivan"),
        ("team", "/api/v1/calls", "agent=mark", None),
        ("team", "/agents/ivan", "", ""),
        ("team", "/agents/mark", "", None),
        ("all", "/api/v1/calls", "agent=mark", "agent=mark"),
        ("all", "/wall", "", None),
        ("own", "/agents/denis/../mark", "", None),
        ("own", "/a/new/page", "", None),
    ],
)
def test_the_floor_file_says_whom_agents_see(see: str, path: str, query: str, expected: str | None) -> None:
    assert narrowed_query(Person("she", "agent", agent=WHO), _floor(see), "GET", path, query) == expected


def test_sight_of_others() -> None:
    floor = _floor("team")
    assert sight(floor, Person("olga", "operator")) is None
    assert len(sight(floor, Person("she", "agent", agent=WHO)) or ()) == 10
    assert sight(_floor("all"), Person("x", "agent", agent="gone")) == frozenset()
