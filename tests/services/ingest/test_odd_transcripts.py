"""Transcripts as speech services really send them, posted to a real ingest and looked at on a real board.

Whatever comes: it is answered, kept, read by the form of its time, and every page of it opens.
"""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.kit.clock import Clock
from tests.services.ingest.conftest import FLOOR, SECRETS, apply_floor
from tests.services.ingest.events import body, signed
from tests.support.running import Services, embedded_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FORM = """
quality:
  card:
    id: spring
    version: {version}
    title: Весна
    items:
      - {{id: hello, title: Приветствие, weight: 50, critical: true, stage: contact, phrases: ["{phrase}"]}}
      - {{id: offer, title: Предложение, weight: 50, stage: presentation, phrases: ["расскажу о"]}}
"""
OLD, NEW = (FLOOR + FORM.format(version=n, phrase=phrase) for n, phrase in ((1, "добрый день"), (2, "здравствуйте")))


def said(channel: str, start: float, end: float, text: str) -> dict[str, Any]:
    return {"channel": channel, "start_s": start, "end_s": end, "text": text}


HELLO = [said("agent", 0, 2, "Добрый день, меня зовут Иван"), said("customer", 2, 3, "Здравствуйте")]
ODD: dict[str, Any] = {
    "empty": [],
    "one-channel": [said("mono", 0, 600, "Добрый день! Расскажу о тарифах. Да, интересно.")],
    "overlapping": [
        said("agent", 0, 30, "Добрый день, расскажу"),
        said("customer", 1, 4, "Алло"),
        said("agent", 5, 9, "о ценах"),
    ],
    "backwards": [
        said("agent", 50, 40, "Добрый день"),
        said("customer", 30, 20, "Кто это?"),
        said("agent", 10, 0, "Расскажу о"),
    ],
    "three-hours": [
        said(("agent", "customer")[n % 2], 4.0 * n, 4.0 * n + 3, f"Расскажу о тарифе номер {n}, добрый день")
        for n in range(2700)
    ],
    "emoji": [
        said(
            "agent",
            0,
            2,
            "Добрый день \U0001f44b\U0001f3fd \u202eзадом\u202c \u200b <b>жирно</b> расскажу о \U0001f680",
        )
    ],
    "mixed": [
        said("agent", 0, 2, "Hello, добрый день, this is Иван from Romashka"),
        said("agent", 3, 5, "Sorry, I'll расскажу о pricing"),
    ],
    "blank": [said("agent", 0, 0, ""), said("agent", 0, 0, "   "), said("", 1, 2, "…")],
}

NOT_SEEN = "Машина не нашла"
EXPECTED = {
    "empty": ("слов в ней нет",),
    "blank": (NOT_SEEN,),
    "one-channel": ("не отмечено, где говорит агент",),
    "overlapping": ("«Добрый день, расскажу о ценах»",),
    "backwards": ("«Расскажу о»", "«Добрый день»"),
    "emoji": ("\U0001f680", "<b>жирно</b>"),
    "mixed": ("«Sorry, I'll расскажу о pricing»",),
    "stranger": ("оценивать некого",),
    "again": ("Весна, версия 1", "«Алло, расскажу о ценах»", "Есть оценки по форме", "autumn (версия 7)"),
    "early": ("Весна, версия 1", "«Расскажу о ценах»"),
    "three-hours": ("3:00:00", "номер 2698"),
}


def transcript(call: str, segments: list[dict[str, Any]], minute: float = 0, **more: Any) -> dict[str, Any]:
    at = NOW - timedelta(minutes=60 - minute)
    data = {"call_id": f"own:{call}", "identity": "222", "language": "ru", "segments": segments, **more}
    return event("call.transcribed", f"t-{call}", at, data)


def ended(call: str, minute: float = 0, talk_s: float = 60) -> dict[str, Any]:
    at = NOW - timedelta(minutes=60 - minute)
    data = {
        "call_id": f"own:{call}", "identity": "222", "direction": "outbound", "talk_s": talk_s, "ended_at": at.isoformat(),
        "started_at": (at - timedelta(seconds=talk_s + 10)).isoformat(), "disposition": "answered",
    }  # fmt: skip
    return event("call.ended", call, at, data)


def score(call: str, by: str, card: str, version: int, marks: dict[str, Any]) -> dict[str, Any]:
    data = {
        "call_id": f"own:{call}",
        "identity": "222",
        "by": by,
        "card": card,
        "card_version": version,
        "marks": marks,
    }
    return event("call.scored", f"s-{call}-{by}", NOW - timedelta(minutes=10), data)


def event(kind: str, id_: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": id_, "type": f"srez.{kind}.v1", "source": "/own", "time": at.isoformat(), "data": data,
    }  # fmt: skip


async def test_whatever_speech_services_send(
    services: Services, postgres_dsn: str, broker: str, connections: Any
) -> None:
    """Nothing is a 500, nothing is lost, each card opens and says what was found by its own form."""
    anchor = datetime.now(UTC).timestamp()
    clock = {"SREZ_CLOCK": NOW.isoformat(), "SREZ_CLOCK_ANCHOR": str(anchor)}
    environment = {**embedded_environment(postgres_dsn, broker), **SECRETS, **clock}
    now = Clock.parse(NOW.isoformat(), str(anchor)).now
    await apply_floor(connections, OLD)
    await connections.execute("UPDATE floors SET applied_at = $1", NOW - timedelta(days=3))
    ingest, board = services.start("ingest", environment), services.start("board", environment)
    ingest.wait_ready()
    board.wait_ready()

    async with httpx.AsyncClient(timeout=30) as http:

        async def post(*events: dict[str, Any], raw: bytes | None = None) -> int:
            sent = raw if raw is not None else body(*events)
            headers = signed(sent, stamp=int(now().timestamp()), many=len(events) > 1)
            return (await http.post(f"{ingest.url}/hooks/own", content=sent, headers=headers)).status_code

        async def settled() -> None:
            await eventually(
                lambda: connections.fetchval(
                    "SELECT NOT EXISTS (SELECT FROM journal WHERE state = 'new') "
                    "AND NOT EXISTS (SELECT FROM readings WHERE made_at IS NULL)"
                ),
                "everything to be read",
            )

        async def page(path: str) -> str:
            answer = await http.get(f"{board.url}{path}", params={"lang": "ru"})
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
            return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))

        for minute, (name, segments) in enumerate(ODD.items()):
            assert await post(ended(name, minute, 10_800 if name == "three-hours" else 60)) == 200, name
            assert await post(transcript(name, segments, minute)) == 200, name
        # before its call
        assert await post(transcript("early", HELLO, 20)) == 200
        await settled()
        assert "добрый день" in (await page("/quality/calls/own:early")).lower()
        assert await post(ended("early", 21)) == 200
        # told again with another text, and by another id
        assert await post(ended("again", 22), transcript("again", HELLO, 22)) == 200
        assert await post(transcript("again", [said("agent", 0, 2, "Алло, расскажу о ценах")], 22)) == 200
        # nobody's call, an unknown form, and marks nobody knows
        assert await post(transcript("stranger", HELLO, 23, identity="999")) == 200
        assert await post(score("again", "petrova", "autumn", 7, {"hello": 1, "smile": 0.7})) == 200
        assert await post(score("again", "sidorova", "spring", 1, {"hello": 0, "offer": 1})) == 200
        assert await post(score("early", "petrova", "spring", 1, {"hello": 1, "offer": None})) == 200
        # what no transcript is
        refused = [
            {**transcript("bad1", HELLO), "data": {"call_id": "own:bad1", "language": "ru", "segments": "text"}},
            transcript("bad2", [said("agent", -5, 2, "Добрый день")]),
            transcript("bad3", [{"channel": "agent", "start_s": "soon", "end_s": 1, "text": "x"}]),
            transcript("bad4", [said("agent", 0, 1, None)]),  # type: ignore[arg-type]
            {**transcript("bad5", HELLO), "data": None},
        ]
        for one in refused:
            assert await post(one) < 500, one["id"]
        # what databases and readers stumble over
        raw = json.dumps(transcript("surrogate", [said("agent", 0, 1, "Добрый день \ud800")])).encode()
        assert await post(raw=raw) < 500
        raw = json.dumps(transcript("nul", [said("agent", 0, 1, "Добрый день\u0000")])).encode()
        assert await post(raw=raw) < 500
        huge = json.dumps(transcript("huge", [said("agent", 0, 1e300, "Добрый день")])).encode()
        assert await post(raw=huge) < 500
        await settled()

        # the form changes in the middle of the week: what was read stays, what comes is read by the new one
        before = await connections.fetch("SELECT event_id, card, card_version, marks, evidence FROM readings")
        assert {(row["card"], row["card_version"]) for row in before} == {("spring", 1)}
        await apply_floor(connections, NEW)
        await connections.execute("UPDATE floors SET applied_at = $1 WHERE applied_at > $1", NOW - timedelta(minutes=1))

        async def read_by_new() -> bool:
            await post(transcript(f"new-{datetime.now(UTC).timestamp()}", HELLO, 30))
            await settled()
            return bool(await connections.fetchval("SELECT EXISTS (SELECT FROM readings WHERE card_version = 2)"))

        await eventually(read_by_new, "the new form to be in force")
        assert await post(transcript("early", [*HELLO, said("agent", 4, 6, "Расскажу о ценах")], 20)) == 200
        await settled()
        after = {row["event_id"]: row for row in await connections.fetch("SELECT * FROM readings")}
        assert {(after[row["event_id"]]["card"], after[row["event_id"]]["card_version"]) for row in before} == {
            ("spring", 1)
        }

        states = await connections.fetch("SELECT state, reason, body FROM journal WHERE state <> 'parsed'")
        kept = {json.loads(row["body"])["id"]: row["state"] for row in states}
        assert kept == dict.fromkeys(["t-bad1", "t-bad3", "t-bad4", "t-bad5", "t-nul", "t-surrogate"], "rejected")
        facts = await connections.fetch("SELECT DISTINCT data->>'call_id' AS call FROM facts WHERE data ? 'segments'")
        shown = {row["call"]: await page(f"/quality/calls/{row['call']}") for row in facts}
        assert {f"own:{name}" for name in (*ODD, "early", "again", "stranger", "bad2", "huge")} <= set(shown)
        for call, found in EXPECTED.items():
            for words in found:
                assert words in shown[f"own:{call}"], (call, words)
        assert "autumn, версия 7" in await page("/quality")
        assert re.search(r"ivan .*?/ \d+ +2 ", await page("/quality")), "the known mark of each call counts"
        for path in ("/", "/report", "/look", "/agents/ivan", "/sources/own"):
            await page(path)
