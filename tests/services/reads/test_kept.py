"""What is kept of days: good while nothing of them changed, made anew as soon as anything did."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.facts import CallEnded, Fact
from schemas.rows import derived_id
from services.board.storage.reader import Reader
from services.kit import postgres as databases
from services.local.postgres import EmbeddedPostgres
from services.reads.kept import Kept, What, key_of
from tests.support.seed_floor import fact_row
from tests.support.servers import fresh_database

DAY = Date(2026, 11, 20)
NOON = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
KEY = key_of("test", 1)

SLICE = {
    "date": DAY, "slice": "11:00", "agent": "a", "step": "calls", "team": "t", "cut_off": NOON, "done": 1, "in_slice": 1,
    "target": 2.0, "level": "ok", "trusted": True,
}  # fmt: skip


def _row(number: int = 1, day: Date = DAY, agent: str = "a") -> dict[str, Any]:
    call = CallEnded(
        call_id=f"c{number}", agent=agent, identity=None, direction="outbound", started_at=NOON, answered_at=None,
        ended_at=NOON, talk_s=0, disposition="no_answer",
    )  # fmt: skip
    fact = Fact(
        id=derived_id("kept", number), type="srez.call.ended.v1", source="s", time=NOON, data=call, received_at=NOON
    )
    return fact_row(fact, day)


class Counting:
    """Makes results and counts how often it was asked to; each result is new."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine, self.reader, self.kept, self.made = engine, Reader(engine), Kept(), 0

    async def __call__(self, day: Date) -> list[int]:
        self.made += 1
        return [self.made]

    async def ask(self, *days: Date, back: int = 0, of: tuple[What, ...] = ("facts",)) -> list[list[int]]:
        async with self.reader.connect() as connection:
            found = await self.kept.of_days(connection, KEY, days or (DAY,), self, back=back, of=of)
        return list(found.values())

    async def write(self, statement: Any, rows: Any = None) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(statement, rows)


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as found:
        yield found


@pytest_asyncio.fixture
async def counting(dsn: str) -> AsyncIterator[Counting]:
    engine = databases.engine(dsn)
    found = Counting(engine)
    await found.write(sa.text("TRUNCATE facts, slices"))
    await found.write(sa.insert(tables.facts), [_row()])
    await found.write(sa.insert(tables.slices), [SLICE])
    yield found
    await engine.dispose()


async def test_what_did_not_change_is_made_once(counting: Counting) -> None:
    """Twice asked, once made; another day's facts, and telling Kafka about a fact, leave it as it is."""
    assert await counting.ask() == [[1]]
    await counting.write(sa.insert(tables.facts), [_row(2, DAY - timedelta(days=1))])
    await counting.write(sa.update(tables.facts).values(published_at=NOON))
    await counting.write(sa.update(tables.slices).values(late=3))
    assert await counting.ask(of=("facts",)) == [[1]]


FACTS, SLICES = tables.facts, tables.slices
CHANGES: dict[str, tuple[Any, Any]] = {
    "a late fact": (sa.insert(FACTS), [_row(2)]),
    "a correction": (sa.update(FACTS).values(talk_s=60.0, disposition="answered"), None),
    "a mended roster": (sa.update(FACTS).values(agent="b"), None),
    "a fact taken back": (sa.delete(FACTS), None),
    "a fact that moves to another day": (sa.update(FACTS).values(day=DAY + timedelta(days=1)), None),
    "an earlier telling": (sa.update(FACTS).values(received_at=NOON - timedelta(hours=1)), None),
    "data": (sa.update(FACTS).values(data={"call_id": "other"}), None),
    "everything gone": (sa.text("TRUNCATE facts"), None),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_any_change_makes_it_anew(counting: Counting, what: str) -> None:
    """Whoever changes a fact, and however."""
    assert await counting.ask() == [[1]]
    await counting.write(*CHANGES[what])
    assert await counting.ask() == [[2]]
    assert await counting.ask() == [[2]]


async def test_a_fact_that_came_by_copy_is_seen(counting: Counting, dsn: str) -> None:
    """COPY fires no rules, but triggers."""
    assert await counting.ask() == [[1]]
    raw = await asyncpg.connect(dsn)
    row = _row(5)
    columns = ("event_id", "type", "source", "day", "occurred_at", "received_at", "line", "key_hash", "content_hash")
    values = [(*(row[name] for name in columns), "{}")]
    await raw.copy_records_to_table("facts", columns=[*columns, "data"], records=values)
    await raw.close()
    assert await counting.ask() == [[2]]


async def test_a_close_is_a_change_of_slices_only(counting: Counting) -> None:
    """What is made of slices does not go by facts, nor the other way round."""
    assert await counting.ask(of=("slices",)) == [[1]]
    await counting.write(sa.insert(FACTS), [_row(2)])
    assert await counting.ask(of=("slices",)) == [[1]]
    await counting.write(sa.insert(SLICES), [SLICE | {"slice": "13:30"}])
    assert await counting.ask(of=("slices",)) == [[2]]


async def test_days_before_count_as_far_as_they_are_read(counting: Counting) -> None:
    """With ``back`` 2 a change two days before is one, three days before is none."""
    assert await counting.ask(back=2) == [[1]]
    await counting.write(sa.insert(FACTS), [_row(2, DAY - timedelta(days=3))])
    assert await counting.ask(back=2) == [[1]]
    await counting.write(sa.insert(FACTS), [_row(3, DAY - timedelta(days=2))])
    assert await counting.ask(back=2) == [[2]]


async def test_an_uncommitted_change_is_none_yet_and_then_is(counting: Counting) -> None:
    """A result made while somebody writes is not taken for one made after."""
    async with counting.engine.begin() as writing:
        await writing.execute(sa.insert(FACTS), [_row(2)])
        assert await counting.ask() == [[1]]
        assert await counting.ask() == [[1]]
    assert await counting.ask() == [[2]]


async def test_several_changes_of_one_transaction_and_of_a_savepoint_rolled_back(counting: Counting) -> None:
    """A change counts though another of the same transaction was taken back."""
    assert await counting.ask() == [[1]]
    async with counting.engine.begin() as writing:
        nested = await writing.begin_nested()
        await writing.execute(sa.insert(FACTS), [_row(2)])
        await nested.rollback()
        await writing.execute(sa.insert(FACTS), [_row(3)])
    assert await counting.ask() == [[2]]


async def test_writers_do_not_wait_for_each_other(counting: Counting) -> None:
    """Two open transactions write facts of one day; either may commit first."""
    async with counting.engine.begin() as one, counting.engine.begin() as other:
        await one.execute(sa.insert(FACTS), [_row(2)])
        async with asyncio.timeout(5):
            await other.execute(sa.insert(FACTS), [_row(3)])
    assert await counting.ask() == [[1]]


async def test_who_asks_at_the_same_time_waits_for_the_first(counting: Counting) -> None:
    """Two cold pages make it once."""
    assert await asyncio.gather(counting.ask(), counting.ask()) == [[[1]], [[1]]]


async def test_what_is_not_asked_for_goes_when_there_is_too_much(counting: Counting) -> None:
    """At most so many rows; the least recently asked for goes first."""
    counting.kept = Kept(most=5)  # each result is a row and itself
    first, second, third = (DAY + timedelta(days=at) for at in range(3))
    await counting.ask(first, second)
    await counting.ask(first)
    await counting.ask(third)
    assert await counting.ask(first) == [[1]]
    assert await counting.ask(second) == [[4]]


def test_every_column_that_is_shown_is_watched() -> None:
    """Guards the column list of the trigger: every column of facts but published_at and those nobody is shown."""
    from schemas.tables.changes import COUNTED

    listed = {name.strip() for name in COUNTED["facts"][1].split(",")}
    unshown = {"event_id", "key_hash", "content_hash", "revision", "clamped", "journal_id", "published_at"}
    assert listed == {column.name for column in FACTS.columns} - unshown
    listed = {name.strip() for name in COUNTED["slices"][1].split(",")}
    assert listed == {column.name for column in SLICES.columns} - {"late"}
