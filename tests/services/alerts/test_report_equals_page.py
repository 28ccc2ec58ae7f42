"""The evening's message and the page of the report say the same of money at risk, of coaching, and of what is worth a look."""

import asyncio
import math
from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas import tables
from schemas.acts import Close, arguments_of
from schemas.facts import STATE, AgentState, Fact, event_id
from schemas.floor import parse
from schemas.rows import derived_id
from services.alerts.findings import day as day_message
from services.alerts.storage import day_rows
from services.alerts.wording import render
from services.kit import postgres as engines
from services.rules.day import working_day
from tests.services.board.conftest import board_on, client_of
from tests.support import seed_floor
from tests.support.servers import fresh_database

pytestmark = pytest.mark.integration

EVENING = seed_floor.NOW + timedelta(hours=4)


@pytest.fixture
def evening_dsn(postgres, monkeypatch):
    """The seeded day with a plan that it misses."""
    text = seed_floor.floor_text("ru").replace("3710000000", "4710000000")
    monkeypatch.setattr(seed_floor, "floor_text", lambda language: text)
    with fresh_database(postgres) as dsn:
        asyncio.run(seed_floor.seed(dsn, now=EVENING))
        yield dsn, parse(text)


def test_they_are_the_same(evening_dsn):
    """Total and causes to the unit; the same people, the same outcomes."""
    dsn, floor = evening_dsn

    async def both():
        engine = engines.engine(dsn)
        async with engine.begin() as connection:
            await _coached(connection, floor)
        async with engine.connect() as connection:
            day = working_day(floor, EVENING.date())
            close = await day_rows.newest_close(connection)
            told = await day_message.payload(connection, floor, day, close, EVENING, "http://board.test")
        await engine.dispose()
        board = board_on(dsn, now=EVENING)
        async with client_of(board) as client:
            page = (await client.get("/api/v1/report")).json()
        await board.engine.dispose()
        return told, page

    told, page = asyncio.run(both())
    assert told["risk"]["total"] == page["at_risk"]["total"] > 0
    assert {one["cause"]: one["minor"] for one in told["risk"]["causes"]} == {
        cause: minor for cause, minor in page["at_risk"]["causes"].items() if minor
    }
    assert sum(one["minor"] for one in told["risk"]["causes"]) == told["risk"]["total"]
    assert [one["agent"] for one in told["look"]] == list(dict.fromkeys(row["agent"] for row in page["look"]))
    assert told["look"]
    outcomes = [(one["agent"], one["step"], one["outcome"]) for one in page["outcomes"]]
    assert [(one["agent"], one["step"], one["outcome"]) for one in told["outcomes"]] == outcomes
    assert {one[2] for one in outcomes} == {"grown", None}
    headings = [section.heading for section in render(told).sections]
    assert {"Стоит посмотреть", "После работы с тренером"} <= set(headings)
    assert "До плана дня не хватило" in " ".join(line for section in render(told).sections for line in section.lines)


def test_the_plan_of_the_day_is_one_number(evening_dsn):
    """Report, message, Floor page, Forecast page and API: the same whole count, of the floor and of each team; what is due
    for the time worked stands apart, under its own name."""
    told, page, ahead, pages = asyncio.run(_everywhere(*evening_dsn))
    shown = {one["scope"]: {step["step"]: step for step in one["steps"]} for one in page["scopes"]}
    sent = {"floor:main": told["steps"], **{f"team:{one['team']}": one["steps"] for one in told["teams"]}}
    foreseen = {(row["scope"], row["step"]): row for row in ahead["rows"]}
    assert set(sent) == set(shown)
    for scope, steps in sent.items():
        assert len(steps) == len(shown[scope]) == 6
        for one in steps:
            own = shown[scope][one["step"]]
            assert (one["done"], one["plan"]) == (own["done"], own["plan_count"])
            assert one["target"] == pytest.approx(own["due"], abs=1e-5)
            assert foreseen[scope, one["step"]]["plan_count"] == own["plan_count"] == math.ceil(own["plan"] - 1e-9)
    payments, calls = shown["floor:main"]["payments"], shown["floor:main"]["calls"]
    plan = payments["plan_count"]
    assert plan != payments["plan"]
    assert calls["due"] < calls["plan_count"] - 1
    floor_page, report_page, forecast_page = pages
    assert f"План дня — {plan} оплат" in floor_page
    assert f'<b>{payments["done"]}</b></td><td class="n num">{plan}</td>' in report_page
    assert f'data-label="План">{plan}</td>' in forecast_page
    lines = [line.replace("\u202f", " ") for section in render(told).sections for line in section.lines]
    assert any(line.startswith(f"Оплаты: {payments['done']} из {plan}, ") for line in lines)
    (worked,) = [line for line in lines if line.startswith("Должно быть за отработанное время")]
    assert "звонки 1 055,6" in worked


async def _everywhere(dsn, floor):
    engine = engines.engine(dsn)
    async with engine.connect() as connection:
        day = working_day(floor, EVENING.date())
        close = await day_rows.newest_close(connection)
        told = await day_message.payload(connection, floor, day, close, EVENING, "http://board.test")
    await engine.dispose()
    board = board_on(dsn, now=EVENING)
    async with client_of(board) as client:
        page, ahead = [(await client.get(f"/api/v1/{one}")).json() for one in ("report", "forecast")]
        pages = [(await client.get(path)).text for path in ("/", "/report", "/forecast")]
    await board.engine.dispose()
    return told, page, ahead, pages


def test_a_fault_that_no_alert_explains_is_told(postgres):
    """An agent's state said "technical" 11:30–12:20, the trainer is called by name: 50 minutes stand in page, API and message,
    beside the alerts; the time of those whom an alert explains is not told twice."""
    text = seed_floor.floor_text("ru").replace("norms:", "people: [{id: oleg, name: Олег Дорошин}]\nnorms:", 1)
    with fresh_database(postgres) as dsn:
        asyncio.run(seed_floor.seed(dsn, now=EVENING))
        asyncio.run(_broken_headset(dsn, text))
        told, page, _, pages = asyncio.run(_everywhere(dsn, parse(text)))
    (row,) = page["stated"]
    assert (row["agent"], row["technical_min"]) == ("maria", 50)
    assert (row["began_at"][11:16], row["ended_at"][11:16]) == ("11:30", "12:20")
    lines = [line for section in render(told).sections for line in section.lines]
    assert "Мария Соколова, состояние «сбой»: 11:30–12:20 (50 минут). Сигнала об этом не было." in lines
    assert "состояние «сбой»" in pages[1]
    assert "11:30–12:20, 50 мин" in pages[1]
    taken = {one["agent"]: one["technical_min"] for one in page["agents"]}
    assert taken["maria"] == 50
    whole = sum(one["technical_min"] for one in [*page["incidents"], *page["stated"]])
    assert whole == sum(taken.values())


async def _broken_headset(dsn, text):
    engine = engines.engine(dsn)
    floor = parse(text)
    starts = working_day(floor, EVENING.date()).starts
    async with engine.begin() as connection:
        await connection.execute(sa.update(tables.floors).values(text=text))
        for name, after in (
            ("technical", timedelta(hours=11, minutes=30)),
            ("available", timedelta(hours=12, minutes=20)),
        ):
            data = AgentState(agent="maria", state=name, at=starts + after)
            fact = Fact(
                id=event_id("own", STATE, name), type=STATE, source="own", time=data.at, data=data, received_at=data.at
            )
            await connection.execute(sa.insert(tables.facts).values(seed_floor.fact_row(fact, EVENING.date())))
    await engine.dispose()


async def _coached(connection, floor):
    """Two cases of two weeks ago: one closed this afternoon, one to be looked at again."""
    opened = EVENING - timedelta(days=14)
    for agent in ("gleb", "nina"):
        case = derived_id("case", agent)
        row = {
            "case": case, "date": opened.date(), "agent": agent, "team": "hunters", "step": "calls", "opened": opened,
            "reason": "not_done_twice", "recheck_on": EVENING.date(), "evidence": {},
        }  # fmt: skip
        await connection.execute(sa.insert(tables.coaching).values(row))
    act = Close(outcome="grown", note="")
    done = {"case": derived_id("case", "gleb"), "at": EVENING - timedelta(hours=3), "by": "oleg", "act": "close"}
    await connection.execute(sa.insert(tables.coaching_acts).values({**done, "arguments": arguments_of(act)}))
