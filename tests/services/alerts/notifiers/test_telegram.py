"""Telegram: what it is sent, what its refusals mean; buttons from known chats and people, each once."""

import json

import httpx
import pytest

from schemas.floor import parse
from schemas.tables import alert_acts
from services.alerts.notifiers import Making
from services.alerts.notifiers.base import Gone, Reference, Slow
from services.alerts.notifiers.telegram import MAX_DATA, MAX_TEXT, Telegram, text
from services.alerts.web.telegram import TelegramDoor, chats
from services.alerts.wording import render
from services.alerts.wording.content import Content, Section
from tests.services.alerts.payloads import FLOOR, LINE, but
from tests.services.alerts.test_acting import one, outage

CONTENT = render(but(LINE, alert="7f815d4c-aa3e-5126-8536-beeed45fba91"))
NAMED = FLOOR.replace("  routes:", "    - {id: tg, kind: telegram, token: {env: TG}, channel: '-100'}\n  routes:") + (
    "  head: {name: Олег, telegram: '42'}\n"
)


def telegram(*answers):
    """A notifier before a Telegram that gives these answers, and what it was asked."""
    found, asked, left = Telegram("1:t", base_url="https://t", timeout_s=1), [], list(answers)

    def handle(request):
        asked.append((request.url.path.rpartition("/")[2], json.loads(request.content)))
        status, body = left.pop(0) if left else (200, {"ok": True, "result": {"message_id": 7}})
        return httpx.Response(status, json=body)

    found._bot._client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    return found, asked


async def test_a_message_with_buttons():
    """The title is bold, buttons name act and alert within 64 bytes, an edit names the message."""
    found, asked = telegram()
    sent = await found.post("-100", CONTENT, Reference("a", 0))
    await found.update("-100", sent.ts, CONTENT, Reference("a", 1))
    (method, body), (edit, edited) = asked
    assert (method, edit, edited["message_id"]) == ("sendMessage", "editMessageText", 7)
    assert body["text"].startswith(f"<b>{CONTENT.title}</b>\n")
    keys = [row[0] for row in body["reply_markup"]["inline_keyboard"]]
    assert [key["text"] for key in keys] == ["Беру в работу", "Тихо 1 час", "Это техника"]
    assert all(len(key["callback_data"].encode()) <= MAX_DATA for key in keys)


async def test_refusals():
    """The same text is no error; a message that is gone is posted anew; 429 says how long."""
    same = (400, {"ok": False, "description": "Bad Request: message is not modified: …"})
    gone = (400, {"ok": False, "description": "Bad Request: message to edit not found"})
    slow = (429, {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 9}})
    found, _ = telegram(same, gone, slow)
    assert (await found.update("-100", "7", CONTENT, Reference("a", 1))).ts == "7"
    with pytest.raises(Gone):
        await found.update("-100", "7", CONTENT, Reference("a", 2))
    with pytest.raises(Slow) as error:
        await found.post("-100", CONTENT, Reference("a", 3))
    assert error.value.retry_after_s == 9


def test_text_keeps_to_the_limit():
    """Whole lines only; data cannot write markup."""
    long = Content("<b>&", (Section(tuple("<x>" * 100 for _ in range(60))),), more="+{n}", link=("Board", "https://b"))
    told = text(long)
    assert len(told) <= MAX_TEXT
    assert told.startswith("<b>&lt;b&gt;&amp;</b>\n&lt;x&gt;")
    assert told.endswith('<a href="https://b">Board</a>')


def pressed(alert, chat=-100, user=42, name="alert.acknowledge"):
    query = {"id": "q1", "from": {"id": user}, "message": {"chat": {"id": chat}}, "data": f"{name}:{alert}"}
    return {"update_id": 1, "callback_query": query}


@pytest.mark.integration
async def test_a_button_is_done_once(engine):
    """Pressed, and fetched again after a crash: one act, by the head; the alert is his."""
    day = await outage(engine)
    alert = (await one(day)).alert
    found, asked = telegram()
    door = TelegramDoor(day.engine, day, lambda: parse(NAMED), Making({}, "", 1), lambda: None, 1)
    for _ in range(2):
        await door.take(found._bot, pressed(alert))
    assert [body["text"] for _, body in asked] == ["Записано: Беру в работу."] * 2
    assert [(row.by, row.via) for row in await day.all(alert_acts)] == [("Олег", "telegram")]
    await day.look("10:05")
    assert (await one(day)).owner == "Олег"


@pytest.mark.integration
@pytest.mark.parametrize(("wrong", "answers"), [({"chat": -999}, 0), ({"user": 43}, 1), ({"name": "alert.delete"}, 0)])
async def test_strangers_change_nothing(engine, wrong, answers):
    """Another chat is not heard at all; somebody unknown in ours is told so."""
    day = await outage(engine)
    found, asked = telegram()
    door = TelegramDoor(day.engine, day, lambda: parse(NAMED), Making({}, "", 1), lambda: None, 1)
    await door.take(found._bot, pressed((await one(day)).alert, **wrong))
    assert len(asked) == answers
    assert await day.all(alert_acts) == []


def test_chats_are_those_of_the_floor_file():
    assert chats(parse(NAMED)) == {"-100", "42"}
