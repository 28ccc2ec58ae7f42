"""Buttons, forms and the slash command of Slack: signed, by somebody we know, each once; the same acts as on the board."""

import asyncio
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from schemas.acts import Talk
from schemas.floor import parse
from schemas.tables import alert_acts, task_acts, tasks
from services.acts.tasks import record
from services.alerts.notifiers import Making
from services.alerts.web.slack import SlackDoor
from services.alerts.wording import render
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.rows import at, close_row, slice_row, task_row, tell
from tests.services.alerts.test_acting import one, outage
from tests.services.alerts.test_evaluation import Day, steady
from tests.support.fake_slack import TOKEN

pytestmark = pytest.mark.integration
SECRET = "s3cret"
SIGNED = FLOOR.replace("SLACK_BOT_TOKEN}", "SLACK_BOT_TOKEN}, signing_secret: {env: SIGN}")


async def send(day, path, fields, *, secret=SECRET, stamped=None, slack=None, floor=SIGNED, **more):
    known = {"SIGN": SECRET, "SLACK_BOT_TOKEN": TOKEN}
    making = Making(known, slack.url if slack else "http://127.0.0.1:9/api/", 1)
    door = SlackDoor(day.engine, day, lambda: parse(floor), making, lambda: None, **more)
    app = FastAPI()
    app.include_router(door.routes())
    body, stamp = urlencode(fields), str(int(stamped or time.time()))
    signed = "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signed}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        answer = await client.post(path, content=body, headers=headers)
    if door._telling:
        await asyncio.wait(door._telling)
    return answer


def press(about, action="alert.acknowledge", user="U0ANNA", slack=None, ts="1.2"):
    what = {"action_id": action, "value": about, "action_ts": ts}
    where = {
        "response_url": slack.response_url if slack else "",
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    }
    return {"payload": json.dumps({"type": "block_actions", "user": {"id": user}, "actions": [what], **where})}


async def test_a_button_is_done_once(engine, slack):
    """Pressed, and sent again by Slack: one act, by the lead's name; the alert is hers, and only she is told so."""
    day = await outage(engine)
    alert = (await one(day)).alert
    for _ in range(3):
        answer = await send(day, "/slack/interactions", press(alert, slack=slack), slack=slack)
        assert (answer.status_code, answer.content) == (200, b"")
    said = {"text": "Записано: Беру в работу.", "response_type": "ephemeral", "replace_original": False}
    assert slack.answered == [said] * 3
    assert len(await day.all(alert_acts)) == 1
    await day.look("10:05")
    assert (await one(day)).owner == "Хантеры"


async def test_nobody_but_slack_is_told(engine, slack):
    """An answer's address is Slack's own, or the one that stands for it; any other is not called."""
    day = await outage(engine)
    sent = press((await one(day)).alert)
    other = json.loads(sent["payload"]) | {"response_url": slack.response_url}
    answer = await send(day, "/slack/interactions", {"payload": json.dumps(other)})
    assert answer.status_code == 200
    assert slack.answered == []
    assert len(await day.all(alert_acts)) == 1


@pytest.mark.parametrize("wrong", [{"secret": "other"}, {"stamped": 1_700_000_000}])
async def test_who_is_not_slack_gets_nothing(engine, wrong):
    """A wrong secret, or an old request sent once more: 401, nothing is written."""
    day = await outage(engine)
    answer = await send(day, "/slack/interactions", press((await one(day)).alert), **wrong)
    assert answer.status_code == 401
    assert await day.all(alert_acts) == []


async def test_strangers_and_nonsense(engine, slack):
    """A user nobody named is told so; an alert that is none, a body that is none: no 5xx, no act."""
    day = await outage(engine)
    alert = (await one(day)).alert
    await send(day, "/slack/interactions", press(alert, user="U9", slack=slack), slack=slack)
    assert "notify.people" in slack.answered[0]["text"]
    assert (await send(day, "/slack/interactions", press("no-id"))).status_code == 200
    assert (await send(day, "/slack/interactions", {"payload": "{"})).status_code == 400
    assert (await send(day, "/slack/interactions", {"payload": "[]"})).status_code == 400
    async with engine.connect() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(alert_acts))).scalar_one() == 0


async def test_the_command_answers_from_the_rows(engine):
    """/srez now, agent, slice, mute, in words of both languages; anything else is answered with what there is."""
    day = await outage(engine)
    await tell(
        engine,
        closes=[close_row()],
        slices=[slice_row("ivan"), slice_row("maria")],
        tasks=[task_row("ivan"), task_row("maria", dismissed_at=at("11:05")), task_row("petr", result="done")],
    )

    async def say(text, user="U0ANNA"):
        answer = await send(day, "/slack/commands", {"user_id": user, "text": text, "trigger_id": text})
        assert answer.json()["response_type"] == "ephemeral"
        return answer.json()["text"]

    now = await say("now")
    assert now.startswith("Сейчас, 10:04. Отдел\nХантеры: звонки 204 / 42, ответили 200, презентации 0 / 4,2")
    assert "Данные полные." in now
    assert "Открыто происшествий: 1" in now
    assert "Задач открыто: 1" in await say("")
    assert await say("agent петров") == "Иван Петров, срез 11:00\nзвонки 7 / 12,4"
    assert await say("АГЕНТ maria") == "Мария Соколова, срез 11:00\nзвонки 7 / 12,4"
    assert await say("agent а") == "Подходят несколько: Иван Петров, Мария Соколова, Ольга Край."
    assert await say("agent никто") == "Нет агента «никто»."
    assert "Нужно имя" in await say("agent")
    assert "Хантеры: звонки 14 / 24,8" in await say("срез")
    assert "Нужны срок и причина" in await say("mute 60")
    assert "от минуты до недели" in await say("mute 99999 работы")
    assert await say("mute 60 работы") == "Тихо до 11:04: работы. Всё видно на доске."
    assert "Тихо до 12:04" in await say("тихо 2ч CRM обновляют")
    assert "/srez now" in await say("help")
    assert (await say("что")).startswith("Такого слова нет: что.\nМожно так: /srez now")
    assert "notify.people" in await say("now", "U9")
    made = await day.all(alert_acts, alert_acts.c.at)
    assert [(row.kind, row.arguments["match"]) for row in made] == [
        ("silence", {"kind": "efficiency", "team": "hunters"})
    ] * 2


async def test_an_english_floor_answers_in_english(engine):
    """The words are the floor's language."""
    day = await outage(engine)
    english = SIGNED.replace("language: ru", "language: en")
    answer = await send(day, "/slack/commands", {"user_id": "U0ANNA", "text": "nonsense"}, floor=english)
    assert answer.json()["text"].startswith("No such word: nonsense.\nTry: /srez now")


@pytest.fixture
async def given(engine):
    """At 11:00 ivan was given a task; the message of the slice and its thread are written."""
    day = Day(engine, SIGNED)
    await tell(
        engine, facts=steady(minutes=130), closes=[close_row()], slices=[slice_row("ivan")], tasks=[task_row("ivan")]
    )
    await day.look("11:03")
    return day


TASK = task_row("ivan")["task"]


def form(name, values, user="U0ANNA", view="V1"):
    told = {"id": view, "callback_id": name, "private_metadata": TASK, "state": {"values": values}}
    return {"payload": json.dumps({"type": "view_submission", "user": {"id": user}, "view": told})}


def typed(**values):
    return {name: {name: value if isinstance(value, dict) else {"value": value}} for name, value in values.items()}


async def newest(day, form):
    return [row for row in await day.box() if row.payload["form"] == form][-1].payload


async def test_confirmed_and_talked_over_from_slack(given, slack):
    """Each press, repeated by Slack, is one act of the lead; the message of the slice and the thread tell it."""
    for action, ts in (("task.confirm", "1.1"), ("task.talk", "1.2"), ("task.talk", "1.2"), ("task.confirm", "1.1")):
        answer = await send(given, "/slack/interactions", press(TASK, action, slack=slack, ts=ts), slack=slack)
        assert answer.status_code == 200
    acts = await given.all(task_acts, task_acts.c.id)
    assert [(row.act, row.by, row.arguments) for row in acts] == [
        ("confirm", "Хантеры", {}),
        ("talk", "Хантеры", {"at": at("11:03").strftime("%Y-%m-%dT%H:%M:%SZ"), "note": ""}),
    ]
    assert (await given.all(tasks))[0].state == "confirmed"
    await given.look("11:04")
    main, thread = render(await newest(given, "slice")), render(await newest(given, "task"))
    assert main.sections[0].lines[0].endswith("Подтверждена, разговор был")
    assert thread.sections[-1].lines == (
        "11:03, Хантеры: задача подтверждена.",
        "11:03, Хантеры: разговор с агентом.",
    )
    assert "task.confirm" not in [one.name for one in thread.buttons]
    assert await given.look("11:05") == 0


async def test_the_entry_of_a_menu_is_the_same_as_the_button(given, slack):
    """Chosen beside the task in the message of the slice."""
    told = json.loads(press("", "menu", slack=slack)["payload"])
    told["actions"][0] |= {"selected_option": {"value": f"task.confirm:{TASK}"}}
    await send(given, "/slack/interactions", {"payload": json.dumps(told)}, slack=slack)
    assert [row.act for row in await given.all(task_acts)] == ["confirm"]
    assert slack.answered[0]["text"] == "Записано: Подтвердить."


async def test_edited_by_a_form(given, slack):
    """The form shows what stands; a target that is none is said in the form; sent, and sent again, it is one act."""
    await send(given, "/slack/interactions", press(TASK, "task.edit", slack=slack), slack=slack)
    ((_, opened),) = [call for call in slack.calls if call[0] == "views.open"]
    fields = {one["block_id"]: one["element"] for one in opened["view"]["blocks"] if one["type"] == "input"}
    assert (opened["trigger_id"][:5], fields["target"]["initial_value"], "initial_value" in fields["what"]) == (
        "13345", "21", False,
    )  # fmt: skip
    bad = await send(given, "/slack/interactions", form("task.edit", typed(target="много", what="")))
    assert bad.json() == {"response_action": "errors", "errors": {"target": "Нужно целое число от 1 до 10 000"}}
    for _ in range(2):
        done = await send(given, "/slack/interactions", form("task.edit", typed(target="12", what="Звонить тёплым")))
        assert (done.status_code, done.content) == (200, b"")
    (act,) = await given.all(task_acts)
    assert (act.act, act.arguments) == ("edit", {"target": 12, "what": "Звонить тёплым", "was": 21})
    (task,) = await given.all(tasks)
    assert (task.target, task.issued, task.state) == (12, 21, "confirmed")
    await given.look("11:04")
    thread = render(await newest(given, "task"))
    assert thread.title.startswith("Иван Петров: 12 звонков")
    assert "Что делать: Звонить тёплым" in thread.sections[-2].lines
    assert thread.sections[-1].lines[0] == "11:03, Хантеры: цель 12 вместо 21."


async def test_dismissed_with_a_reason(given, slack):
    """“Other” needs a note; the message says who and why, and offers nothing more about it."""
    await send(given, "/slack/interactions", press(TASK, "task.dismiss", slack=slack), slack=slack)
    other, absent = ({"selected_option": {"value": one}} for one in ("other", "absent"))
    bad = await send(given, "/slack/interactions", form("task.dismiss", typed(reason=other, note=" ")))
    assert bad.json()["errors"] == {"note": "Напишите, какая это причина"}
    done = await send(given, "/slack/interactions", form("task.dismiss", typed(reason=absent, note="у врача")))
    assert done.content == b""
    late = await send(given, "/slack/interactions", form("task.edit", typed(target="5", what=""), view="V2"))
    assert late.json()["errors"] == {"target": "Задача уже снята."}
    await given.look("11:04")
    main, thread = render(await newest(given, "slice")), render(await newest(given, "task"))
    assert "снята руководителем: не было на месте" in main.sections[0].lines[0]
    assert thread.sections[-1].lines == ("11:03, Хантеры: задача снята, не было на месте: у врача.",)
    assert [one.name for one in thread.buttons] == ["task.open"]


async def test_only_the_tasks_own_lead_and_the_head(given, slack):
    """A lead of another team, a stranger, a task that is none, one that was verified: told, nothing is written."""
    people = "  people: [{name: Пётр, role: lead, team: farmers, slack: U0PETR}]\n"
    teams = SIGNED.replace("agents:\n", "  - {id: farmers, name: Фермеры}\nagents:\n", 1) + people
    for user in ("U0PETR", "U9"):
        await send(given, "/slack/interactions", press(TASK, "task.confirm", user, slack), slack=slack, floor=teams)
        await send(given, "/slack/interactions", press(TASK, "task.edit", user, slack), slack=slack, floor=teams)
    other = form("task.dismiss", typed(reason={"selected_option": {"value": "absent"}}, note=""), "U0PETR")
    assert "другая команда" in (await send(given, "/slack/interactions", other, floor=teams)).text
    await send(given, "/slack/interactions", press("no-id", "task.talk", slack=slack), slack=slack)
    async with given.engine.begin() as connection:
        await connection.execute(sa.update(tasks).values(result="done", verified=at("11:02")))
    await send(given, "/slack/interactions", press(TASK, "task.talk", slack=slack, ts="9.9"), slack=slack)
    assert await given.all(task_acts) == []
    assert slack.views == []
    assert [one["text"].partition(":")[0] for one in slack.answered] == [
        *["Это другая команда"] * 2, *["Вас нет в файле отдела"] * 2, "Такой задачи нет.", "Задача уже проверена.",
    ]  # fmt: skip


async def test_a_form_that_slack_does_not_open_is_said(given, slack):
    """An app without rights, or a trigger that is too old."""
    slack.next("views.open", "expired_trigger_id")
    await send(given, "/slack/interactions", press(TASK, "task.edit", slack=slack), slack=slack)
    assert slack.answered[0]["text"] == "Slack не открыл окно (expired_trigger_id). То же можно сделать на доске."


async def test_what_is_done_on_the_board_shows_in_slack(given):
    """An act of the board about a task whose message is older than the newest slice's: both its places tell it."""
    await tell(given.engine, closes=[close_row("13:00")], slices=[slice_row("ivan", slice_="13:00")])
    await given.look("13:04")
    async with given.engine.begin() as connection:
        await record(connection, TASK, Talk(at=at("13:10")), at("13:11"), "Олег")
    await given.look("13:12")
    told = [row.payload for row in await given.box() if row.payload.get("slice") == "11:00" and row.state == "pending"]
    assert sorted(one["form"] for one in told) == ["slice", "task"]
    assert all(any("Олег" in line or "разговор был" in line for section in render(one).sections for line in section.lines)
               for one in told)  # fmt: skip
    assert await Day(given.engine, SIGNED).look("13:13") == 0
