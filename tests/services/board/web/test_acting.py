"""Acts on tasks through the API: done once, remembered, refused when it is too late or not theirs; never a fault."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from services.board.access import Person
from services.board.web import acting
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of
from tests.services.board.web.test_sources_fuzz import ASKED, OWN_PAGES, board, texts, values
from tests.support.seed_floor import seed
from tests.support.servers import fresh_database

__all__ = ["board"]
KINDS = ("confirm", "edit", "dismiss", "talk", "acknowledge")


@pytest.fixture
def own_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as dsn:
        yield dsn


@pytest_asyncio.fixture
async def asking(own_dsn: str) -> AsyncIterator[httpx.AsyncClient]:
    await seed(own_dsn)
    service = board_on(own_dsn)
    async with client_of(service) as found:
        found.headers.update(OWN_PAGES)
        yield found
    await service.engine.dispose()


async def rows(dsn: str, query: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [dict(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def tasks(asking: httpx.AsyncClient) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(open, verified)."""
    found = (await asking.get("/api/v1/tasks")).json()["rows"]
    return [one for one in found if "result" not in one], [one for one in found if "result" in one]


async def test_a_double_click_is_one_act(asking: httpx.AsyncClient, own_dsn: str) -> None:
    """Five at once, then once more: one row in the history, and always the same answer."""
    task = (await tasks(asking))[0][0]["task"]
    url = f"/api/v1/tasks/{task}/edit"
    body = {"target": 3, "what": "по списку Б", "key": "one"}
    answers = await asyncio.gather(*(asking.post(url, json=body) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert sorted(answer.json()["new"] for answer in answers) == [False] * 4 + [True]
    await asking.post(url, json={"target": 5})
    again = await asking.post(url, json=body)
    assert (again.json()["target"], again.json()["new"]) == (5, False)
    acts = await rows(own_dsn, "SELECT act, arguments FROM task_acts ORDER BY id")
    assert [(row["act"], json.loads(row["arguments"])["target"]) for row in acts] == [("edit", 3), ("edit", 5)]
    stored = await rows(own_dsn, f"SELECT target, issued, state FROM tasks WHERE task = '{task}'")
    assert stored[0]["target"] == 5
    assert stored[0]["issued"] not in (None, 3, 5)
    assert stored[0]["state"] == "confirmed"


async def test_a_dismissed_task_says_so(asking: httpx.AsyncClient, own_dsn: str) -> None:
    """In the API and on the page, with its reason; nothing more can be done about it."""
    open_, _ = await tasks(asking)
    url = f"/api/v1/tasks/{open_[0]['task']}"
    assert (await asking.post(f"{url}/dismiss", json={"reason": "other"})).status_code == 422
    assert (await asking.post(f"{url}/dismiss", json={"reason": "absent", "note": "к врачу"})).status_code == 200
    row = next(one for one in (await asking.get("/api/v1/tasks")).json()["rows"] if one["task"] == open_[0]["task"])
    assert row["state"] == "dismissed"
    assert "result" not in row
    late = await asking.post(f"{url}/confirm", json={})
    assert (late.status_code, late.json()["reason"]) == (409, "task_dismissed")
    assert "к врачу" in (await asking.get("/tasks?lang=ru")).text


async def test_what_is_verified_is_over(asking: httpx.AsyncClient) -> None:
    """Every act on a verified task is refused with the reason."""
    task = (await tasks(asking))[1][0]["task"]
    for kind in KINDS:
        body = {"edit": {"target": 3}, "dismiss": {"reason": "data"}}.get(kind, {})
        answer = await asking.post(f"/api/v1/tasks/{task}/{kind}", json=body)
        assert (answer.status_code, answer.json()["reason"]) == (409, "task_verified")


async def test_only_from_own_pages(asking: httpx.AsyncClient) -> None:
    """Another site's page, a form, a task that is not there."""
    task = (await tasks(asking))[0][0]["task"]
    url = f"/api/v1/tasks/{task}/confirm"
    assert (await asking.post(url, json={}, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await asking.post(url, content="{}", headers={"content-type": "text/plain"})).status_code in (415, 422)
    missing = await asking.post("/api/v1/tasks/00000000-0000-0000-0000-000000000000/confirm", json={})
    assert (missing.status_code, missing.json()["reason"]) == (404, "no_task")


@pytest.mark.parametrize(
    ("who", "refused"),
    [
        (Person("vera", "lead", team="nobodys"), {"confirm", "edit", "dismiss", "talk", "acknowledge"}),
        (Person("ivan", "agent", agent="nobody"), {"confirm", "edit", "dismiss", "talk", "acknowledge"}),
        (Person("tv", "viewer"), {"confirm", "edit", "dismiss", "talk", "acknowledge"}),
        (Person("lena", "head"), {"acknowledge"}),
    ],
)
async def test_only_about_their_own(
    asking: httpx.AsyncClient, own_dsn: str, monkeypatch: pytest.MonkeyPatch, who: Person, refused: set[str]
) -> None:
    """Another team's lead, another agent, a viewer: refused, and nothing is written. A head may all but acknowledge."""
    monkeypatch.setattr(acting, "asking", lambda board, request: who)
    task = (await tasks(asking))[0][0]["task"]
    bodies = {"edit": {"target": 3}, "talk": {"note": "x"}, "dismiss": {"reason": "data"}}
    for kind in ("acknowledge", "confirm", "edit", "talk", "dismiss"):
        answer = await asking.post(f"/api/v1/tasks/{task}/{kind}", json=bodies.get(kind, {}))
        assert answer.status_code == (403 if kind in refused else 200), kind
    written = {row["act"] for row in await rows(own_dsn, "SELECT act FROM task_acts")}
    assert written & refused == set()


async def test_a_case_is_planned_and_closed(asking: httpx.AsyncClient, own_dsn: str) -> None:
    """The newest plan counts, a double click is one act, a closed case takes no plan."""
    case = (await rows(own_dsn, 'SELECT "case"::text AS id FROM coaching'))[0]["id"]
    url = f"/api/v1/coaching/{case}"
    first = {"text": "Слушаем вход", "focus": "первые 30 секунд", "trainer": "oleg", "on": "2026-11-24", "key": "a"}
    told = [(await asking.post(f"{url}/plan", json=first)).json()["new"] for _ in range(2)]
    assert told == [True, False]
    assert (await asking.post(f"{url}/plan", json={"text": "Слушаем возражения"})).status_code == 200
    page = (await asking.get(f"/coaching/{case}?lang=ru")).text
    assert "Слушаем возражения" in page
    assert (await asking.post(f"{url}/plan", json={"text": ""})).status_code == 422
    assert (await asking.post(f"{url}/close", json={"outcome": "grown", "note": "держит вход"})).status_code == 200
    late = await asking.post(f"{url}/plan", json={"text": "ещё"})
    assert (late.status_code, late.json()["reason"]) == (409, "case_closed")
    assert "держит вход" in (await asking.get(f"/coaching/{case}?lang=ru")).text
    missing = await asking.post("/api/v1/coaching/00000000-0000-0000-0000-000000000000/plan", json={"text": "x"})
    assert (missing.status_code, missing.json()["reason"]) == (404, "no_case")


async def test_effects_are_told_beside_the_plain_ones(asking: httpx.AsyncClient) -> None:
    """A row a step and a trainer; the few of one day give no effect."""
    found = (await asking.get("/api/v1/effects")).json()["rows"]
    assert found
    assert {row["kind"] for row in found} <= {"step", "trainer"}
    assert all(row["effect"] is None for row in found if row["episodes"] < 5)


bodies = st.fixed_dictionaries(
    {},
    optional={
        "key": values | st.text(max_size=70),
        "target": st.integers(-(2**70), 2**70) | values,
        "what": values,
        "reason": st.sampled_from(["absent", "other", "data"]) | values,
        "note": values,
        "at": st.sampled_from(["2026-11-23T10:00:00+03:00", "9999-12-31T23:59:59Z", "x"]) | values,
    },
)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_done(board: tuple[httpx.Client, str], kind: str) -> None:
    """Any JSON about any task: done, or refused with a documented word."""
    client, _ = board
    known = [row["task"] for row in client.get("/api/v1/tasks").json()["rows"]]

    @ASKED
    @given(
        task=st.sampled_from(known) | texts.filter(lambda text: text.strip("./") != ""),
        body=bodies.map(json.dumps) | st.text(max_size=9),
    )
    def one(task: str, body: str) -> None:
        path = quote(task.encode("utf-8", "surrogatepass"), safe="")
        raw = body.encode("utf-8", "surrogatepass")
        answer = client.post(f"/api/v1/tasks/{path}/{kind}", content=raw, headers=OWN_PAGES)
        assert answer.status_code in (200, 400, 404, 409, 422)

    one()
