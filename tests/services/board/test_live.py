"""The live state: newest news wins, PostgreSQL heals it, streams get each change once."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from schemas import tables
from schemas.messages import AlertChanged, FunnelChanged, SliceClosed
from schemas.steps import STEPS
from services.board.app import Service
from services.board.cells import cells, changed
from services.board.live import QUEUE, Event, Stream
from tests.services.board.conftest import board_on
from tests.support.seed_floor import NOW, fact_row, invent, seed
from tests.support.waiting import eventually

DAY = NOW.date()


def news(agent: str, calls: int, counted: int, *, ago_s: float = 0) -> FunnelChanged:
    return FunnelChanged(
        agent=agent,
        date=DAY,
        done={**dict.fromkeys(STEPS, 0), "calls": calls},
        short_calls=0,
        money={},
        counted=counted,
        at=NOW - timedelta(seconds=ago_s),
    )


async def test_newer_counts_replace_older_ones(service: Service) -> None:
    """News counts by the number of facts behind it; old news changes nothing."""
    today = await service.live.reload()
    service.live.hear(news("gleb", 900, 9000))
    service.live.hear(news("gleb", 5, 10))
    assert today.agents["gleb"].done["calls"] == 900


async def test_news_of_another_day_or_a_stranger_is_nothing(service: Service) -> None:
    """Yesterday's funnel and agents off the roster are not shown."""
    today = await service.live.reload()
    before = dict(today.agents)
    service.live.hear(FunnelChanged(**{**as_dict(news("gleb", 1, 9999)), "date": DAY - timedelta(days=1)}))
    service.live.hear(news("stranger", 1, 9999))
    assert today.agents == before


async def test_a_reading_heals_what_news_broke(service: Service) -> None:
    """After the next reading PostgreSQL's counts are shown again."""
    first = await service.live.reload()
    truth = first.agents["gleb"].done
    service.live.hear(news("gleb", 900, 9000))
    assert (await service.live.reload()).agents["gleb"].done == truth


async def test_only_what_differs_is_sent(service: Service) -> None:
    """Nothing changed: nothing; one agent's count: that agent and the team."""
    today = await service.live.reload()
    shown = cells(today, NOW)
    assert changed(shown, cells(today, NOW)) == ([], [])
    today.agents["gleb"] = replace(today.agents["gleb"], done={**today.agents["gleb"].done, "calls": 900})
    rows, teams = changed(shown, cells(today, NOW))
    assert [row["agent"] for row in rows] == ["gleb"]
    assert [team["team"] for team in teams] == ["hunters"]


async def test_a_stream_says_hello_then_tells_of_changes(service: Service) -> None:
    """hello first; slices and alerts at once; cells with the next tick."""
    await service.live.reload()
    ticking = asyncio.create_task(service.live.tick())
    stream = service.live.listen()
    assert event(await anext(stream))[0] == "hello"
    service.live.hear(AlertChanged(alert="a", state="firing", at=NOW))
    service.live.hear(
        SliceClosed(date=DAY, slice="16:00", team="hunters", cut_off=NOW, closed_at=NOW, trusted=True, on_time=True)
    )
    service.live.hear(news("gleb", 900, 9000))
    names: dict[str, dict[str, object]] = {}
    while not {"alert", "slice", "cells"} <= names.keys():
        name, data = event(await asyncio.wait_for(anext(stream), 10))
        names[name] = data
    assert names["slice"]["team"] == "hunters"
    assert service.live.clients == 1
    service.live.stop()
    assert [chunk async for chunk in stream] == []
    assert service.live.clients == 0
    ticking.cancel()


def test_a_slow_stream_is_told_to_start_anew() -> None:
    """A reader that lags too far is dropped instead of eating memory; it connects again and reads everything."""
    stream = Stream()
    for number in range(QUEUE + 1):
        stream.put(Event("beat", {"n": number}))
    assert stream.lost


async def test_polling_shows_new_facts_while_kafka_is_away(postgres_dsn: str) -> None:
    """Without Kafka, a fact stored in PostgreSQL is on the board after the next poll."""
    made = await seed(postgres_dsn)
    service = board_on(postgres_dsn, board_poll_s=0.1, board_reload_s=600)
    workers = service.workers()
    today = await eventually(lambda: service.live.today, "the first reading")
    before = today.agents["gleb"].done["calls"]
    fact = next(
        one for one in invent(made.floor, NOW).facts if one.agent == "gleb" and one.type == "srez.call.ended.v1"
    )
    row = {**fact_row(fact, DAY), "event_id": "00000000-0000-5000-8000-000000000001"}
    async with service.engine.begin() as connection:
        await connection.execute(sa.insert(tables.facts), row)
    await eventually(
        lambda: service.live.today is not None and service.live.today.agents["gleb"].done["calls"] == before + 1,
        "the new fact",
    )
    assert service.live.kafka_error is not None
    assert service.ready() == {"postgres": None}
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    await service.engine.dispose()


def event(chunk: bytes) -> tuple[str, dict[str, object]]:
    lines = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line)
    return lines["event"], json.loads(lines["data"])


def as_dict(message: FunnelChanged) -> dict[str, object]:
    return {name: getattr(message, name) for name in message.__struct_fields__}
