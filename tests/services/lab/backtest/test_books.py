"""Invoices and payments grouped off a file, as PostgreSQL groups them for the closer."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import sqlalchemy as sa

from schemas import facts, queries, tables
from schemas.facts import Fact, InvoiceIssued, Payment
from schemas.floor import parse
from services.kit import postgres
from services.lab.backtest.books import Ledgers
from services.lab.backtest.read import Version
from services.rules.day import date_of
from services.rules.money import books
from services.rules.money.books import Books
from tests.support.seed_floor import fact_row

FLOOR = parse(
    """
timezone: Europe/Moscow
currency: RUB
teams: [{id: hunters}, {id: farmers}]
agents: [{id: ivan, team: hunters}, {id: olga, team: farmers}]
"""
)
TODAY = date(2026, 11, 20)
UNTIL = datetime(2026, 11, 20, 15, tzinfo=UTC)
KNOWN_BY = UNTIL + timedelta(minutes=3)


def invented(seed: int) -> list[Fact]:
    """Invoices and payments of four months, some late, some after the cut-off, some that name an invoice, a deal, both, neither,
    one of somebody else or nothing known; some of nobody; refunds; two currencies."""
    chance, found = random.Random(seed), []
    for number in range(400):
        at = UNTIL + timedelta(hours=2) - timedelta(minutes=chance.randrange(120 * 24 * 60))
        kind, data = _invented(chance, number, at)
        id_, late = facts.event_id("crm", kind, f"{number}"), timedelta(seconds=chance.choice((1, 60, 400_000)))
        found.append(Fact(id=id_, type=kind, source="crm", time=at, data=data, received_at=at + late))
    return found


def _invented(chance: random.Random, number: int, at: datetime) -> tuple[str, InvoiceIssued | Payment]:
    who: dict[str, Any] = {
        "agent": chance.choice(("ivan", "olga", "olga", None)),
        "at": at,
        "amount_minor": chance.choice((100, 250)),
        "currency": chance.choice(("RUB", "RUB", "EUR")),
    }
    if number % 3 == 0:
        deal = f"d{number // 6}" if number % 2 else None
        return facts.INVOICE, InvoiceIssued(invoice=f"i{number}", deal=deal, **who)
    names = chance.choice((None, f"i{3 * chance.randrange(133)}", "unheard of"))
    deal = chance.choice((None, f"d{chance.randrange(66)}"))
    kind = facts.REFUND if number % 7 == 0 else facts.PAYMENT
    return kind, Payment(payment=f"p{number}", invoice=names, deal=deal, **who)


async def test_the_same_groups_by_sql_and_off_a_file(postgres_dsn: str) -> None:
    """Of 400 made-up facts."""
    made = invented(11)
    engine = postgres.engine(postgres_dsn)
    async with engine.begin() as connection:
        await connection.execute(
            sa.insert(tables.facts), [fact_row(one, date_of(one.time, FLOOR.zone)) for one in made]
        )
    await engine.dispose()
    given = books.arguments(FLOOR, TODAY, UNTIL, KNOWN_BY)
    connection = await asyncpg.connect(postgres_dsn.replace("+asyncpg", ""))
    try:
        stored = [
            [dict(row) for row in await connection.fetch(query, *given)]
            for query in (queries.INVOICES_OF_DAYS, queries.PAYMENTS_OF_DAYS)
        ]
    finally:
        await connection.close()
    versions = sorted((_version(one) for one in made), key=lambda one: (one.at, one.id))
    read = Ledgers(FLOOR, versions).books(TODAY, UNTIL, KNOWN_BY)

    assert in_order(read) == [sorted(_rows(rows)) for rows in stored]
    assert all(len(rows) > 40 for rows in stored)


def in_order(found: Books) -> list[list[str]]:
    return [
        sorted(_rows({name: getattr(one, name) for name in one.__dataclass_fields__} for one in group))
        for group in (found.invoices, found.payments)
    ]


def _rows(rows: Any) -> list[str]:
    return [
        str(sorted((name, float(value) if name == "squares" else value) for name, value in row.items())) for row in rows
    ]


def _version(one: Fact) -> Version:
    assert isinstance(one.data, InvoiceIssued | Payment)
    day, received = date_of(one.time, FLOOR.zone), one.received_at or one.time
    return Version(one.id, one.type, one.source, "", one.data.agent, None, one.time, day, received, None, one.data)
