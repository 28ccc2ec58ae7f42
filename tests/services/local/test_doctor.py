"""The doctor finds what is wrong and says how to mend it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.topics import TOPICS
from services.kit.kafka import ensure_topics
from services.local import floors
from services.local.cli import app
from services.local.doctor import Finding, examine
from services.local.home import Home
from services.local.postgres import EmbeddedPostgres
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
