"""The journal on a real database: durable before it says so, many requests a commit, honest when it cannot."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.ingest.providers.base import Request
from services.ingest.storage import entry as entries
from services.ingest.storage.entry import Entry, entry
from services.ingest.storage.journal import BATCH, Journal
from services.kit.errors import Unavailable
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def made(body: bytes = b"{}", **more: Any) -> Entry:
    request = Request("POST", more.pop("path", ""), "", more.pop("headers", {}), body, NOW)
    return entry(more.pop("source", "own"), request, body)


@contextlib.asynccontextmanager
async def running(journal: Journal) -> AsyncIterator[Journal]:
    task = asyncio.create_task(journal.run())
    yield journal
    journal.stop()
    await asyncio.wait_for(task, 5)


async def durable_when_told(connections: Any, keep: Callable[[Entry], Awaitable[None]]) -> bool:
    """Whether ``keep`` waits for the commit: with the table locked it must not return, and after it the row is there."""
    async with connections.acquire() as locker:
        async with locker.transaction():
            await locker.execute("LOCK TABLE journal IN EXCLUSIVE MODE")
            keeping = asyncio.ensure_future(keep(made(b"the row")))
            _, pending = await asyncio.wait({keeping}, timeout=0.3)
            if not pending:
                return False
        await keeping
        return bool(await locker.fetchval("SELECT count(*) = 1 FROM journal WHERE body = 'the row'"))


async def test_nothing_is_acknowledged_before_its_commit(postgres_dsn: str, connections: Any) -> None:
    """While the insert waits, so does the webhook; once acknowledged, another connection sees the row."""
    async with running(Journal(postgres_dsn)) as journal:
        assert await durable_when_told(connections, journal.keep)


async def test_the_test_above_can_fail(connections: Any) -> None:
    """A journal that writes behind the sender's back is found out."""
    behind: list[asyncio.Task[None]] = []

    async def insert(row: Entry) -> None:
        await connections.execute(
            "INSERT INTO journal (source, received_at, method, path, query, headers, body, body_hash)"
            " VALUES ($1, $2, 'POST', '', '', '{}', $3, '')",
            row.source, row.received_at, row.body,
        )  # fmt: skip

    async def hasty(row: Entry) -> None:
        behind.append(asyncio.create_task(insert(row)))

    assert not await durable_when_told(connections, hasty)
    await asyncio.gather(*behind)


async def test_requests_share_commits(postgres_dsn: str, connections: Any) -> None:
    """A burst needs a handful of commits, not one each, and every row is its own."""
    commits: list[float] = []
    async with running(Journal(postgres_dsn, observe=commits.append)) as journal:
        await asyncio.gather(*(journal.keep(made(str(number).encode())) for number in range(BATCH + 100)))
    assert len(commits) < 10
    assert await connections.fetchval("SELECT count(DISTINCT body) FROM journal") == BATCH + 100


async def test_rows_are_kept_as_they_came(postgres_dsn: str, connections: Any) -> None:
    """Odd characters survive, those that PostgreSQL cannot hold are replaced; the raw body keeps every byte."""
    odd = made(b"\0\xff", path="a\0b\ud800", headers={"x-odd": "\0\xff\x01", "x-slash": "\\u0000", "x-token": "secret"})
    async with running(Journal(postgres_dsn)) as journal:
        await journal.keep(odd)
    row = await connections.fetchrow(
        "SELECT path, headers->>'x-odd' AS odd, headers ? 'x-token' AS token, body FROM journal"
    )
    assert (row["path"], row["odd"], row["token"], row["body"]) == ("a\ufffdb?", "\ufffd\xff\x01", False, b"\0\xff")


async def test_a_row_that_cannot_be_held_does_not_refuse_others(postgres_dsn: str, connections: Any) -> None:
    """A batch with one impossible row: that one is refused, its neighbours are kept."""
    bad = Entry("own", NOW, "POST", "", "", '"\\u0000"', b"bad", b"")
    async with running(Journal(postgres_dsn)) as journal:
        told = await asyncio.gather(
            *(journal.keep(row) for row in (made(b"1"), bad, made(b"2"))), return_exceptions=True
        )
    assert [type(error) for error in told] == [type(None), Unavailable, type(None)]
    assert await connections.fetchval("SELECT count(*) FROM journal") == 2


async def test_a_dead_connection_refuses_then_heals(postgres_dsn: str, connections: Any) -> None:
    """The database ends our connection: what was waiting is refused, not lost silently; later rows are kept."""
    async with running(Journal(postgres_dsn)) as journal:
        await journal.keep(made(b"before"))
        async with connections.acquire() as killer, killer.transaction():
            await killer.execute("LOCK TABLE journal IN EXCLUSIVE MODE")
            waiting = [asyncio.ensure_future(journal.keep(made(b"during"))) for _ in range(3)]
            blocked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            await eventually(lambda: connections.fetchval(blocked), "the insert to be killed")
            told = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(error) for error in told] == [Unavailable] * 3

        async def kept() -> bool:
            with contextlib.suppress(Unavailable):
                await journal.keep(made(b"after"))
                return True
            return False

        await eventually(kept, "the journal to heal")
    assert await connections.fetchval("SELECT count(*) FROM journal WHERE body = 'after'") == 1
    assert await connections.fetchval("SELECT count(*) FROM journal WHERE body = 'during'") == 0


async def test_without_a_database_it_says_so_at_once(tmp_path: Any) -> None:
    """No server: refused, quickly, also the second time."""
    async with running(Journal(f"postgresql://nobody@/nothing?host={tmp_path}")) as journal:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await asyncio.wait_for(journal.keep(made()), 2)
        assert journal.problem is not None


async def test_stopping_writes_what_waits(postgres_dsn: str, connections: Any) -> None:
    """SIGTERM: what was taken in is written; nothing new is taken."""
    journal = Journal(postgres_dsn)
    waiting = [asyncio.ensure_future(journal.keep(made())) for _ in range(5)]
    await asyncio.sleep(0)
    task = asyncio.create_task(journal.run())
    journal.stop()
    await asyncio.gather(*waiting)
    await task
    with pytest.raises(Unavailable):
        await journal.keep(made())
    assert await connections.fetchval("SELECT count(*) FROM journal") == 5


def test_overflow_carries_an_entry_unchanged() -> None:
    """What goes through the overflow topic comes back as it was."""
    row = made(b"\0\xff", headers={"a": "é"})
    assert entries.unpack(entries.pack(row)) == row
