"""Buttons and the slash command of Slack: signed, by somebody we know, each once."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from schemas.floor import parse
from schemas.tables import alert_acts
from services.alerts.web.slack import SlackDoor
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.rows import close_row, slice_row, tell
from tests.services.alerts.test_acting import one, outage

pytestmark = pytest.mark.integration
SECRET = "s3cret"
SIGNED = FLOOR.replace("SLACK_BOT_TOKEN}", "SLACK_BOT_TOKEN}, signing_secret: {env: SIGN}")


async def send(day, path, fields, *, secret=SECRET, at=None):
    door = SlackDoor(day.engine, day, lambda: parse(SIGNED), {"SIGN": SECRET}, lambda: None)
    app = FastAPI()
    app.include_router(door.routes())
    body, stamp = urlencode(fields), str(int(at or time.time()))
    signed = "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signed}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        return await client.post(path, content=body, headers=headers)


def press(alert, action="alert.acknowledge", user="U0ANNA"):
    what = {"action_id": action, "value": alert, "action_ts": "1.2"}
    return {"payload": json.dumps({"type": "block_actions", "user": {"id": user}, "actions": [what]})}


async def test_a_button_is_done_once(engine):
    """Pressed, and sent again by Slack: one act, by the lead's name; the alert is hers."""
    day = await outage(engine)
    alert = (await one(day)).alert
    for _ in range(3):
        answer = await send(day, "/slack/interactions", press(alert))
        assert (answer.status_code, answer.json()["text"]) == (200, "Записано: Беру в работу.")
    assert len(await day.all(alert_acts)) == 1
    await day.look("10:05")
    assert (await one(day)).owner == "Хантеры"


@pytest.mark.parametrize("wrong", [{"secret": "other"}, {"at": 1_700_000_000}])
async def test_who_is_not_slack_gets_nothing(engine, wrong):
    """A wrong secret, or an old request sent once more: 401, nothing is written."""
    day = await outage(engine)
    answer = await send(day, "/slack/interactions", press((await one(day)).alert), **wrong)
    assert answer.status_code == 401
    assert await day.all(alert_acts) == []


async def test_strangers_and_nonsense(engine):
    """A user nobody named is told so; an alert that is none, a body that is none: no 5xx, no act."""
    day = await outage(engine)
    alert = (await one(day)).alert
    assert "notify.people" in (await send(day, "/slack/interactions", press(alert, user="U9"))).json()["text"]
    assert (await send(day, "/slack/interactions", press("no-id"))).status_code == 200
    assert (await send(day, "/slack/interactions", {"payload": "{"})).status_code == 400
    assert (await send(day, "/slack/interactions", {"payload": "[]"})).status_code == 400
    async with engine.connect() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(alert_acts))).scalar_one() == 0


async def test_the_command_answers_from_the_rows(engine):
    """/srez now, agent, slice, mute, anything else."""
    day = await outage(engine)
    await tell(engine, closes=[close_row()], slices=[slice_row("ivan")])

    async def say(text):
        answer = await send(day, "/slack/commands", {"user_id": "U0ANNA", "text": text, "trigger_id": "1"})
        assert answer.json()["response_type"] == "ephemeral"
        return answer.json()["text"]

    assert "Открыто происшествий: 1" in await say("now")
    assert await say("agent петров") == "Иван Петров, срез 11:00\nзвонки 7 / 12,4"
    assert "Хантеры: звонки 7 / 12,4" in await say("slice")
    assert "Нужна причина" in await say("mute 60")
    assert "Тихо до" in await say("mute 60 работы")
    assert "/srez now" in await say("что")
