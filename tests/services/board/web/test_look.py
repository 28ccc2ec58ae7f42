"""What is worth a look: counted from facts by SQL, folded from frozen rows, said in both languages."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from schemas import tables
from schemas.facts import CallEnded, Data, Fact, InvoiceIssued, Payment, PresentationMade
from schemas.floor import parse
from schemas.rows import derived_id
from services.board.app import Service
from services.kit import postgres
from services.local.postgres import EmbeddedPostgres
from services.reads import habits
from services.reads.kept import Kept
from services.rules.day import first_of_working_days
from services.rules.gaming import Habits
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, fact_row, floor_text, seed
from tests.support.servers import fresh_database

FLOOR = parse(floor_text("ru"))
TODAY = NOW.date()
MORNING = datetime.fromisoformat("2026-11-20T09:00:00+03:00")
"""Friday: a past working day that the seed leaves alone."""


def _call(number: int, at: datetime, talk_s: float, customer: str | None = None) -> tuple[datetime, Data]:
    return at, CallEnded(
        call_id=f"odd:{number}",
        agent="zoya",
        identity=None,
        direction="outbound",
        started_at=at - timedelta(seconds=talk_s + 5),
        answered_at=at - timedelta(seconds=talk_s),
        ended_at=at,
        talk_s=talk_s,
        disposition="answered",
        customer=customer,
    )


def odd() -> list[Fact]:
    """Of one agent: 30 talks of 605 s among 8 around, 12 calls to one number, 10 presentations on a day without any talk
    before them, 4 that name a call of five hours ago, 12 old invoices of which one is paid."""
    told: list[tuple[datetime, Data]] = []
    told += [_call(at, MORNING + timedelta(minutes=11 * at), 605.0) for at in range(30)]
    told += [_call(100 + at, MORNING + timedelta(minutes=11 * at + 5), 540.0 + 15 * at) for at in range(4)]
    told += [_call(200 + at, MORNING + timedelta(minutes=11 * at + 5), 640.0 + 15 * at) for at in range(4)]
    told += [_call(300 + at, MORNING + timedelta(minutes=at), 5.0, "hash-of-one") for at in range(12)]
    sunday = MORNING - timedelta(days=5)
    told += [(sunday, PresentationMade(deal=f"s{at}", agent="zoya", at=sunday)) for at in range(10)]
    late = MORNING + timedelta(hours=5, minutes=1)
    told += [(late, PresentationMade(deal=f"l{at}", agent="zoya", at=late, call_id="odd:0")) for at in range(4)]
    old = MORNING - timedelta(days=40)
    told += [
        (old, InvoiceIssued(invoice=f"i{at}", deal=None, agent="zoya", at=old, amount_minor=1, currency="RUB"))
        for at in range(12)
    ]
    paid = old + timedelta(days=5)
    told += [
        (paid, Payment(payment="p", invoice="i3", deal=None, agent="zoya", at=paid, amount_minor=1, currency="RUB"))
    ]
    types = {
        CallEnded: "srez.call.ended.v1",
        PresentationMade: "srez.presentation.made.v1",
        InvoiceIssued: "srez.invoice.issued.v1",
        Payment: "srez.payment.received.v1",
    }
    return [
        Fact(
            id=derived_id("look", number),
            type=types[type(data)],  # type: ignore[index]
            source="mango-main",
            time=at,
            data=data,
            received_at=at,
        )
        for number, (at, data) in enumerate(told)
    ]


async def _fill(dsn: str) -> None:
    await seed(dsn)
    engine = postgres.engine(dsn)
    async with engine.begin() as connection:
        rows = [fact_row(fact, fact.time.astimezone(FLOOR.zone).date()) for fact in odd()]
        await connection.execute(sa.insert(tables.facts), rows)
        await connection.execute(sa.insert(tables.slices), [_slow(ago) for ago in range(9, 3, -1)])
    await engine.dispose()


def _slow(ago: int) -> dict[str, Any]:
    """A past slice of 1 call where 20 were due."""
    day = TODAY - timedelta(days=ago)
    return {
        "date": day,
        "slice": "11:00",
        "agent": "zoya",
        "step": "calls",
        "team": "farmers",
        "cut_off": datetime.combine(day, datetime.min.time(), FLOOR.zone) + timedelta(hours=11),
        "done": 1,
        "in_slice": 1,
        "target": 20.0,
        "index": 0.3,
        "p_below": 0.99,
        "level": "hard",
        "trusted": True,
    }


@pytest.fixture(scope="module")
def odd_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as dsn:
        asyncio.run(_fill(dsn))
        yield dsn


@pytest_asyncio.fixture
async def odd_board(odd_dsn: str) -> AsyncIterator[Service]:
    found = board_on(odd_dsn)
    yield found
    await found.engine.dispose()


async def test_habits_are_counted_as_they_were_made(odd_board: Service) -> None:
    """Friday and before, without the seeded Monday: each number as put in."""
    async with odd_board.reader.connect() as connection:
        found = await habits.read(connection, Kept(), FLOOR, Date(2026, 11, 22), "farmers")
    assert found["zoya"] == Habits(
        agent="zoya",
        team="farmers",
        just_above=30,
        around=8,
        same_number=12,
        answered=50,
        quick=12,
        presentations=14,
        unheard=10,
        linked_marks=4,
        late_marks=4,
        invoices=12,
        paid=1,
    )


async def test_the_window_is_of_working_days() -> None:
    """Twenty working days before and with a Monday: four weeks."""
    assert first_of_working_days(FLOOR, Date(2026, 11, 23), 1) == Date(2026, 11, 23)
    assert first_of_working_days(FLOOR, Date(2026, 11, 23), 20) == Date(2026, 10, 27)


async def test_what_stands_out_is_listed(odd_board: Service) -> None:
    """A pile, one number, presentations nobody heard of, and a slow drift; of this agent only."""
    async with client_of(odd_board) as client:
        rows = (await client.get("/api/v1/look", params={"agent": "zoya", "date": "2026-11-22"})).json()["rows"]
        whole = (await client.get("/api/v1/look", params={"team": "hunters", "date": "2026-11-22"})).json()["rows"]
    found = {row["what"]: row for row in rows}
    assert set(found) == {"drift", "pile", "same_number", "unheard"}
    assert (found["drift"]["done"], found["drift"]["due"], found["drift"]["since"]) == (6, 120.0, "2026-11-14")
    assert (found["pile"]["done"], found["pile"]["due"]) == (30, 38)
    assert whole == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ru", ("Стоит посмотреть", "30 разговоров от 10:00 до 10:30", "10 презентаций из 14", "Видеовстречи")),
        ("en", ("Worth a look", "30 talks of 10:00 to 10:30", "10 presentations of 14", "Video meetings")),
    ],
)
async def test_the_page_says_numbers_and_what_may_explain_them(
    odd_board: Service, language: str, said: tuple[str, ...]
) -> None:
    """In both languages, with the agent's name."""
    async with client_of(odd_board) as client:
        page = (await client.get("/look", params={"lang": language, "date": "2026-11-22"})).text
    assert [words for words in said if words not in page] == []
    assert "Зоя Константинопольская" in page


async def test_nothing_to_see_is_said(client: httpx.AsyncClient) -> None:
    """A day before anything."""
    page = (await client.get("/look", params={"lang": "en", "date": "2026-10-01"})).text
    assert "Nothing stands out." in page
