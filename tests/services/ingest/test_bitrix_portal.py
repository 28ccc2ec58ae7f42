"""A Bitrix24 portal and a real ingest: thin events read back through limits and a kill, and what was lost is found."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from services.ingest.providers import money
from tests.services.ingest.conftest import apply_floor
from tests.support.fake_bitrix import LIMIT, FakeBitrix, fake_bitrix, iso
from tests.support.running import Service, Services, embedded_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
FLOOR = """
version: 1
floor: test
timezone: Europe/Moscow
currency: RUB
teams:
  - {id: hunters}
agents:
  - {id: ivan, team: hunters, identities: {bitrix: ["17"]}}
  - {id: maria, team: hunters, identities: {bitrix: ["18"]}}
sources:
  - id: bitrix
    provider: bitrix24
    secrets: {application_token: {env: BITRIX_TOKEN}, rest_url: {env: BITRIX_REST_URL}}
    counts:
      presentation: {stage: ["C1:PRESENTED"]}
      invoice: {stage: ["C1:INVOICED"]}
      payment: {won: true}
    options: {readback_per_s: 50, calls: true, reconcile_every_s: 0}
"""
RECONCILED = FLOOR.replace("reconcile_every_s: 0", "reconcile_every_s: 10")


@pytest.fixture
async def portal() -> AsyncIterator[FakeBitrix]:
    async with fake_bitrix() as found:
        yield found


def start(services: Services, dsn: str, broker: str, portal: FakeBitrix) -> Service:
    secrets = {"BITRIX_TOKEN": "invented-token", "BITRIX_REST_URL": portal.url}
    return services.start("ingest", {**embedded_environment(dsn, broker), **secrets}).wait_ready()


async def told(ingest: Service, deal: int) -> None:
    """The portal's webhook arrives."""
    form = {
        "event": "ONCRMDEALUPDATE", "data[FIELDS][ID]": str(deal), "ts": "1795413760",
        "auth[application_token]": "invented-token",
    }  # fmt: skip
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{ingest.url}/hooks/bitrix",
            content=urlencode(form),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
    assert answer.status_code == 200


class Stored:
    """What is in PostgreSQL, asked for until it is so."""

    def __init__(self, connections: Any) -> None:
        self.connections = connections

    async def facts(self) -> set[tuple[str, str, datetime, str, str, int | None]]:
        """(kind, deal or call, when, identity, agent, amount)."""
        rows = await self.connections.fetch(
            "SELECT split_part(type, '.', 2), coalesce(data->>'deal', data->>'call_id'), occurred_at, identity, agent,"
            " amount_minor FROM facts"
        )
        return {(row[0], row[1].partition(":")[2], *row[2:]) for row in rows}

    async def problem(self, text: str) -> None:
        async def is_so() -> bool:
            rows = await self.connections.fetch("SELECT problem FROM readbacks WHERE kind = 'deal'")
            return [row[0] for row in rows] == [text]

        await eventually(is_so, f"the question to meet: {text}")

    async def nothing_waits(self) -> None:
        await eventually(
            lambda: self.connections.fetchval(
                "SELECT (SELECT count(*) = 0 FROM readbacks) AND (SELECT count(*) = 0 FROM journal WHERE state = 'new')"
            ),
            "all answers to be journaled and parsed",
        )

    async def count(self, number: int) -> None:
        async def is_so() -> bool:
            return len(await self.facts()) == number

        await eventually(is_so, f"{number} facts")


def minor(major: str) -> int:
    found = money.minor(major, "RUB")
    assert found is not None
    return found


async def test_a_deal_is_read_back_through_limits_and_a_kill(
    services: Services, postgres_dsn: str, broker: str, connections: Any, portal: FakeBitrix
) -> None:
    """503, then a limit told in a body, then kill −9: presentation, invoice and payment, each at its time, once.

    Handed over afterwards it stays whose it was; a dearer amount is a revision; an old one is edited and stays old.
    """
    stored = Stored(connections)
    await apply_floor(connections, FLOOR)
    ingest = start(services, postgres_dsn, broker, portal)
    now = datetime.now(UTC).replace(microsecond=0)
    presented, invoiced, won = (now - timedelta(minutes=ago) for ago in (9, 5, 1))
    portal.moves(501, "C1:PRESENTED", presented)
    portal.moves(501, "C1:INVOICED", invoiced)
    portal.moves(501, "C1:WON", won, "S", OPPORTUNITY="125000.50")
    portal.failures = [(503, {"error": "INTERNAL_SERVER_ERROR"}), *[(200, LIMIT)] * 20]
    await told(ingest, 501)
    await stored.problem("the provider answered QUERY_LIMIT_EXCEEDED")
    ingest.kill()
    assert await stored.facts() == set()
    assert await connections.fetchval("SELECT count(*) FROM journal WHERE method = 'READBACK'") == 0
    portal.failures = []
    ingest = start(services, postgres_dsn, broker, portal)
    await stored.count(3)
    expected = {
        ("presentation", "501", presented, "17", "ivan", None),
        ("invoice", "501", invoiced, "17", "ivan", minor("125000.50")),
        ("payment", "501", won, "17", "ivan", minor("125000.50")),
    }
    assert await stored.facts() == expected

    portal.edits(501, now, ASSIGNED_BY_ID="18", OPPORTUNITY="130000")
    long_ago = now - timedelta(days=40)
    portal.moves(388, "C1:WON", long_ago, "S", OPPORTUNITY="10", ASSIGNED_BY_ID="18")
    portal.edits(388, now, COMMENTS="called again")
    await told(ingest, 501)
    await told(ingest, 388)
    await stored.count(4)
    await stored.nothing_waits()
    assert await stored.facts() == {
        ("presentation", "501", presented, "17", "ivan", None),
        ("invoice", "501", invoiced, "17", "ivan", minor("130000")),
        ("payment", "501", won, "17", "ivan", minor("130000")),
        ("payment", "388", long_ago, "18", "maria", minor("10")),
    }
    days = await connections.fetch("SELECT day FROM facts WHERE data->>'deal' = 'bitrix:388'")
    assert [row[0] for row in days] == [(long_ago + timedelta(hours=3)).date()]
    assert "crm.deal.list" not in portal.asked


async def test_what_no_webhook_told_is_found(
    services: Services, postgres_dsn: str, broker: str, connections: Any, portal: FakeBitrix
) -> None:
    """Lost: a stage that was passed, a won deal, an old deal that was edited, a call. Found: each at its time, in pages."""
    stored = Stored(connections)
    await apply_floor(connections, RECONCILED)
    start(services, postgres_dsn, broker, portal)
    await eventually(lambda: "crm.deal.list" in portal.asked, "the portal to be asked")
    now = datetime.now(UTC).replace(microsecond=0)
    portal.moves(502, "C1:PRESENTED", now - timedelta(seconds=2), ASSIGNED_BY_ID="18")
    portal.moves(502, "C1:THINKING", now - timedelta(seconds=1))
    portal.moves(503, "C1:WON", now, "S", OPPORTUNITY="70000")
    for deal in (388, 389, 390):
        portal.moves(deal, "C1:WON", now - timedelta(days=40), "S", OPPORTUNITY="10")
        portal.edits(deal, now)
    portal.calls = [
        {
            "ID": str(length), "CALL_ID": f"c{length}", "CALL_TYPE": "1", "CALL_DURATION": str(length),
            "CALL_START_DATE": iso(now - timedelta(seconds=length)), "CALL_FAILED_CODE": "200", "PORTAL_USER_ID": "17",
            "PHONE_NUMBER": "+79990001122",
        }
        for length in (5, 60, 90, 1200)
    ]  # fmt: skip
    await stored.count(9)
    await stored.nothing_waits()
    assert await stored.facts() == {
        ("presentation", "502", now - timedelta(seconds=2), "18", "maria", None),
        ("payment", "503", now, "17", "ivan", minor("70000")),
        *(("payment", str(deal), now - timedelta(days=40), "17", "ivan", minor("10")) for deal in (388, 389, 390)),
        *(("call", f"c{length}", now, "17", "ivan", None) for length in (5, 60, 90, 1200)),
    }
    today = (now + timedelta(hours=3)).date()
    paid = await connections.fetchval("SELECT count(*) FROM facts WHERE type LIKE '%payment%' AND day = $1", today)
    assert paid == 1
    asked = len(portal.asked)

    async def asked_again() -> bool:
        return portal.asked[asked:].count("crm.deal.list") >= 1 and "voximplant.statistic.get" in portal.asked[asked:]

    await eventually(asked_again, "the portal to be asked again", 30)
    await stored.nothing_waits()
    assert await connections.fetchval("SELECT count(*) FROM fact_revisions") == 0
    assert len(await stored.facts()) == 9
    assert await connections.fetchval("SELECT count(*) FROM journal WHERE state = 'rejected'") == 0
