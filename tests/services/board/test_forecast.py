"""The end of the day as the board tells it: rows, the plan in words, doubts about data that are not all here."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from schemas import tables
from services.board.app import Service
from services.board.view.ending import ending
from services.board.view.floor import doubts_now
from services.board.words import words
from services.kit import postgres
from services.reads.forecast import every
from services.rules.forecast import Paid
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import AMOUNTS, NOW, seed

RU, EN = (words(language, ZoneInfo("Europe/Moscow")) for language in ("ru", "en"))


async def test_rows_of_everybody(client: httpx.AsyncClient) -> None:
    """The floor, two teams and eighteen agents by six steps; what is done, planned and to be expected."""
    answer = (await client.get("/api/v1/forecast")).json()
    rows = {(row["scope"], row["step"]): row for row in answer["rows"]}
    assert len(answer["rows"]) == len(rows) == (1 + 2 + 18) * 6
    calls = rows["floor:main", "calls"]
    # Ten shifts of 80, seven of 48 and Roman's half of 48.
    assert calls["plan"] == 10 * 80 + 7 * 48 + 24
    assert calls["done"] == rows["team:hunters", "calls"]["done"] + rows["team:farmers", "calls"]["done"]
    for row in rows.values():
        assert list(row) == ["scope", "step", "done", "plan", "median", "low", "high", "p_plan", "plan_count"]
        assert row["done"] <= row["low"] <= row["median"] <= row["high"]
        assert 0 <= row["p_plan"] <= 1


async def test_rows_of_one(client: httpx.AsyncClient) -> None:
    """A team comes with its agents, an agent alone; nobody is nothing."""
    team = (await client.get("/api/v1/forecast?team=farmers")).json()["rows"]
    assert {row["scope"] for row in team} >= {"team:farmers", "agent:mark"}
    assert {row["scope"].split(":")[0] for row in team} == {"team", "agent"}
    agent = (await client.get("/api/v1/forecast?agent=ivan")).json()["rows"]
    assert {row["scope"] for row in agent} == {"agent:ivan"}
    assert (await client.get("/api/v1/forecast?agent=nobody")).json()["rows"] == []


async def test_the_plan_of_payments_is_a_share_of_the_month(service: Service) -> None:
    """What is left of the month over its six working days, less what came today, in payments of the mean amount."""
    today = await service.live.reload()
    earlier = 14 * sum(AMOUNTS[number % 4] for number in range(18))
    mean = earlier / (14 * 18)
    paid = sum(minor for (_, kind, _), minor in today.money.items() if kind == "payments")
    done = sum(agent.done["payments"] for agent in today.agents.values())
    found = {one.scope: one.forecast for one in every(today, NOW) if one.step == "payments"}
    assert found["floor:main"].plan == pytest.approx(done + ((3_710_000_000 - earlier) / 6 - paid) / mean)
    assert found["team:hunters"].plan == 10


async def test_the_plan_in_words(service: Service) -> None:
    """Probability, interval and what is planned, in both languages; a reached plan says so."""
    today = await service.live.reload()
    said, same = ending(today, NOW, RU), ending(today, NOW, EN)
    assert said is not None
    assert same is not None
    assert (said.title, same.title) == ("План дня — 24 оплаты", "Plan of the day: 24 payments")
    assert said.expected.startswith("выйдет ")
    assert said.line == f"План дня: {said.chance}, {said.expected.removeprefix('выйдет ')} оплата"
    today.paid = {"hunters": Paid(month_minor=4_000_000_000)}
    reached = ending(today, NOW, RU)
    assert reached is not None
    assert (reached.title, reached.chance) == ("План дня", "выполнен")


async def test_few_payments_leave_the_norms(service: Service) -> None:
    """Money cannot be turned into payments by nine of them: the day norms are the plan, half a shift planning half."""
    today = await service.live.reload()
    today.paid = {"hunters": Paid(month_minor=1000, recent_count=9, recent_minor=1000)}
    found = {one.scope: one.forecast for one in every(today, NOW) if one.step == "payments"}
    assert found["floor:main"].plan == 10 * 1 + 7 * 3 + 1.5


async def test_without_norms_there_is_no_plan(service: Service, client: httpx.AsyncClient) -> None:
    """Absent is not zero: no number on the page, no row."""
    assert "План дня" in (await client.get("/")).text
    today = await service.live.reload()
    today.norms = {}
    assert ending(today, NOW, RU) is None
    assert "План дня" not in (await client.get("/")).text
    assert "План дня" not in (await client.get("/wall")).text
    assert (await client.get("/api/v1/forecast")).json()["rows"] == []


@pytest_asyncio.fixture
async def doubtful(postgres_dsn: str) -> AsyncIterator[Service]:
    """A floor with webhooks that wait and live counters that differ: old ones, and ones of this moment."""
    await seed(postgres_dsn)
    engine = postgres.engine(postgres_dsn)
    webhook = {"source": "own", "method": "POST", "path": "", "query": "", "headers": {}, "body": b"", "body_hash": b""}
    async with engine.begin() as connection:
        rows = [{**webhook, "received_at": NOW - timedelta(seconds=ago), "state": "new"} for ago in (1, 11, 600)]
        await connection.execute(sa.insert(tables.journal), rows)
        seen = [
            {"partition": at, "worker": "w", "agents": at, "checked_at": NOW - timedelta(seconds=ago)}
            for at, ago in ((2, 30), (4, 3600))
        ]
        await connection.execute(sa.insert(tables.differences), seen)
    await engine.dispose()
    found = board_on(postgres_dsn)
    yield found
    await found.engine.dispose()


async def test_a_source_that_never_sent_anything_is_a_doubt_by_day_and_by_night(doubtful: Service) -> None:
    """At work beside what else there is to doubt; at night alone, for data that never came are complete at no hour."""
    today = await doubtful.live.reload()
    today.freshness = replace(today.freshness, unheard=frozenset({"mango-main"}))
    night = today.day.starts + timedelta(minutes=5)
    said = ("Calls, Answered, Long", "nothing has ever come from source mango-main: connect it on the page Sources")
    for moment, doubts in ((NOW, 3), (night, 1)):
        found = [doubt.reasons for doubt in doubts_now(today, moment, EN) if said in doubt.reasons]
        assert [len(reasons) for reasons in found] == [doubts], moment


async def test_backlog_and_differences_make_doubts(doubtful: Service) -> None:
    """What waits longer than ten seconds, and a difference seen within a minute, are said at once and to everybody."""
    today = await doubtful.live.reload()
    assert (today.freshness.backlog, today.freshness.differing) == (2, 2)
    assert [reason for doubt in doubts_now(today, NOW, EN) for reason in doubt.reasons] == 2 * [
        ("all steps", "not everything received is parsed"),
        ("all steps", "live counters differ from the facts"),
    ]
    async with client_of(doubtful) as client:
        page, lines = (await client.get("/")).text, (await client.get("/lines")).text
    assert "не всё принятое разобрано" in page
    assert "2 вебхука ждут разбора" in lines
    assert "текущие счётчики 2 агентов расходятся с фактами" in lines
