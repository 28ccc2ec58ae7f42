"""How late calls are: the same of the same facts on the live board, at a close and in the back-test."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from schemas import facts, tables
from schemas.facts import CALL, CallEnded, Fact
from schemas.floor import parse
from services.aggregator.live.floors import FloorDay
from services.aggregator.storage import evidence, technical
from services.board.today import SECOND
from services.kit import postgres
from services.lab.backtest.day import Day
from services.lab.backtest.read import read
from services.lab.backtest.silent import Silent
from services.reads import freshness
from services.rules.day import date_of, working_day
from services.rules.funnel import thresholds
from tests.support.seed_floor import NOW, fact_row, floor_text

FLOOR = parse(floor_text("ru"))
DAY = working_day(FLOOR, date_of(NOW, FLOOR.zone))
CUT = DAY.cut_offs[1]
STARTS = DAY.cut_offs[0].at


def call(number: int, source: str, at: datetime, late_s: float) -> Fact:
    data = CallEnded(
        call_id=f"{source}:{number}", direction="outbound", started_at=at, ended_at=at, talk_s=0,
        disposition="no_answer", line=source,
    )  # fmt: skip
    received = at + timedelta(seconds=late_s)
    return Fact(
        id=facts.event_id(source, CALL, str(number)), type=CALL, source=source, time=at, data=data, received_at=received
    )


def told() -> list[Fact]:
    inside = STARTS + timedelta(minutes=5)
    weeks = timedelta(days=21)
    return [
        call(1, "mango-main", inside, 2),
        call(2, "mango-main", inside - weeks, (weeks + timedelta(seconds=4)).total_seconds()),
        call(3, "mango-main", STARTS - timedelta(minutes=9), 540 + 240),
        call(4, "fs-office", inside, 400),
    ]


async def test_only_calls_of_this_slice_are_late(postgres_dsn: str, tmp_path: Path) -> None:
    """One old test call, and one of an earlier slice, make nobody's slice of today late; a late one of it does, alone."""
    made = told()
    engine = postgres.engine(postgres_dsn)
    async with engine.begin() as connection:
        rows: list[dict[str, Any]] = [fact_row(fact, date_of(fact.time, FLOOR.zone)) for fact in made]
        await connection.execute(sa.insert(tables.facts), rows)
        live = await freshness.read(connection, DAY, STARTS, FLOOR, now=CUT.at, second=SECOND)
    await engine.dispose()
    on = FloorDay(
        1, FLOOR, DAY, {agent.id: thresholds(FLOOR, agent.team) for agent in FLOOR.agents}, thresholds(FLOOR, "")
    )
    raw = await asyncpg.connect(postgres_dsn)
    closed = await evidence.delays_p95(raw, on, STARTS, CUT.at, CUT.at + timedelta(seconds=FLOOR.grace_s))
    await raw.close()
    path = tmp_path / "facts.ndjson"
    path.write_bytes(b"\n".join(facts.encode(fact) for fact in made))
    of_day = [version for version in read(path, FLOOR) if version.day == DAY.date]
    assert live.delay_p95_s == pytest.approx({"mango-main": 2, "fs-office": 400})
    assert closed == pytest.approx(dict(live.delay_p95_s))
    assert Day(FLOOR, DAY, of_day).delays_p95(1) == pytest.approx(closed)


async def test_who_was_never_heard_is_told_alike_live_at_a_close_and_in_a_back_test(
    postgres_dsn: str, tmp_path: Path
) -> None:
    """Of the floor's sources two sent something by the cut-off; six minutes after the slice began, only one had."""
    made = told()
    engine = postgres.engine(postgres_dsn)
    async with engine.begin() as connection:
        rows: list[dict[str, Any]] = [fact_row(fact, date_of(fact.time, FLOOR.zone)) for fact in made]
        await connection.execute(sa.insert(tables.facts), rows)
        live = await freshness.read(connection, DAY, STARTS, FLOOR, now=CUT.at, second=SECOND)
    await engine.dispose()
    on = FloorDay(
        1, FLOOR, DAY, {agent.id: thresholds(FLOOR, agent.team) for agent in FLOOR.agents}, thresholds(FLOOR, "")
    )
    raw = await asyncpg.connect(postgres_dsn)
    early, late = STARTS + timedelta(minutes=6), CUT.at
    closed = [await technical.unheard(raw, on, moment) for moment in (early, late)]
    await raw.close()
    path = tmp_path / "facts.ndjson"
    path.write_bytes(b"\n".join(facts.encode(fact) for fact in made))
    silent = Silent(FLOOR, read(path, FLOOR))
    others = frozenset(FLOOR.source_by_id) - {"mango-main", "fs-office"}
    assert others
    assert closed == [silent.unheard(early), silent.unheard(late)] == [others | {"fs-office"}, others]
    assert live.unheard == others
