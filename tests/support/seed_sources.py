"""What the Sources pages show, on top of ``seed_floor``: rejected bodies, ignored and repeated webhooks, a number nobody has.

``add(dsn)`` may run once on a seeded database. By hand: ``python -m tests.support.seed_sources DSN``.
"""

import asyncio
import hashlib
import sys
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from schemas import facts, tables
from schemas.facts import CallEnded, Fact, PresentationMade
from services.kit import postgres
from tests.support.seed_floor import NOW, fact_row, floor_text

PHONE = "79161234567"
FORM = (
    "vpbx_api_key=&json=%7B%22entry_id%22%3A%22MjE0%22%2C%22call_direction%22%3A2%2C"
    f"%22from%22%3A%7B%22extension%22%3A%22214%22%7D%2C%22to%22%3A%7B%22number%22%3A%22{PHONE}%22%7D%2C%22talk_time%22%3A%22soon%22%7D"
)
XML = f"""<?xml version="1.0"?>
<call id="c-77">
  <from>214</from>
  <to>+7 (916) 123-45-67</to>
</call>
<!-- {PHONE} -->"""
UNNAMED = b'{"variables": {"sip_to_user": "79161234567"}}' + b" " * 9000
THIN = b'{"entry_id": "a1", "to": {"number": "+7 916 123-45-67"}}'
REJECTED = (
    (
        "mango-main",
        2,
        "bad_value",
        f"talk_time of the call to {PHONE}",
        FORM.encode(),
        "application/x-www-form-urlencoded",
    ),
    ("mango-main", 9, "missing_field", "call_direction is missing", THIN, "application/json"),
    ("mango-main", 1500, "unparseable", "line 1: not well-formed", XML.encode(), "application/xml"),
    ("fs-office", 31, "missing_field", "variables.user_name is missing", UNNAMED, "application/json"),
)
"""Source, minutes ago, reason, detail, body, content type."""
SOURCES = """\
  - {id: amo, provider: amocrm, secrets: {path: {env: AMO_PATH_SECRET}}, feeds: [payments]}
  - {id: mango-new, provider: mango, secrets: {api_key: {env: NEW_KEY}}, public_url: "https://pbx.example/hooks/mango-new"}
notify:"""
"""Two more: one that was never heard, and one that only rings."""
IGNORED = (
    ("mango-main", "ringing", 61),
    ("mango-main", "recording", 12),
    ("bitrix", "needs_readback", 3),
    ("mango-new", "ringing", 1),
)
EXTENSION = "214"
OWED = (
    ("deal", "501", "the provider answered HTTP 503", False),
    ("deal", "502", "the provider answered HTTP 503", False),
    ("deal", "17", "the provider answered HTTP 400", True),
)
"""Objects of the source bitrix that were not read back: kind, id, problem, whether for good."""


def _webhook(source: str, at: datetime, body: bytes, **more: Any) -> dict[str, Any]:
    return {
        "source": source, "received_at": at, "method": "POST", "path": "", "query": "", "headers": {}, "body": body,
        "body_hash": hashlib.sha256(body).digest(), "state": "parsed", "reason": None, "detail": None, "facts": 0,
        "parsed_at": at, **more,
    }  # fmt: skip


def _webhooks(now: datetime) -> list[dict[str, Any]]:
    rows = [
        _webhook(
            source, now - timedelta(minutes=ago), body, state="rejected", reason=reason, detail=detail,
            headers={"content-type": kind}, path="events/summary" if source == "mango-main" else "",
        )
        for source, ago, reason, detail, body, kind in REJECTED
    ]  # fmt: skip
    for source, reason, count in IGNORED:
        for number in range(count):
            body = f"{source} {reason} {number // 2}".encode()
            at = now - timedelta(minutes=3 + number)
            rows.append(_webhook(source, at, body, state="ignored", reason=reason))
    return rows


def _nobodys(now: datetime) -> list[Fact]:
    found = []
    for number in range(12):
        at = now - timedelta(minutes=4 + 9 * number)
        data = CallEnded(
            call_id=f"mango-main:new-{number}", identity=EXTENSION, direction="outbound", started_at=at, ended_at=at,
            talk_s=0, disposition="no_answer", line="mango-main/trunk-a",
        )  # fmt: skip
        found.append(_fact("mango-main", facts.CALL, data, at, number))
    for number in range(2):
        at = now - timedelta(minutes=50 + number)
        shown = PresentationMade(deal=f"bitrix:new-{number}", identity="91", at=at)
        found.append(_fact("bitrix", facts.PRESENTATION, shown, at, number))
    return found


def _fact(source: str, type_: str, data: Any, at: datetime, number: int) -> Fact:
    id_ = facts.event_id(source, type_, f"nobodys-{number}")
    return Fact(id=id_, type=type_, source=source, time=at, data=data, received_at=at)


async def add(dsn: str, now: datetime = NOW, language: str = "ru") -> None:
    engine = postgres.engine(dsn)
    text = floor_text(language).replace("notify:", SOURCES, 1)
    async with engine.begin() as connection:
        version = {"version": 2, "applied_at": now - timedelta(hours=1), "text": text, "hash": b"sources"}
        await connection.execute(sa.insert(tables.floors), version)
        await connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('floors', 'version'), 2)"))
        await connection.execute(sa.insert(tables.journal), _webhooks(now))
        owed = [
            {
                "source": "bitrix",
                "kind": kind,
                "id": id_,
                "since": now,
                "next_at": now,
                "problem": said,
                "given_up": lost,
            }
            for kind, id_, said, lost in OWED
        ]
        await connection.execute(sa.insert(tables.readbacks), owed)
        rows = [fact_row(fact, (now + timedelta(hours=3)).date()) for fact in _nobodys(now)]
        await connection.execute(sa.insert(tables.facts), rows)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(add(sys.argv[1]))
