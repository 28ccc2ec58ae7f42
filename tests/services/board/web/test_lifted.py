"""A task and a coaching case that lost their ground say so on every page, in both languages, and count nowhere."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of, text
from tests.support.seed_floor import NOW, seed
from tests.support.servers import fresh_database

Known = dict[str, Any]


async def _lift(dsn: str) -> Known:
    """Two of the seeded tasks: with an hour of technical time, and by what became known of others; and a case."""
    await seed(dsn)
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(
        "SELECT task::text, agent, step, date, slice, verified FROM tasks WHERE evidence ? 'verified' "
        "ORDER BY opened, agent"
    )
    for row, minutes in zip(rows[:2], (62.0, 0.0), strict=True):
        ground = {"slice": row["slice"], "step": row["step"], "done": 8, "target": 10.0, "technical_min": minutes}
        await connection.execute(
            "UPDATE tasks SET result = 'invalidated', evidence = "
            "jsonb_set(evidence, '{verified,ground}', $2::jsonb) WHERE task = $1",
            *(row["task"], json.dumps(ground)),
        )
    case = await connection.fetchrow(
        'UPDATE coaching SET lifted = $1 WHERE "case" = (SELECT "case" FROM coaching ORDER BY opened DESC LIMIT 1) '
        'RETURNING "case"::text AS case, agent, date',
        NOW,
    )
    await connection.close()
    return {"task": dict(rows[0]), "bare": dict(rows[1]), "case": dict(case)}


@pytest.fixture(scope="module")
def lifted(postgres: EmbeddedPostgres) -> Iterator[tuple[str, Known]]:
    with fresh_database(postgres) as dsn:
        yield dsn, asyncio.run(_lift(dsn))


@pytest_asyncio.fixture
async def board(lifted: tuple[str, Known]) -> AsyncIterator[httpx.AsyncClient]:
    service = board_on(lifted[0])
    async with client_of(service) as client:
        yield client
    await service.engine.dispose()


async def test_the_record_says_why(board: httpx.AsyncClient, lifted: tuple[str, Known]) -> None:
    """Head and course of the task; no effect is claimed of it."""
    task, bare = lifted[1]["task"], lifted[1]["bare"]
    page = await text(board, f"/tasks/{task['task']}")
    why = f"Снята: после среза {task['slice']} стало известно о сбое, 62 минуты. С его учётом звонки — 8 из 10"
    assert page.count(why) == 2
    assert "Проверена на срезе" not in page, "it was not verified: it was taken back"
    assert "снята: отставания не было" in page
    assert "Судить об эффекте рано" in page
    assert f"a fault became known after slice {task['slice']}, 62 minutes" in await text(
        board, f"/tasks/{task['task']}", "en"
    )
    assert f"чего на срезе {bare['slice']} не знали" in await text(board, f"/tasks/{bare['task']}")


@pytest.mark.parametrize("page", ["/agents/{agent}?date={date}", "/report?date={date}", "/tasks?date={date}"])
async def test_every_page_calls_it_by_its_name(board: httpx.AsyncClient, lifted: tuple[str, Known], page: str) -> None:
    """Not "there was a fault": in the time of the task there was none."""
    path = page.format(**lifted[1]["task"])
    assert "снята: отставания не было" in await text(board, path)
    assert "withdrawn: there was no lag" in await text(board, path, "en")


async def test_programs_are_told_too(board: httpx.AsyncClient, lifted: tuple[str, Known]) -> None:
    """The reason of the task, and when the case ended."""
    task, case = lifted[1]["task"], lifted[1]["case"]
    found = (await board.get("/api/v1/tasks", params={"date": str(task["date"])})).json()["rows"]
    assert {row["task"]: row["invalid"] for row in found if row.get("invalid")}[task["task"]] == "ground"
    rows = (await board.get("/api/v1/coaching", params={"date": str(case["date"])})).json()["rows"]
    assert [bool(row.get("lifted")) for row in rows if row["agent"] == case["agent"]] == [True]
    report = (await board.get("/api/v1/report", params={"date": str(task["date"])})).json()
    assert [one["invalid"] for one in report["tasks"] if one["task"] == task["task"]] == ["ground"]
    (told,) = [one for one in report["tasks"] if one["task"] == task["task"]]
    assert (told["expected"], told["since_done"]) == (None, None), "no effect of it"


async def test_a_lifted_case_is_closed_and_says_why(board: httpx.AsyncClient, lifted: tuple[str, Known]) -> None:
    """Nothing can be planned any more; nobody is said to be with the trainer for it; it is no case of the trainer's effect."""
    case = lifted[1]["case"]
    page = await text(board, f"/coaching/{case['case']}")
    assert "О сбое узнали позже, и с этой поправкой к тренеру бы не направили" in page
    assert "/plan" not in page
    assert "Новое направление к тренеру возможно с" not in page
    head = page.partition('data-part="lifted"')[0]
    assert "<span>отменена: о сбое узнали позже</span>" in head
    assert "закончена" not in head, "one word for how it stands"
    listed = await text(board, "/coaching")
    assert "Задач, о которых можно судить, ещё нет" in listed
    assert "Случаев, о которых можно судить, ещё нет" in listed
    assert "отменена: о сбое узнали позже" in listed[listed.index('data-part="cases-closed"') :]
    assert f"/coaching/{case['case']}" not in await text(board, "/tasks")
    assert "withdrawn: a fault became known later" in await text(board, f"/coaching/{case['case']}", "en")
