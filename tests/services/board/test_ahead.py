"""The month and the money at risk as the board tells them, from facts in PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import httpx
import pytest_asyncio
import sqlalchemy as sa

from schemas import facts, tables
from schemas.facts import Fact, InvoiceIssued, Payment
from schemas.rows import derived_id
from services.board import ahead
from services.board.app import Service
from services.kit import postgres
from services.reads import answers, invoices
from services.reads.kept import Kept
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, fact_row, seed


async def test_the_month_of_floor_and_teams(service: Service) -> None:
    """Paid, open and ahead add up; the plan of the month is the floor's only; causes add up to what is at risk."""
    today = await service.live.reload()
    async with service.reader.connect() as connection:
        seen = await ahead.read(connection, Kept(), today, NOW)
    found = ahead.foresee(today, seen, NOW)
    assert [one.scope for one in found.scopes] == ["floor:main", "team:hunters", "team:farmers"]
    whole = found.scopes[0]
    assert whole.month.missing == ()
    assert whole.month.minor is not None
    assert whole.month.minor.plan == 3_710_000_000
    assert whole.month.minor.done < whole.month.minor.low < whole.month.minor.median < whole.month.minor.high
    assert whole.day_risk is not None
    assert sum(whole.day_risk.causes.values()) == whole.day_risk.total
    assert whole.month_risk is not None
    assert sum(whole.month_risk.causes.values()) == whole.month_risk.total
    assert all(one.month.minor is not None and one.month.minor.plan is None for one in found.scopes[1:])
    assert sum(one.count for one in found.ages) == sum(one.count for one in seen.books.invoices if one.paid is None)
    assert ahead.foresee(today, seen, NOW).scopes == found.scopes


async def test_the_answer(client: httpx.AsyncClient) -> None:
    """Rows of the day stay as they were; month and money at risk stand beside them."""
    answer = (await client.get("/api/v1/forecast")).json()
    assert list(answer) == ["as_of", "rows", "month", "at_risk", "told"]
    assert [(row["scope"], row["unit"]) for row in answer["month"][:2]] == [
        ("floor:main", "payments"),
        ("floor:main", "minor"),
    ]
    money = answer["month"][1]
    assert money["currency"] == "RUB"
    assert abs(sum(money["parts"].values()) - money["median"]) < 0.1 * money["median"]
    for risk in answer["at_risk"]:
        assert sum(risk["causes"].values()) == risk["total"]
    team = (await client.get("/api/v1/forecast?team=farmers")).json()
    assert {row["scope"] for row in team["month"]} == {"team:farmers"}


async def test_the_record_in_words(client: httpx.AsyncClient) -> None:
    """Fourteen days kept, one of them outside; said with the plural it needs."""
    page = (await client.get("/forecast?lang=ru")).text
    assert page.count("из 14 дней 13 раз попали в интервал 80 %") == 4
    assert "14 of 14" in (await client.get("/forecast?lang=en")).text


@pytest_asyncio.fixture
async def linked(postgres_dsn: str) -> AsyncIterator[Service]:
    """Invoices with and without payments, and a bad campaign."""
    await seed(postgres_dsn)
    engine = postgres.engine(postgres_dsn)
    at = NOW - timedelta(days=60)
    given = {"agent": "ivan", "amount_minor": 100, "currency": "EUR"}
    rows = []
    for number, data in enumerate(
        (
            InvoiceIssued(invoice="x1", deal="d1", at=at, **given),  # type: ignore[arg-type]
            InvoiceIssued(invoice="x2", deal="d2", at=at, **given),  # type: ignore[arg-type]
            InvoiceIssued(invoice="x3", at=at, **given),  # type: ignore[arg-type]
            Payment(payment="p1", invoice="x1", at=at + timedelta(days=2), **given),  # type: ignore[arg-type]
            Payment(payment="p2", deal="d2", at=at + timedelta(days=3), **given),  # type: ignore[arg-type]
            Payment(payment="p3", at=at + timedelta(days=3), **given),  # type: ignore[arg-type]
            Payment(payment="p1", at=at + timedelta(days=3), **given),  # type: ignore[arg-type]
        )
    ):
        kind = facts.INVOICE if number < 3 else facts.REFUND if number == 6 else facts.PAYMENT
        id_ = f"00000000-0000-0000-0000-00000000000{number}"
        fact = Fact(id=id_, type=kind, source="bitrix", time=data.at, data=data, received_at=data.at)
        rows.append(fact_row(fact, data.at.date()))
    async with engine.begin() as connection:
        await connection.execute(sa.insert(tables.facts), rows)
        await connection.execute(
            sa.insert(tables.alerts),
            {
                "alert": derived_id("alert", "bad"),
                "fingerprint": "x",
                "kind": "outage",
                "verdict": "list",
                "scope": "floor:main",
                "detector": "answer_rate",
                "state": "firing",
                "transition": 0,
                "fired_at": NOW - timedelta(hours=2),
                "evidence": {"lost_answers": {"hunters": 12.5, "farmers": 3.0, "gone": 9.0}},
                "date": NOW.date(),
            },
        )
    await engine.dispose()
    found = board_on(postgres_dsn)
    yield found
    await found.engine.dispose()


async def test_payments_find_their_invoices(linked: Service) -> None:
    """By the invoice they name, else by the deal; a payment that names neither is nobody's, a refund is no payment."""
    today = await linked.live.reload()
    first = (NOW - timedelta(days=61)).date()
    async with linked.reader.connect() as connection:
        found = await invoices.of_days(connection, Kept(), today.floor, date(2026, 10, 1))
    issued = found.invoices
    paid = [one for one in found.payments if one.day >= first]
    at = (NOW - timedelta(days=60)).date()
    assert sorted((str(one.paid), one.minor, one.count) for one in issued if one.currency == "EUR") == sorted(
        [(str(at + timedelta(days=2)), None, 1), (str(at + timedelta(days=3)), None, 1), ("None", 100, 1)]
    )
    assert [(one.day, one.count, one.linked, one.minor, one.refunded_minor) for one in paid] == [
        (at + timedelta(days=2), 1, 1, 100, 0),
        (at + timedelta(days=3), 2, 1, 200, 100),
    ]


async def test_a_bad_list_loses_answers(linked: Service) -> None:
    """As many as its alert says, by team; of a team that is no more, none. It is money at risk of the day, in its turn."""
    today = await linked.live.reload()
    async with linked.reader.connect() as connection:
        lost = await answers.lost(connection, today.floor, today.date, today.date, NOW)
    assert lost == {"hunters": 12.5, "farmers": 3.0}
    assert today.lost_answers == lost
    async with client_of(linked) as client:
        answer = (await client.get("/api/v1/forecast")).json()
    whole = next(row for row in answer["at_risk"] if row["scope"] == "floor:main" and row["period"] == "day")
    assert whole["total"] == 0 or whole["causes"]["technical"] + whole["causes"]["number_list"] > 0
