"""The door of the board: nobody without a session once there is an account."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from schemas import tables
from schemas.messages import SliceClosed
from services.board.access import Person, Role
from services.board.app import Service
from services.board.storage import attempts, managing
from services.board.web.gate import safe_next
from services.kit.passwords import weakness
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, seed
from tests.support.seed_sources import add as add_sources
from tests.support.servers import fresh_database

PASSWORD = "correct horse"
OWN = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def own_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as dsn:
        yield dsn


@pytest_asyncio.fixture
async def guarded(own_dsn: str) -> AsyncIterator[Service]:
    await seed(own_dsn)
    service = board_on(own_dsn)
    for name, role in (("olga", "operator"), ("tv", "viewer")):
        await _add(service, name, role)
    yield service
    await service.engine.dispose()


async def _add(service: Service, name: str, role: Role) -> None:
    async with service.engine.begin() as connection:
        assert await managing.add(connection, Person(name, role), PASSWORD, NOW)


async def _sign_in(client: httpx.AsyncClient, name: str, password: str = PASSWORD, to: str = "/") -> httpx.Response:
    return await client.post("/login", data={"name": name, "password": password, "next": to}, headers=OWN)


async def test_every_described_route_needs_a_session(guarded: Service) -> None:
    async with client_of(guarded) as client:
        assert (await client.get("/api/v1/openapi.json")).status_code == 401
        for path, methods in guarded.app.openapi()["paths"].items():
            if path in ("/healthz", "/readyz", "/metrics"):
                continue
            for method in methods:
                assert (await client.request(method, path, headers=OWN)).status_code == 401, (method, path)
        assert (await client.get("/metrics")).status_code == 200
        answer = await client.get("/tasks?team=north")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Ftasks%3Fteam%3Dnorth")


async def test_sign_in_and_out(guarded: Service) -> None:
    async with client_of(guarded) as client:
        client.cookies.set("srez_session", "chosen-by-another")
        answer = await _sign_in(client, "olga", to="//evil.example")
        cookie = answer.headers["set-cookie"]
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "chosen-by-another" not in cookie
        client.cookies.clear()
        client.cookies.set("srez_session", cookie.split("=", 1)[1].split(";")[0])
        assert "olga" in (await client.get("/")).text
        kept = dict(client.cookies)
        assert (await client.post("/logout", headers=OWN)).status_code == 303
        client.cookies.clear()
        client.cookies.set("srez_session", kept["srez_session"])
        assert (await client.get("/api/v1/floor")).status_code == 401


async def test_a_viewer_changes_nothing(guarded: Service) -> None:
    async with client_of(guarded) as client:
        await _sign_in(client, "tv")
        assert (await client.get("/api/v1/floor")).status_code == 200
        answer = await client.post(
            "/api/v1/sources/mango-main/replay", json={}, headers={**OWN, "origin": "http://board.test"}
        )
    assert (answer.status_code, answer.json()["reason"]) == (403, "not_yours")


@pytest.mark.parametrize(("bind", "name", "buttons"), [("127.0.0.1", "tv", False), ("0.0.0.0", "olga", True)])
async def test_buttons_are_shown_to_those_who_may(own_dsn: str, bind: str, name: Role, buttons: bool) -> None:
    """By the account, wherever the board listens."""
    await seed(own_dsn)
    await add_sources(own_dsn)
    service = board_on(own_dsn, bind=bind)
    await _add(service, name, "operator" if buttons else "viewer")
    async with client_of(service) as client:
        await _sign_in(client, name)
        page = (await client.get("/sources/mango-main")).text
    await service.engine.dispose()
    assert ("data-order=" in page) is buttons
    assert 'action="/logout"' in page


async def test_throttled_by_name_across_replicas(guarded: Service) -> None:
    async with client_of(guarded) as client:
        for _ in range(attempts.MOST_OF_NAME):
            assert (await _sign_in(client, "olga", "wrong password")).status_code == 401
    assert await guarded.app_accounts.sign_in("olga", PASSWORD, "10.0.0.9", NOW) is None
    late = NOW + attempts.WINDOW + timedelta(minutes=5)
    assert await guarded.app_accounts.sign_in("olga", PASSWORD, "10.0.0.9", late)


async def test_many_attempts_at_once_get_no_more_tries_than_few(guarded: Service) -> None:
    """Counted before a password is looked at, one by one."""
    kept = guarded.app_accounts
    await asyncio.gather(*(kept.sign_in("olga", "wrong password", "10.0.0.9", NOW) for _ in range(14)))
    async with guarded.engine.connect() as connection:
        outcomes = sa.select(tables.logins.c.outcome, sa.func.count()).group_by(tables.logins.c.outcome)
        found = {row.outcome: row[1] for row in await connection.execute(outcomes)}
    assert found == {"wrong": attempts.MOST_OF_NAME, "throttled": 14 - attempts.MOST_OF_NAME}


async def test_what_is_old_is_forgotten(guarded: Service) -> None:
    kept = guarded.app_accounts
    assert await kept.sign_in("olga", PASSWORD, "10.0.0.9", NOW)
    for later, left in ((timedelta(days=29), 1), (timedelta(days=60), 0)):
        await kept.prune(NOW + later)
        async with guarded.engine.connect() as connection:
            for table in (tables.logins, tables.sessions):
                counted = sa.select(sa.func.count()).select_from(table)
                assert (await connection.execute(counted)).scalar_one() == left, (table.name, later)


async def test_a_wall_stays_signed_in(guarded: Service) -> None:
    """--days: so long, used or not."""
    kept = guarded.app_accounts
    async with guarded.engine.begin() as connection:
        assert await managing.add(connection, Person("hall", "viewer"), PASSWORD, NOW, days=90)
    found = await kept.sign_in("hall", PASSWORD, "10.0.0.9", NOW)
    assert found
    assert await kept.who(found.token, NOW + timedelta(days=89))
    assert await kept.who(found.token, NOW + timedelta(days=91)) is None


async def test_streams_end_with_their_session(guarded: Service) -> None:
    """Within seconds; other streams go on."""
    kept, live = guarded.app_accounts, guarded.live
    first, second = [await kept.sign_in(name, PASSWORD, "10.0.0.9", NOW) for name in ("olga", "tv")]
    assert first
    assert second
    streams = [live.listen(attempts.digest(one.token)) for one in (first, second)]
    for stream in (*streams, old := live.listen(None)):
        assert b"event: hello" in await anext(stream)
    async with guarded.engine.begin() as connection:
        assert await managing.change(connection, "olga", NOW, disabled_at=NOW)
    await guarded.doors.look()
    assert b"event: bye" in await anext(streams[0])
    assert [chunk async for chunk in streams[0]] == []
    assert [chunk async for chunk in old] == [b"event: bye\ndata: {}\n\n"]
    live.hear(
        SliceClosed(
            date=NOW.date(), slice="16:00", team="hunters", cut_off=NOW, closed_at=NOW, trusted=True, on_time=True
        )
    )
    assert b"event: slice" in await anext(streams[1])
    live.stop()
    assert [chunk async for chunk in streams[1]] == []


async def test_change_the_own_password(guarded: Service) -> None:
    new = "battery staple"
    async with client_of(guarded) as client:
        await _sign_in(client, "tv")
        assert "tv" in (await client.get("/account?lang=en")).text
        for wrong in ({"old": "x" * 12, "new": new, "again": new}, {"old": PASSWORD, "new": new, "again": "other"}):
            assert (await client.post("/account/password", data=wrong, headers=OWN)).status_code == 422
        assert (
            await client.post("/account/password", data={"old": PASSWORD, "new": new, "again": new})
        ).status_code == 403
        right = {"old": PASSWORD, "new": new, "again": new}
        assert (await client.post("/account/password", data=right, headers=OWN)).status_code == 303
        assert (await client.get("/api/v1/floor")).status_code == 401
        assert (await _sign_in(client, "tv")).status_code == 401
        assert (await _sign_in(client, "tv", new)).status_code == 303
        assert (await client.post("/account/sign-out-everywhere", headers=OWN)).status_code == 303
    async with client_of(guarded) as client:
        assert (await client.post("/account/password", data=right, headers=OWN)).status_code == 401


async def test_a_link_sets_a_password_once(guarded: Service) -> None:
    async with guarded.engine.begin() as connection:
        before = await managing.link(connection, "tv", NOW)
        token = await managing.link(connection, "tv", NOW)
        assert await managing.link(connection, "nobody", NOW) is None
    assert await guarded.app_accounts.of_link(str(token), NOW + timedelta(hours=25)) is None
    form = {"token": str(token), "new": "battery staple", "again": "battery staple"}
    async with client_of(guarded) as client:
        for wrong in (before, "guessed", ""):
            assert (await client.get(f"/set-password?token={wrong}")).status_code == 404
        assert (await client.get(f"/set-password?token={token}")).status_code == 200
        assert (await client.post("/set-password", data={**form, "again": "no"}, headers=OWN)).status_code == 422
        assert (await client.post("/set-password", data=form, headers=OWN)).status_code == 303
        assert (await client.post("/set-password", data=form, headers=OWN)).status_code == 404
        assert (await _sign_in(client, "tv", "battery staple")).status_code == 303


async def test_sessions_end(guarded: Service) -> None:
    kept = guarded.app_accounts
    found = await kept.sign_in("olga", PASSWORD, "10.0.0.9", NOW)
    assert found
    token = found.token
    assert await kept.who(token, NOW + timedelta(hours=11))
    assert await kept.who(token, NOW + timedelta(hours=24)) is None
    async with guarded.engine.begin() as connection:
        assert await managing.change(connection, "olga", NOW, disabled_at=NOW)
    assert await kept.who(token, NOW + timedelta(hours=12)) is None
    assert await kept.sign_in("olga", PASSWORD, "10.0.0.9", NOW) is None


async def test_beyond_loopback_without_accounts_nothing_is_shown(seeded_dsn: str) -> None:
    service = board_on(seeded_dsn, bind="0.0.0.0")
    async with client_of(service) as client:
        page, api = await client.get("/"), await client.get("/api/v1/floor")
    await service.engine.dispose()
    assert (page.status_code, api.status_code, api.json()["reason"]) == (403, 403, "no_accounts")
    assert "srez account add" in page.text


@pytest.mark.parametrize("asked", ["//a.b", "/\\a.b", "https://a.b", "/a\r\nx: y", "", None, "a"])
def test_next_stays_here(asked: str | None) -> None:
    assert safe_next(asked) == "/"


def test_weak_passwords() -> None:
    assert weakness("short", "olga")
    assert weakness("Alexandrova", "alexandrova")
    assert weakness("a" * 12, "x")
    assert weakness(PASSWORD, "olga") is None
