"""Questions that a sender asks at the door: Zadarma's echo and MegaFon's contact are answered, and never journaled."""

import json

import pytest

from tests.services.ingest.web.asking import Endpoint, Memory

FLOOR = """
version: 1
floor: doors
timezone: Europe/Moscow
teams: [{id: hunters}]
sources:
  - {id: zadarma, provider: zadarma, secrets: {api_secret: {env: DOOR_SECRET}, path: {env: DOOR_PATH}}}
  - {id: megafon, provider: megafon, secrets: {crm_token: {env: DOOR_TOKEN}}}
  - {id: sealed, provider: megafon, secrets: {crm_token: {env: DOOR_TOKEN}, path: {env: DOOR_PATH}}}
"""


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> tuple[Endpoint, Memory]:
    for name in ("DOOR_SECRET", "DOOR_PATH", "DOOR_TOKEN"):
        monkeypatch.setenv(name, name.lower())
    memory = Memory()
    return Endpoint(memory, floor=FLOOR), memory


async def test_zadarmas_echo(door: tuple[Endpoint, Memory]) -> None:
    """The text is the whole body, as plain text, before anything is checked; another GET is not how it is posted to."""
    endpoint, memory = door
    answer = await endpoint.ask("/hooks/zadarma/door_path", method="GET", query=b"zd_echo=%3Cb%3E12+3")
    assert (answer.status, answer.body) == (200, b"<b>12 3")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (await endpoint.ask("/hooks/zadarma/door_path", method="GET", query=b"x=1")).status == 405
    assert (await endpoint.ask("/hooks/zadarma/door_path", b"event=NOTIFY_END&zd_echo=1")).status == 401
    assert memory.entries == []


async def test_megafons_question(door: tuple[Endpoint, Memory]) -> None:
    """Only who knows the token, and the path where there is one, is answered; what is no question is kept without its token."""
    endpoint, memory = door
    question = b"cmd=contact&phone=%2B79990001122&callid=inv-1&crm_token=door_token"
    answer = await endpoint.ask("/hooks/megafon", question)
    assert (answer.status, json.loads(answer.body), answer.headers["content-type"]) == (200, {}, "application/json")
    assert (await endpoint.ask("/hooks/megafon", question + b"x")).status == 401
    assert (await endpoint.ask("/hooks/sealed", question)).status == 401
    assert (await endpoint.ask("/hooks/sealed/door_path", question)).status == 200
    assert memory.entries == []
    event = b"cmd=event&type=INCOMING&callid=inv-1&crm_token=door_token&phone=1"
    assert (await endpoint.ask("/hooks/megafon", event)).status == 200
    assert [entry.body for entry in memory.entries] == [b"cmd=event&type=INCOMING&callid=inv-1&phone=1"]
