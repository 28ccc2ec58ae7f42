"""What would be judged differently now is said beside what is frozen, in both languages; what stands again is not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of, text
from tests.support.seed_floor import NOW, seed
from tests.support.servers import fresh_database

Known = dict[str, Any]


async def _revise(dsn: str) -> Known:
    """One lagging row, the task it gave, and a coaching case: as if an hour of that time was found technical at last."""
    await seed(dsn)
    connection = await asyncpg.connect(dsn)
    row = await connection.fetchrow(
        "SELECT tasks.task, tasks.agent, tasks.step, tasks.date, tasks.slice, slices.done, slices.target, slices.level "
        "FROM tasks JOIN slices USING (date, slice, agent, step) WHERE tasks.result = 'not_done' AND level IN ('soft', 'hard') "
        "ORDER BY tasks.opened, tasks.agent LIMIT 1"
    )
    other = await connection.fetchrow(
        "SELECT agent, step, slice, target, level FROM slices WHERE date = $1 AND slice = $2 AND level = 'ok' AND agent <> $3 "
        "ORDER BY agent LIMIT 1",
        *(row["date"], row["slice"], row["agent"]),
    )
    insert = (
        'INSERT INTO slice_revisions (date, slice, agent, step, revised_at, done, reason, target, "index", p_below, level, '
        "technical_min) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0.9, 0.5, $9, $10)"
    )
    same = (row["date"], row["slice"])
    await connection.execute(insert, *same, row["agent"], row["step"], NOW, row["done"], "technical", 5.0, "ok", 62.0)
    await connection.execute(insert, *same, other["agent"], other["step"], NOW, 0, "technical", 1.0, "hard", 9.0)
    await connection.execute(
        insert, *same, other["agent"], other["step"], NOW, 0, "withdrawn", other["target"], other["level"], 0.0
    )
    await connection.execute(
        "INSERT INTO task_revisions (task, revised_at, result, technical_min, reason) "
        "VALUES ($1, $2, 'invalidated', 62, 'technical')",
        *(row["task"], NOW),
    )
    case = await connection.fetchval('SELECT "case" FROM coaching ORDER BY opened DESC LIMIT 1')
    await connection.execute(
        "INSERT INTO coaching_revisions (\"case\", revised_at, stands, reason) VALUES ($1, $2, false, 'technical')",
        case,
        NOW,
    )
    await connection.close()
    return {**dict(row), "case": case, "other": other["agent"]}


@pytest.fixture(scope="module")
def revised(postgres: EmbeddedPostgres) -> Iterator[tuple[str, Known]]:
    with fresh_database(postgres) as dsn:
        yield dsn, asyncio.run(_revise(dsn))


@pytest_asyncio.fixture
async def board(revised: tuple[str, Known]) -> AsyncIterator[httpx.AsyncClient]:
    service = board_on(revised[0])
    async with client_of(service) as client:
        yield client
    await service.engine.dispose()


async def test_the_slice_says_what_is_in_question(board: httpx.AsyncClient, revised: tuple[str, Known]) -> None:
    """One row of the slice, with the minutes and the corrected verdict; the row that stands again is not told of."""
    known = revised[1]
    page = await text(board, f"/slices?date={known['date']}&slice={known['slice']}")
    assert "1 оценка этого среза под вопросом: о сбое узнали позже" in page
    assert "Как известно теперь, до среза было 62 минуты сбоя" in page
    assert "с поправкой: в норме" in page
    assert "сильно отстаёт. Сама" not in page
    assert "1 verdict of this slice is in question" in await text(
        board, f"/slices?date={known['date']}&slice={known['slice']}", "en"
    )


async def test_the_agents_page_says_it(board: httpx.AsyncClient, revised: tuple[str, Known]) -> None:
    """Beside the slice and beside the task; nothing on the page of somebody whose row stands."""
    known = revised[1]
    page = await text(board, f"/agents/{known['agent']}?date={known['date']}")
    assert "с поправкой: в норме" in page
    assert "(под вопросом)" in page
    assert "под вопросом" not in await text(board, f"/agents/{known['other']}?date={known['date']}")


async def test_the_task_says_that_its_result_does_not_count(
    board: httpx.AsyncClient, revised: tuple[str, Known]
) -> None:
    """The verdict that gave it, and its result; the result itself stays."""
    page = await text(board, f"/tasks/{UUID(str(revised[1]['task']))}")
    assert "Задача дана по оценке, которая теперь под вопросом" in page
    assert "Результат под вопросом: 62 минуты этого времени были сбоем" in page
    assert "не сделано, и случайностью это не объяснить" in page
    assert "counts neither to the trainer nor as a repeat" in await text(board, f"/tasks/{revised[1]['task']}", "en")


async def test_the_case_is_marked(board: httpx.AsyncClient, revised: tuple[str, Known]) -> None:
    """On its own page and in the list; it stays."""
    assert "решают тренер и руководитель" in await text(board, f"/coaching/{revised[1]['case']}")
    assert "под вопросом: привело к этому время сбоя" in await text(board, "/coaching")


async def test_the_report_says_it(board: httpx.AsyncClient, revised: tuple[str, Known]) -> None:
    """How many verdicts of the slice; the task's result; as numbers too."""
    known = revised[1]
    page = await text(board, f"/report?date={known['date']}")
    assert "под вопросом 1 оценка" in page
    found = (await board.get("/api/v1/report", params={"date": str(known["date"])})).json()
    assert [one["questioned"] for one in found["slices"] if one["slice"] == known["slice"]] == [1]
    (task,) = [one for one in found["tasks"] if one["task"] == str(known["task"])]
    assert (task["result"], task["revised"]) == ("not_done", "invalidated")


async def test_the_api_gives_both(board: httpx.AsyncClient, revised: tuple[str, Known]) -> None:
    """The revised level and target beside the frozen ones, of that row alone; the result of the task that counts."""
    known, asked = revised[1], {"date": str(revised[1]["date"])}
    rows = (await board.get("/api/v1/slices", params=asked)).json()["rows"]
    (row,) = [row for row in rows if "revised" in row]
    assert (row["slice"], row["agent"], row["step"]) == (known["slice"], known["agent"], known["step"])
    assert (row["level"], row["revised"]) == (known["level"], "ok")
    assert (row["target"], row["revised_target"], row["technical_min"]) == (known["target"], 5.0, 62.0)
    tasks = (await board.get("/api/v1/tasks", params=asked)).json()["rows"]
    assert {task["task"]: (task["result"], task["revised"]) for task in tasks if "revised" in task} == {
        str(known["task"]): ("not_done", "invalidated")
    }
