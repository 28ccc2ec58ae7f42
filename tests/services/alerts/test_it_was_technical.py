"""“It was technical”, from the button to the next slice and back: norms, tasks, frozen rows, the message and the board."""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
import sqlalchemy as sa

from schemas.tables import (
    alert_acts,
    alert_transitions,
    alerts,
    coaching_revisions,
    slice_revisions,
    slices,
    tasks,
    technical,
)
from services.aggregator.closing.closer import Closer
from services.aggregator.closing.revising import Revising
from services.aggregator.live.floors import Floors
from services.aggregator.storage.line_days import LineDays
from services.kit.clock import Clock
from services.local.floors import apply
from tests.services.alerts.delivery.test_delivery import running, settled
from tests.services.alerts.payloads import floor as parse_floor
from tests.services.alerts.rows import at, call, tell
from tests.services.alerts.test_evaluation import Day
from tests.services.alerts.test_slack_door import SIGNED, press, send
from tests.services.board.conftest import board_on, client_of
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
PLAIN = "judgement: {overdispersion: 1, fdr: null, task_budget_share: null}\n"
TEXT = (
    SIGNED.replace("per_day: {calls: 80, presentations: 8}", "per_day: {calls: 80}")
    + "  people: [{name: Чужой, slack: U0OTHER, role: lead, team: farmers}]\n"
    + PLAIN
).replace("agents:\n", "  - {id: farmers}\nagents:\n", 1)
FLOOR = parse_floor(TEXT)
PEOPLE = ("ivan", "maria", "olga", "petr")


def a_morning():
    """Ten calls an hour are due of everybody; three do six, Ivan one. Nothing is wrong with the lines."""
    found = []
    for hour in range(9, 16):
        for number, agent in enumerate(PEOPLE):
            minutes = [30] if agent == "ivan" else range(number, 60, 10)
            found += [call(f"{hour:02}:{minute:02}:{10 * number:02}", agent, "pbx/trunk-a") for minute in minutes]
    return found


class Floor:
    """The services that a press goes through, each made anew whenever it is needed: nothing is remembered but in PostgreSQL."""

    def __init__(self, engine, pool, slack, deliveries):
        self.engine, self.pool, self.slack, self.deliveries = engine, pool, slack, deliveries
        self.day = Day(engine, TEXT)

    def _clock(self, clock):
        return Clock(at(clock), 1.0, time.time())

    def _floors(self, clock):
        return Floors(lambda: [(1, at("08:00"), FLOOR)], clock.now)

    async def close(self, clock):
        moment = self._clock(clock)
        closer = Closer(self.pool, moment, self._floors(moment), LineDays(self.pool, 4), lambda: None)
        assert await closer.close_due() == 1

    async def revise(self, clock):
        moment = self._clock(clock)
        return await Revising(self.pool, moment, self._floors(moment), LineDays(self.pool, 4)).look()

    async def look(self, clock):
        """alerts looks, and sends what it wrote."""
        self.day = Day(self.engine, TEXT)
        await self.day.look(clock)
        async with running(await self.deliveries(on=FLOOR)):
            await eventually(lambda: settled(self.engine), "everything to be delivered")

    async def press(self, clock, action, alert, user="U0ANNA", ts="1"):
        self.day.clock = at(clock)
        return await send(
            self.day, "/slack/interactions", press(alert, action, user, self.slack, ts), slack=self.slack, floor=TEXT
        )

    def message(self, alert):
        (found,) = [one for one in self.slack.messages if one.group_key == alert]
        return found.shown

    async def due(self, slice_, agent):
        query = sa.select(slices.c.target).where(
            slices.c.slice == slice_, slices.c.agent == agent, slices.c.step == "calls"
        )
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).scalar_one()

    async def in_question(self):
        """(slice, agent) → level, target as they would be now, the newest of each."""
        rows = await self.day.all(slice_revisions, slice_revisions.c.id)
        return {(row.slice, row.agent): (row.level, row.target, row.reason) for row in rows}


@pytest.fixture
async def floor_(engine, postgres_dsn, slack, deliveries) -> AsyncIterator[Floor]:
    pool = await asyncpg.create_pool(postgres_dsn, min_size=1, max_size=4)
    await tell(engine, facts=a_morning())
    yield Floor(engine, pool, slack, deliveries)
    await pool.close()


async def begun(floor_) -> str:
    """The slice of eleven is closed: the team is below its norm, Ivan below his team and has a task; the lead is told."""
    await floor_.close("11:03:03.5")
    (task,) = await floor_.day.all(tasks)
    assert (task.agent, task.step) == ("ivan", "calls")
    await floor_.look("11:04")
    (alert,) = await floor_.day.all(alerts)
    assert (alert.scope, alert.state, alert.kind) == ("team:hunters", "firing", "efficiency")
    assert "alert.technical" in floor_.message(alert.alert)
    return alert.alert


async def test_from_the_button_to_the_next_slice(floor_):
    """Pressed at 12:10: the morning leaves the norms, Ivan's task is lifted at one, eleven is in question, Slack says all."""
    alert = await begun(floor_)
    assert (await floor_.press("12:10", "alert.technical", alert)).status_code == 200
    await floor_.press("12:10", "alert.technical", alert)  # Slack sends it again
    assert floor_.slack.answered[-1]["text"] == "Записано: Это техника."
    await floor_.look("12:11")
    rows = await floor_.day.all(technical, technical.c.agent)
    assert [(row.agent, row.origin, row.alert) for row in rows] == [(who, "person", alert) for who in PEOPLE]
    assert {(row.started_at, row.ended_at) for row in rows} == {(at("00:00"), at("12:11"))}
    (act,) = await floor_.day.all(alert_acts)
    assert (act.kind, act.by, act.via, act.problem) == ("technical", "Хантеры", "slack", None)
    steps = await floor_.day.all(alert_transitions, alert_transitions.c.transition)
    assert [(one.state, one.what, one.by) for one in steps][-1] == ("invalidated", "technical", "Хантеры")
    shown = floor_.message(alert)
    assert "ниже нормы с 11:00 была техника, не люди" in shown
    assert "Из норм вычтено время 00:00–12:11: 4 агента" in shown
    assert "команда вернулась в норму" not in shown
    assert "alert.not_technical" in shown
    await floor_.close("13:03:03.5")
    (task, *_) = await floor_.day.all(tasks, tasks.c.opened)
    assert (task.result, round(task.evidence["verified"]["technical_min"])) == ("invalidated", 71)
    assert round(await floor_.due("13:00", "maria"), 6) == round(10 * 49 / 60, 6), "what is left of four hours"
    assert await floor_.revise("13:04") > 0
    assert await floor_.in_question() == {("11:00", who): ("not_enough_data", 0.0, "technical") for who in PEOPLE}
    assert {row.target for row in await floor_.day.all(slices) if (row.slice, row.step) == ("11:00", "calls")} == {
        20.0
    }, "the frozen row stays"


async def test_taken_back(floor_):
    """Half an hour later it turns out to have been no fault: the time counts again, everywhere, and the message says so."""
    alert = await begun(floor_)
    await floor_.press("12:10", "alert.technical", alert)
    await floor_.look("12:11")
    await floor_.revise("12:12")
    await floor_.press("12:40", "alert.not_technical", alert, ts="2")
    await floor_.look("12:41")
    assert await floor_.day.all(technical) == []
    (found,) = await floor_.day.all(alerts)
    assert (found.state, found.owner, found.resolved_at) == ("acknowledged", "Хантеры", None)
    shown = floor_.message(alert)
    assert "это была не техника" in shown
    assert "вся команда ниже нормы" in shown
    await floor_.revise("12:42")
    assert {was[1:] for was in (await floor_.in_question()).values()} == {(20.0, "withdrawn")}
    await floor_.close("13:03:03.5")
    assert await floor_.due("13:00", "maria") == 40.0
    (task, *_) = await floor_.day.all(tasks, tasks.c.opened)
    assert task.result == "not_done"
    assert await floor_.day.all(coaching_revisions) == []
    steps = await floor_.day.all(alert_transitions, alert_transitions.c.transition)
    assert [one.what for one in steps if one.what] == ["technical", "not_technical"], "both stay in the history"


async def test_only_who_may(floor_):
    """Somebody unknown, the lead of another team, and a press to take back what nobody said: nothing changes."""
    alert = await begun(floor_)
    await floor_.press("12:10", "alert.technical", alert, user="U0NOBODY")
    assert "notify.people" in floor_.slack.answered[-1]["text"]
    await floor_.press("12:10", "alert.technical", alert, user="U0OTHER")
    assert floor_.slack.answered[-1]["text"] == "Это другая команда: действовать может её руководитель."
    await floor_.press("12:10", "alert.not_technical", alert)
    await floor_.look("12:11")
    assert await floor_.day.all(technical) == []
    assert [row.problem for row in await floor_.day.all(alert_acts)] == ["not_said"]
    assert (await floor_.day.all(alerts))[0].state == "firing"


async def test_from_the_board(floor_, postgres_dsn):
    """The same two acts from the board, the first with its own hours and a note; the page offers what can be done, and says
    what was."""
    alert = await begun(floor_)
    await asyncio.to_thread(apply, postgres_dsn, TEXT, at("08:00"))
    service = board_on(postgres_dsn, now=at("12:10"))
    async with client_of(service) as board:

        async def post(act: str, **body: object) -> httpx.Response:
            headers = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
            return await board.post(f"/api/v1/alerts/{alert}/{act}", json=body, headers=headers)

        assert (await post("not_technical")).status_code == 409
        told = {"since": at("10:00").isoformat(), "until": at("11:00").isoformat(), "note": "CRM лежала"}
        assert (await post("technical", **told)).status_code == 202
        await floor_.look("12:11")
        rows = await floor_.day.all(technical)
        assert {(row.started_at, row.ended_at) for row in rows} == {(at("10:00"), at("11:00"))}
        page = (await board.get("/alerts?date=2026-11-23&lang=ru")).text
        assert "признано техникой" in page
        assert "CRM лежала" in page
        assert f"/api/v1/alerts/{alert}/not_technical" in page
        await floor_.revise("12:12")
        slices_page = (await board.get("/slices?date=2026-11-23&slice=11:00&lang=ru")).text
        assert "до среза было 60 минут сбоя" in slices_page
        assert (await post("not_technical", note="ошиблись кнопкой")).status_code == 202
        await floor_.look("12:13")
        assert await floor_.day.all(technical) == []
        assert "решение «техника» отменено" in (await board.get("/alerts?date=2026-11-23&lang=ru")).text
    await service.engine.dispose()
