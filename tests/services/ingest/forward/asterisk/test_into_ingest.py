"""A PBX's events through the forwarder into the real ingest: one call is one fact, also when it is told twice."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from services.ingest.forward.asterisk.ami import Address
from services.ingest.forward.asterisk.forwarder import AmiLogin, Forwarder
from services.ingest.forward.asterisk.poster import target
from services.ingest.forward.asterisk.spool import Spool
from tests.services.ingest.forward.asterisk.pbx import Pbx, event
from tests.support.running import Services, embedded_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

FLOOR = """
timezone: Europe/Moscow
teams: [{id: one}]
agents: [{id: olga, team: one, identities: {pbx: ["204"]}}]
sources: [{id: pbx, provider: asterisk, secrets: {path: {env: PBX_PATH}}}]
"""
CALL = [
    event("BridgeEnter", Uniqueid="1795413600.28", Timestamp="1795413612.0"),
    event("BridgeLeave", Uniqueid="1795413600.28", Timestamp="1795413700.0"),
    event("Hangup", Uniqueid="1795413600.29", Linkedid="1795413600.28", Channel="PJSIP/trunk-a-0000001d", Cause="16",
          ChannelState="6", Timestamp="1795413700.0"),
    event("Hangup", Uniqueid="1795413600.28", Linkedid="1795413600.28", Channel="PJSIP/204-0000001c", Cause="16",
          ChannelState="6", Timestamp="1795413700.0"),
    event("Cdr", UniqueID="1795413600.28", Linkedid="1795413600.28", Source="204", Destination="79990001122",
          Channel="PJSIP/204-0000001c", DestinationChannel="PJSIP/trunk-a-0000001d", StartTime="2026-11-23 09:00:00",
          AnswerTime="2026-11-23 09:00:12", EndTime="2026-11-23 09:01:40", Duration="100", BillableSeconds="88",
          Disposition="ANSWERED", LastApplication="Dial"),
]  # fmt: skip


async def test_a_call_is_one_fact(tmp_path: Path, postgres_dsn: str, broker: str, services: Services) -> None:
    """Two hang-ups, a CDR, and all of them again."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(
        "INSERT INTO floors (applied_at, text, hash) VALUES ($1, $2, '')", datetime.now(UTC), FLOOR
    )
    settings = {**embedded_environment(postgres_dsn, broker), "PBX_PATH": "word"}
    settings |= {"SREZ_CLOCK": "2026-11-23T10:00:00+03:00"}
    ingest = services.start("ingest", settings).wait_ready()
    async with Pbx(plays=[[*CALL, *CALL]]).open() as pbx:
        with Spool(tmp_path / "spool.db") as spool:
            forwarder = Forwarder(spool, target(ingest.url, "pbx", {"path": ("word",)}), 0.2)
            task = asyncio.create_task(forwarder.run(AmiLogin(Address("127.0.0.1", pbx.port), "srez", "ami-secret")))

            async def parsed() -> bool:
                query = "SELECT count(*) = 6 FROM journal WHERE state = 'parsed'"
                return bool(await connection.fetchval(query))

            await eventually(parsed, "six journal rows to be parsed", 30)
            task.cancel()
            await asyncio.wait({task})
    rows = await connection.fetch("SELECT agent, talk_s, disposition, q850, line FROM facts")
    await connection.close()
    assert [tuple(row) for row in rows] == [("olga", 88, "answered", 16, "pbx/trunk-a")]
