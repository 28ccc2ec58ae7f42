"""What the Sources pages read, against real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from schemas import tables
from schemas.commands import Assign, Replay
from services.board.app import Service
from services.board.storage import asked, intake, orders
from services.board.storage.asked import Asked
from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on
from tests.support.seed_floor import NOW, seed
from tests.support.seed_sources import REJECTED, add
from tests.support.servers import fresh_database

STARTS = NOW - timedelta(hours=14, minutes=36, seconds=4)
ENDS = STARTS + timedelta(days=1)
WEEK = STARTS - timedelta(days=6)


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
    await found.engine.dispose()


async def test_a_day_by_what_became_of_it(filled: Service) -> None:
    """Accepted = to be parsed + parsed + ignored + rejected, each with its reasons; yesterday's are not in it."""
    async with filled.reader.connect() as connection:
        every = await intake.of_day(connection, STARTS, ENDS)
        alone = await intake.of_day(connection, STARTS, ENDS, "mango-main")
    mango = every["mango-main"]
    assert alone == {"mango-main": mango}
    assert set(every) == {"bitrix", "fs-office", "mango-main", "mango-new", "own"}
    assert mango.ignored == {"ringing": 61, "recording": 12}
    assert mango.rejected["bad_value"] == 1
    assert "unparseable" not in mango.rejected
    assert mango.webhooks == mango.waiting + mango.parsed + mango.passed_over + mango.refused
    assert every["bitrix"].ignored == {"needs_readback": 3}


async def test_answers_we_asked_for_are_no_webhooks(filled: Service) -> None:
    """READBACK rows neither count nor make a source heard."""
    async with filled.engine.connect() as connection:
        row = {
            "source": "asked", "received_at": NOW, "method": "READBACK", "path": "deal/1", "query": "", "headers": {},
            "body": b"{}", "body_hash": b"", "state": "parsed",
        }  # fmt: skip
        await connection.execute(sa.insert(tables.journal), row)
        assert await intake.of_day(connection, STARTS, ENDS, "asked") == {}
        assert (await intake.begun(connection, ["asked"]))["asked"].heard_at is None


async def test_the_same_bytes_again(filled: Service) -> None:
    """Ringing came in pairs; a body that came once is no repeat."""
    async with filled.reader.connect() as connection:
        before = await intake.repeats(connection, "bitrix", STARTS, ENDS)
        assert before == 1
        assert await intake.repeats(connection, "mango-main", STARTS, ENDS) == 61 // 2 + 12 // 2
        assert await intake.repeats(connection, "nowhere", STARTS, ENDS) == 0


async def test_first_and_last(filled: Service) -> None:
    """Never heard; heard and counted; counted for nobody."""
    async with filled.reader.connect() as connection:
        found = await intake.begun(connection, ["mango-main", "nowhere"])
        facts = await intake.facts_of_day(connection, NOW.date())
        assert await intake.begun(connection, []) == {}
    assert found["nowhere"] == intake.Begun()
    mango = found["mango-main"]
    assert mango.heard_at
    assert mango.owned_at
    assert mango.counted_at
    assert STARTS < mango.counted_at <= mango.owned_at < mango.heard_at
    assert facts["mango-main"][1] == 16


async def test_numbers_nobody_has(filled: Service) -> None:
    """By source and identity, most facts first, with their kinds and the last of them."""
    async with filled.reader.connect() as connection:
        found = await intake.unowned(connection)
        mango = await intake.unowned(connection, "mango-main")
        assert await intake.is_unowned(connection, "mango-main", "214")
        assert not await intake.is_unowned(connection, "mango-main", "200")
        assert not await intake.is_unowned(connection, "bitrix", "214")
    assert [(one.source, one.identity, one.facts) for one in found] == [
        ("mango-main", "214", 12),
        ("mango-main", "299", 4),
        ("bitrix", "91", 2),
    ]
    assert mango == found[:2]
    assert dict(found[2].kinds) == {"srez.presentation.made.v1": 2}
    assert found[0].last_at == NOW - timedelta(minutes=4)


async def test_rejected_rows_of_seven_days(filled: Service) -> None:
    """Newest first and no more than asked for; what is older is counted only if the week has it; parts count today."""
    async with filled.reader.connect() as connection:
        count, rows = await intake.rejected(connection, "mango-main", WEEK, STARTS)
        today, _ = await intake.rejected(connection, "mango-main", STARTS, STARTS)
        _, few = await intake.rejected(connection, "mango-main", WEEK, STARTS, 2)
    assert [row.received_at for row in rows] == sorted((row.received_at for row in rows), reverse=True)
    assert (rows[0].reason, rows[0].size) == ("bad_value", len(REJECTED[0][4]))
    assert today == count - 1
    assert few == rows[:2]


async def test_only_rejected_bodies_are_shown(filled: Service) -> None:
    """A row of another source, or one that was well, is not."""
    async with filled.reader.connect() as connection:
        _, rows = await intake.rejected(connection, "mango-main", WEEK, STARTS)
        well = (
            (
                await connection.execute(
                    sa.select(tables.journal.c.id).where(
                        tables.journal.c.source == "mango-main", tables.journal.c.state == "parsed"
                    )
                )
            )
            .scalars()
            .first()
        )
        assert well is not None
        found = await intake.raw(connection, "mango-main", rows[0].id)
        assert found is not None
        assert (found.path, found.content_type) == ("events/summary", "application/x-www-form-urlencoded")
        assert found.body == REJECTED[0][4]
        assert await intake.raw(connection, "fs-office", rows[0].id) is None
        assert await intake.raw(connection, "mango-main", well) is None


async def test_orders_are_put_in_once(filled: Service) -> None:
    """The same again while it is open is the same order; done, it is a new one. Newest first."""
    asked = Assign(source="mango-main", identity="214", agent="ivan")
    again = Replay(source="mango-main", since=WEEK)
    first = await filled.orders.ask(asked, NOW, "test")
    assert await filled.orders.ask(asked, NOW, "test") == first
    second = await filled.orders.ask(again, NOW, "test")
    assert await filled.orders.ask(again, NOW, "test") == second != first
    async with filled.engine.begin() as connection:
        await connection.execute(
            sa.update(tables.commands)
            .where(tables.commands.c.id == first)
            .values(done_at=NOW, outcome={"version": 2}, problem=None)
        )
    third = await filled.orders.ask(asked, NOW, "test")
    async with filled.reader.connect() as connection:
        found = await orders.newest(connection, "mango-main")
        assert await orders.newest(connection, "fs-office") == []
    assert [one.id for one in found] == [third, second, first]
    assert (found[1].asked, found[2].asked) == (again, asked)
    assert (found[2].outcome.version, found[1].done_at) == (2, None)


async def test_a_replay_under_way_is_read(filled: Service) -> None:
    """What ingest notes for itself while it works is no outcome."""
    async with filled.engine.connect() as connection:
        row = {
            "kind": "replay", "arguments": {"source": "own"}, "requested_at": NOW, "requested_by": "test",
            "outcome": {"replay": 1, "rows": [1, 2]},
        }  # fmt: skip
        await connection.execute(sa.insert(tables.commands), row)
        (found,) = await orders.newest(connection, "own")
    assert (found.done_at, found.outcome.states) == (None, {})


async def test_what_a_source_owes(filled: Service) -> None:
    """Trouble is told at once, a quiet backlog when it is a minute old; what was given up names its own problem."""
    async with filled.engine.connect() as connection:
        now = sa.func.now()
        rows = [
            {"id": "new", "since": now}, {"id": "old", "since": now - timedelta(minutes=2)},
            {"id": "stuck", "since": now, "problem": "slow"},
        ]  # fmt: skip
        for row in rows:
            await connection.execute(sa.insert(tables.readbacks).values(source="amo", kind="lead", next_at=now, **row))
        owed = await asked.asked(connection)
        assert owed["amo"] == Asked(2, 0, "slow")
        assert owed["bitrix"] == Asked(2, 1, "the provider answered HTTP 400")
        assert await asked.asked(connection, "amo") == {"amo": owed["amo"]}
        assert await asked.asked(connection, "mango-main") == {}
        await connection.rollback()
