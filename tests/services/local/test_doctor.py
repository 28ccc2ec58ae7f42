"""The doctor finds what is wrong and says how to mend it."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from schemas import tables
from schemas.facts import STATE, AgentState, Fact, event_id
from schemas.topics import TOPICS
from services.kit.kafka import ensure_topics
from services.kit.postgres import engine
from services.local import floors
from services.local.cli import app
from services.local.doctor import Finding, examine
from services.local.doctor.stores import accounts_told
from services.local.home import Home
from services.local.postgres import EmbeddedPostgres
from tests.support.seed_floor import fact_row
from tests.support.servers import fresh_database

pytestmark = pytest.mark.integration
FLOOR = """
timezone: Europe/Moscow
teams: [{id: hunters}]
sources:
  - {id: own, provider: generic, secrets: {signing: {env: DOCTOR_SIGNING}}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("SREZ_POSTGRES_DSN", "SREZ_KAFKA_BOOTSTRAP", "SREZ_CLOCK", "DOCTOR_SIGNING", "SREZ_CUSTOMER_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SREZ_HOME", str(tmp_path))
    return Home(tmp_path, tmp_path)


def wrong(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings if finding.state == "wrong"}


def test_a_fresh_installation_is_well(home: Home) -> None:
    """Nothing is wrong before anything runs; what is not there yet is a note."""
    findings = list(examine(home))
    assert wrong(iter(findings)) == {}
    assert {finding.what for finding in findings if finding.state == "note"} >= {"PostgreSQL", "Kafka"}


def test_an_empty_database(home: Home, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database without a schema is told with the command that makes it."""
    with fresh_database(postgres, "template0") as dsn:
        monkeypatch.setenv("SREZ_POSTGRES_DSN", dsn)
        found = wrong(examine(home))
    assert found["schema"].mend == "srez migrate"
    assert "srez floor apply" in found["floor"].mend


def test_a_database_of_a_newer_version(
    home: Home, postgres: EmbeddedPostgres, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision this version does not know is not migrated over."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    postgres.query(
        "UPDATE alembic_version SET version_num = 'of the future'", database=postgres_dsn.split("/")[3].split("?")[0]
    )
    assert "upgrade Srez" in wrong(examine(home))["schema"].mend


def test_a_missing_secret_names_its_source(home: Home, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source whose secret is not set is named with the variable; set, it is well."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    floors.apply(postgres_dsn, FLOOR, datetime(2026, 11, 23, tzinfo=UTC))
    assert "DOCTOR_SIGNING" in wrong(examine(home))["source own"].detail
    monkeypatch.setenv("DOCTOR_SIGNING", "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
    assert wrong(examine(home)) == {}


def test_a_running_ingest_is_believed(home: Home, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the secret that this terminal lacks, or lacks one itself: what it says counts."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    floors.apply(postgres_dsn, FLOOR + MANGO, datetime(2026, 11, 23, tzinfo=UTC))
    notes = {"source mango": "secret is not set: MANGO_SALT (or MANGO_SALT_FILE)"}
    with answering({"checks": {"floor": "ok"}, "notes": notes}) as url:
        services = dict.fromkeys(("ingest", "aggregator", "alerts", "board"), url)
        home.write_endpoints({**services, "log": "/somewhere/srez.log"})
        found = told(home)
    assert found["source own"].state == "ok"
    assert found["source mango"].detail == f"ingest says: {notes['source mango']}"
    assert "Key for signature" in found["source mango"].mend
    assert "PBX" not in found["source mango"].mend, "the other key is there"
    assert "SREZ_CUSTOMER_KEY" not in found
    assert "/somewhere/srez.log" in found["board"].mend


MANGO = "  - {id: mango, provider: mango, secrets: {api_key: {env: MANGO_KEY}, salt: {env: MANGO_SALT}}}\n"


@contextlib.contextmanager
def answering(ready: dict[str, Any]) -> Iterator[str]:
    """The address of somebody who says *ready* with 503 to whatever he is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(json.dumps(ready).encode())

        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_source_day_by_day(home: Home, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never heard, heard, rejected within and beyond what trust allows, and nobody's: each with its mend."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    monkeypatch.setenv("DOCTOR_SIGNING", "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
    monkeypatch.setenv("SREZ_CLOCK", "2026-11-23T12:00:00+03:00@0.001")
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    floors.apply(postgres_dsn, FLOOR, now)
    assert "/sources/own" in told(home)["webhooks of own"].mend
    journaled(postgres_dsn, now, parsed=39)
    assert told(home)["webhooks of own"].detail == "the last 10 min ago; 39 today"
    journaled(postgres_dsn, now, rejected=1)
    found = told(home)["rejected of own"]
    assert (found.state, found.detail) == ("note", "1 of 40 today (2.5%): bad_value 1")
    assert "srez journal replay --source own --rejected" in found.mend
    journaled(postgres_dsn, now, rejected=4)
    assert told(home)["rejected of own"].state == "wrong"
    assert "identities of own" not in told(home)
    unattributed(postgres_dsn, now, *(str(number) for number in range(214, 221)))
    found = told(home)["identities of own"]
    assert "214 (1), 215 (1), 216 (1), 217 (1), 218 (1) and 2 more" in found.detail
    assert "/sources/own" in found.mend


def test_objects_that_were_not_read_back(home: Home, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits without trouble is not told; what waits in vain and what was given up is, with its problem."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    monkeypatch.setenv("DOCTOR_SIGNING", "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
    floors.apply(postgres_dsn, FLOOR, datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    owed(postgres_dsn, "fresh", None)
    assert "objects of own" not in told(home)
    owed(postgres_dsn, "waits", "the provider answered HTTP 503")
    found = told(home)["objects of own"]
    assert (found.state, found.detail) == ("note", "1 wait to be read back: the provider answered HTTP 503")
    owed(postgres_dsn, "lost", "the provider answered HTTP 400", given_up=True)
    found = told(home)["objects of own"]
    assert found.detail == "1 wait to be read back, 1 given up: the provider answered HTTP 400"
    assert "srez journal replay --source own" in found.mend


def owed(dsn: str, id_: str, problem: str | None, given_up: bool = False) -> None:
    now = datetime.now(UTC)
    row = {
        "source": "own", "kind": "deal", "id": id_, "since": now, "next_at": now, "problem": problem, "given_up": given_up
    }  # fmt: skip
    written(dsn, [sa.insert(tables.readbacks).values(row)])


def test_a_provider_nobody_knows(home: Home, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A floor of another version may name one: it is told with those that are known."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    written(postgres_dsn, [sa.insert(tables.floors).values(applied_at=datetime.now(UTC), hash=b"", text=NOKIA)])
    found = wrong(examine(home))["source own"]
    assert "provider 'nokia' is not known; known are" in found.detail
    assert "srez floor apply" in found.mend


NOKIA = FLOOR.replace("generic", "nokia")


def told(home: Home) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(home)}


def journaled(dsn: str, now: datetime, parsed: int = 0, rejected: int = 0) -> None:
    row = {
        "source": "own", "received_at": now - timedelta(minutes=10), "method": "POST", "path": "", "query": "",
        "headers": {}, "body": b"", "body_hash": b"",
    }  # fmt: skip
    bad = {**row, "state": "rejected", "reason": "bad_value"}
    written(
        dsn,
        [sa.insert(tables.journal).values([{**row, "state": "parsed", "reason": None}] * parsed + [bad] * rejected)],
    )


def unattributed(dsn: str, now: datetime, *identities: str) -> None:
    at = now - timedelta(minutes=10)
    rows = [
        fact_row(
            Fact(
                id=event_id("own", STATE, identity), type=STATE, source="own", time=at, received_at=at,
                data=AgentState(identity=identity, state="paused", at=at),
            ),
            at.date(),
        )
        for identity in identities
    ]  # fmt: skip
    written(dsn, [sa.insert(tables.facts).values(rows)])


def written(dsn: str, statements: list[sa.Insert]) -> None:
    async def work() -> None:
        database = engine(dsn, size=1)
        async with database.begin() as connection:
            for statement in statements:
                await connection.execute(statement)
        await database.dispose()

    asyncio.run(work())


def test_partitions_that_differ(home: Home, broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics with another number of partitions than the setting are an error; the right number is well."""
    monkeypatch.setenv("SREZ_KAFKA_BOOTSTRAP", broker)
    asyncio.run(ensure_topics(broker, TOPICS, partitions=4, replication=1, durable=False))
    assert "Kafka" not in wrong(examine(home))
    monkeypatch.setenv("SREZ_PARTITIONS", "8")
    assert "SREZ_PARTITIONS" in wrong(examine(home))["Kafka"].mend


def test_stores_that_do_not_answer(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses where nobody is are told as such, with exit code 1, and services of a killed run too."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("SREZ_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    home.write_endpoints(dict.fromkeys(("ingest", "aggregator", "alerts", "board"), "http://127.0.0.1:1"))
    assert set(wrong(examine(home))) >= {"PostgreSQL", "Kafka", "ingest", "board"}
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "to mend." in result.stdout


def test_refused_webhooks_and_thin_events(home: Home, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted refusals are wrong until something is accepted; events that nothing can be asked about name what lacks."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    for name in ("DOCTOR_SIGNING", "HUB"):
        monkeypatch.setenv(name, "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
    hub = FLOOR + "  - {id: hub, provider: hubspot, secrets: {client_secret: {env: HUB}}, feeds: [payments]}\n"
    now = datetime.now(UTC)
    floors.apply(postgres_dsn, hub, now - timedelta(days=2))
    refusal = {
        "source": "own", "outcome": "unauthorized", "reason": "bad_signature", "span": now, "count": 8, "last_at": now,
        "why": "no v1 signature matches",
    }  # fmt: skip
    row = {
        "source": "hub", "received_at": now, "method": "POST", "path": "", "query": "", "headers": {}, "body": b"",
        "body_hash": b"", "state": "ignored", "reason": "needs_readback",
    }  # fmt: skip

    async def write() -> None:
        made = engine(postgres_dsn)
        async with made.begin() as connection:
            await connection.execute(sa.insert(tables.refusals), refusal)
            await connection.execute(sa.insert(tables.journal), [row, row])
        await made.dispose()

    asyncio.run(write())
    found = {finding.what: finding for finding in examine(home)}
    refused, reading = found["refused of own"], found["reading back of hub"]
    assert (refused.state, reading.state) == ("wrong", "wrong")
    assert refused.detail.startswith("8 today answered 401 (unauthorized), the last ")
    assert refused.detail.endswith(" s ago: no v1 signature matches")
    assert found["webhooks of own"].detail == "none was ever accepted"
    assert reading.detail == "2 events of today name only an object; not set: access_token"


@pytest.mark.parametrize(
    ("count", "disabled", "bind", "state"),
    [(0, 0, "127.0.0.1", "note"), (0, 0, "0.0.0.0", "wrong"), (3, 1, "0.0.0.0", "ok")],
)
def test_accounts_are_told(monkeypatch: pytest.MonkeyPatch, count: int, disabled: int, bind: str, state: str) -> None:
    """A board that others reach shows nothing without any."""
    monkeypatch.setenv("SREZ_BIND", bind)
    found = accounts_told(count, disabled)
    assert (found.what, found.state) == ("accounts", state)
    assert ("disabled" in found.detail) is bool(disabled)
