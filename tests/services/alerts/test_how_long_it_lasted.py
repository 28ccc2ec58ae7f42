"""One outage has one from, to and length: in its message, on every page, in the report, in the evening, and in people's time."""

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from schemas import tables
from schemas.floor import parse
from services.alerts.findings import day as day_message
from services.alerts.storage import day_rows
from services.alerts.wording import render
from services.rules.day import working_day
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.rows import DAY, ZONE, at, call, close_row, slice_row, tell
from tests.services.alerts.test_evaluation import Day, steady
from tests.services.board.conftest import board_on, client_of

pytestmark = pytest.mark.integration


def failing(first: str, last: str):
    """A failure of ivan or maria every forty seconds on trunk-b."""
    start, n = at(first).astimezone(ZONE), 0
    while (moment := start + timedelta(seconds=40 * n)) < at(last):
        yield call(moment.strftime("%H:%M:%S"), ("ivan", "maria")[n % 2], "pbx/trunk-b", "failed", 34)
        n += 1
    yield call(last, "ivan", "pbx/trunk-b", "failed", 34)


async def test_an_outage_has_one_length_everywhere(engine, postgres_dsn):
    """It fails 14:22:10–14:54:50, is noticed at 14:24 and lifted ten good minutes later: 32 minutes, whoever is asked."""
    await tell(
        engine, facts=[*steady("14:00", 90), *failing("14:22:10", "14:54:50"), *steady("14:56", 25, "pbx/trunk-b")]
    )
    day = Day(engine)
    await day.look("14:30")
    await day.look("15:25")
    (alert,) = await day.all(tables.alerts)
    assert alert.state == "resolved"
    assert alert.fired_at == at("14:24:10")
    assert alert.resolved_at >= at("15:05")
    message = [row for row in await day.box() if row.payload["form"] == "line"][-1]
    assert "сбой 14:22–14:54 (32 минуты)" in render(message.payload).title
    lost = await day.all(tables.technical)
    assert {(row.started_at, row.ended_at) for row in lost} == {(at("14:22:10"), at("14:54:50"))}
    await tell(engine, closes=[close_row("18:00")], slices=[slice_row("ivan", slice_="18:00")])
    async with engine.begin() as connection:
        row = {"version": 1, "applied_at": at("08:00"), "text": FLOOR, "hash": b"x"}
        await connection.execute(sa.insert(tables.floors).values(row))
    evening = at("18:10")
    async with engine.connect() as connection:
        floor = parse(FLOOR)
        close = await day_rows.newest_close(connection)
        told = await day_message.payload(connection, floor, working_day(floor, DAY), close, evening, None)
    lines = [line for section in render(told).sections for line in section.lines]
    assert any(
        "сбой: 14:22–14:54 (32 минуты)." in line and "Вычтено из норм: 64 минуты у 2 агентов." in line for line in lines
    )
    await _pages(postgres_dsn, evening)


async def _pages(dsn: str, now: datetime) -> None:
    board = board_on(dsn, now=now)
    async with client_of(board) as client:
        pages = {path: _plain((await client.get(path)).text) for path in ("/", "/alerts", "/report", "/agents/ivan")}
        (incident,) = (await client.get("/api/v1/report")).json()["incidents"]
    await board.engine.dispose()
    assert (incident["began_at"], incident["ended_at"]) == ("2026-11-23T14:22:10+03:00", "2026-11-23T14:54:50+03:00")
    assert "14:22–14:54, закончилось" in pages["/"]
    assert "Длилось 14:22–14:54, 32 мин" in pages["/alerts"]
    assert "Замечено 14:24" in pages["/alerts"]
    assert re.search(r"Сигнал снят 15:\d\d", pages["/alerts"])
    assert "14:22–14:54, 32 мин" in pages["/report"]
    assert "Технические минуты: 32" in pages["/agents/ivan"]


def _plain(page: str) -> str:
    text = re.sub(r"<[^>]+>", " ", page)
    return re.sub(r"\s+", " ", text).replace(" ,", ",").replace(" –", "–").replace("– ", "–").replace(" :", ":")
