"""The day report: the same numbers as the rest of the product says, in both languages, of any day."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date as Date
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from schemas import tables
from schemas.floor import parse
from services.board.app import Service
from services.board.report.day import last_day
from services.local.postgres import EmbeddedPostgres
from services.rules.effect import effect
from tests.services.board.conftest import board_on, client_of
from tests.support.seed_floor import NOW, floor_text, seed
from tests.support.servers import fresh_database

FLOOR = parse(floor_text("ru"))
EVENING = NOW + timedelta(hours=4)
"""18:36 in Moscow: the last slice is closed."""
MONDAY = Date(2026, 11, 23)


@pytest.fixture(scope="module")
def evening_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    with fresh_database(postgres) as dsn:
        asyncio.run(seed(dsn, now=EVENING))
        yield dsn


@pytest_asyncio.fixture
async def evening(evening_dsn: str) -> AsyncIterator[Service]:
    found = board_on(evening_dsn, now=EVENING)
    yield found
    await found.engine.dispose()


async def told(client: httpx.AsyncClient, date: str = "") -> dict[str, Any]:
    answer = await client.get("/api/v1/report", params={"date": date} if date else {})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_the_day_adds_up(evening: Service) -> None:
    """The floor is the sum of its teams, a team of its agents, the slices and sources are all there."""
    async with client_of(evening) as client:
        found = await told(client)
    assert (found["date"], found["working"], found["over"]) == ("2026-11-23", True, True)
    assert found["as_of"].endswith("+03:00")
    whole, *teams = found["scopes"]
    assert [one["scope"] for one in found["scopes"]] == ["floor:main", "team:hunters", "team:farmers"]
    for at, step in enumerate(whole["steps"]):
        assert step["done"] == sum(team["steps"][at]["done"] for team in teams)
        assert step["done"] == sum(agent["steps"][at]["done"] for agent in found["agents"])
        assert step["due"] == pytest.approx(sum(agent["steps"][at]["due"] for agent in found["agents"]), abs=1e-4)
    paid = {one["kind"]: one["minor"] for one in whole["money"]}
    assert paid["payments"] == sum(one["minor"] for team in teams for one in team["money"] if one["kind"] == "payments")
    assert found["month"]["plan_minor"] == 3_710_000_000
    assert [one["slice"] for one in found["slices"]] == ["11:00", "13:00", "16:00", "18:00"]
    assert {one["source"] for one in found["sources"]} == {"mango-main", "fs-office", "bitrix", "own"}
    assert sum(one["unattributed"] for one in found["sources"]) == 4


async def test_an_outage_lowers_what_is_due_but_not_the_plan(evening: Service) -> None:
    """Three agents lost 14:31–18:00: their due shrinks by it, the plan of the day stays, the incident says how much."""
    async with client_of(evening) as client:
        found = await told(client)
    agents = {one["agent"]: one for one in found["agents"]}
    lost_min = agents["alina"]["technical_min"]
    assert lost_min == pytest.approx(208.9, abs=0.2)
    assert agents["alina"]["steps"][0]["due"] == pytest.approx(80 * (480 - lost_min) / 480, abs=0.1)
    hunters = found["scopes"][1]["steps"][0]
    assert hunters["plan"] == 800
    assert hunters["due"] == pytest.approx(800 - 3 * 80 * lost_min / 480, abs=0.3)
    silence, outage = found["incidents"]
    assert (silence["scope"], silence["state"], silence["technical_min"]) == ("source:bitrix", "resolved", 0)
    assert (outage["scope"], outage["resolved_at"]) == ("line:mango-main/trunk-b", None)
    assert outage["agents"] == ["alina", "timur", "vera"]
    assert outage["technical_min"] == pytest.approx(3 * lost_min, abs=0.3)


async def test_slices_say_when_they_were_closed_and_what_was_wrong(evening: Service) -> None:
    """The CRM was silent at 11:00; what came late is counted at its slice and once for the day."""
    async with client_of(evening) as client:
        found = await told(client)
    first, *rest = found["slices"]
    assert first["closed_at"].startswith("2026-11-23T11:03")
    assert {team["team"]: team["reasons"]["payments"] for team in first["untrusted"]} == {
        "hunters": ["silent:bitrix"],
        "farmers": ["silent:bitrix"],
    }
    assert [one["untrusted"] for one in rest] == [[], [], []]
    assert first["late"] == found["late"] > 0
    assert sum(one["tasks"] for one in found["slices"]) == found["task_counts"]["given"]


async def test_a_task_is_measured_against_what_was_to_be_expected(evening: Service) -> None:
    """Before, since and without it: the numbers its verification froze, through the rule of the product."""
    async with client_of(evening) as client:
        found = await told(client)
    measured = [one for one in found["tasks"] if one["since_done"] is not None]
    assert measured
    for one in measured:
        should = effect(
            one["before_done"],
            one["before_due"],
            one["since_done"],
            one["since_due"],
            FLOOR.judgement.of(one["team"], one["step"]),
        )
        assert (one["low"], one["high"]) == (should.low, should.high)
        assert one["expected"] == pytest.approx(should.expected, abs=1e-5)
    for one in found["tasks"]:
        assert (one["expected"] is None) == (one["result"] is None)
    assert found["task_counts"]["verified"] == len(measured)


async def test_a_withdrawn_task_is_not_measured(postgres: EmbeddedPostgres) -> None:
    """Technical minutes ate it: nothing is said of its effect; a task of Friday verified today counts as verified."""
    with fresh_database(postgres) as dsn:
        await seed(dsn, now=EVENING)
        service = board_on(dsn, now=EVENING)
        async with service.engine.begin() as connection:
            chosen = sa.select(tables.tasks.c.task).where(tables.tasks.c.result.is_not(None)).limit(1).scalar_subquery()
            await connection.execute(
                sa.update(tables.tasks)
                .where(tables.tasks.c.task == chosen)
                .values(result="invalidated", date=MONDAY - timedelta(days=3))
            )
        async with client_of(service) as client:
            found = await told(client)
            friday = await told(client, "2026-11-20")
        await service.engine.dispose()
    (task,) = [one for one in found["tasks"] if one["result"] == "invalidated"]
    assert (task["since_done"], task["expected"], task["low"]) == (None, None, None)
    assert found["task_counts"]["results"]["invalidated"] == 1
    assert found["task_counts"]["given"] == len(found["tasks"]) - 1
    assert friday["task_counts"] == {"given": 1, "verified": 0, "results": {}}


async def test_in_the_middle_of_a_day(client: httpx.AsyncClient) -> None:
    """Today so far: due by now, not over, two slices not closed yet."""
    found = await told(client)
    assert found["over"] is False
    assert [one["closed_at"] is None for one in found["slices"]] == [False, False, True, True]
    assert found["scopes"][2]["steps"][0]["due"] < found["scopes"][2]["steps"][0]["plan"]
    page = (await client.get("/report?lang=en")).text
    assert "The day is still running: data as of 14:3" in page
    assert page.count("not closed") == 2


async def test_another_day_is_seen_as_it_ended(client: httpx.AsyncClient) -> None:
    """Friday: payments and a coaching case; Sunday: no norms, no slices, nobody; next year: not begun."""
    friday, sunday = await told(client, "2026-11-20"), await told(client, "2026-11-22")
    assert [(one["agent"], one["recheck_on"]) for one in friday["coaching"]] == [("denis", "2026-11-27")]
    assert friday["scopes"][0]["steps"][5]["done"] == 18
    assert (friday["over"], friday["incidents"]) == (False, [])
    assert (sunday["working"], sunday["slices"], sunday["agents"]) == (False, [], [])
    assert sunday["scopes"][0]["steps"][0]["plan"] is None
    assert "Нерабочий день" in (await client.get("/report?date=2026-11-22")).text
    assert "Этот день ещё не начался" in (await client.get("/report?date=2027-01-13")).text


@pytest.mark.parametrize(
    ("date", "begun", "wanted"),
    [
        (MONDAY, True, MONDAY),
        (MONDAY, False, Date(2026, 11, 20)),
        (Date(2026, 11, 22), True, Date(2026, 11, 20)),
        (Date(2026, 11, 24), False, MONDAY),
    ],
)
def test_the_day_that_is_shown_first(date: Date, begun: bool, wanted: Date) -> None:
    """Today once its work has begun; before, and on a day off, the last working day."""
    assert last_day(FLOOR, date, begun) == wanted


async def test_before_work_yesterday_is_shown(seeded_dsn: str) -> None:
    """At seven on Monday morning the report is Friday's."""
    service = board_on(seeded_dsn, now=NOW.replace(hour=4))
    async with client_of(service) as client:
        assert (await told(client))["date"] == "2026-11-20"
    await service.engine.dispose()


async def test_names_can_be_hidden(service: Service, client: httpx.AsyncClient) -> None:
    """A floor that hides names prints numbers."""
    today = await service.live.reload()
    hidden = today.floor.board.model_copy(update={"hide_names": True})
    today.floor = today.floor.model_copy(update={"board": hidden})
    text = (await client.get("/report")).text
    assert "№\u00a01" in text
    assert not any(agent.title in text for agent in today.floor.agents)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ru", ("Итоги дня", "День закончен", "План и факт", "Хантеры, Фермеры: молчит источник bitrix", "Печать")),
        ("en", ("Day report", "The day is over", "Plan and actual", "source bitrix is silent", "Print")),
    ],
)
async def test_the_page_says_it(evening: Service, language: str, said: tuple[str, ...]) -> None:
    """Sections, doubts and the print button, without a script in the page."""
    async with client_of(evening) as client:
        text = (await client.get("/report", params={"lang": language})).text
    assert [words for words in said if words not in text] == []
    assert 'media="print"' in text
    assert "data-print" in text
