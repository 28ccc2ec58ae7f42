"""The migrations and schemas/tables say the same."""

import asyncio
import subprocess

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from schemas.tables import metadata
from services.kit.errors import Misconfigured
from services.kit.postgres import engine
from services.local import migrate
from services.local.postgres import EmbeddedPostgres, programs
from tests.support.servers import fresh_database

pytestmark = pytest.mark.integration


def schema_of(dsn: str) -> list[str]:
    """Everything pg_dump says of the tables, sorted; columns by name, for their order is no difference."""
    command = [str(programs() / "pg_dump"), "--schema-only", "--exclude-table=alembic_version", dsn]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = (line.strip().rstrip(",") for line in text.splitlines())
    return sorted(line for line in lines if line and not line.startswith(("--", "\\")))


def test_alembic_finds_no_difference(postgres_dsn: str) -> None:
    """After all migrations autogenerate has nothing to add."""
    assert migrate.differences(postgres_dsn) == []


def test_migrated_schema_is_the_declared_one(postgres: EmbeddedPostgres, postgres_dsn: str) -> None:
    """pg_dump of a migrated database equals that of one made from tables.py, partial indexes included."""

    async def create(dsn: str) -> None:
        database = engine(dsn)
        async with database.begin() as connection:
            await connection.run_sync(metadata.create_all)
        await database.dispose()

    with fresh_database(postgres, "template0") as dsn:
        asyncio.run(create(dsn))
        assert schema_of(postgres_dsn) == schema_of(dsn)


def test_upgrading_twice_changes_nothing(postgres_dsn: str) -> None:
    """A second upgrade is harmless and leaves the newest revision."""
    assert migrate.upgrade(postgres_dsn) == migrate.newest()
    assert migrate.current(postgres_dsn) == migrate.newest()


def test_an_empty_database_has_no_revision(postgres: EmbeddedPostgres) -> None:
    """A database that was never migrated is recognised as such."""
    with fresh_database(postgres, "template0") as dsn:
        assert migrate.current(dsn) is None


def test_a_newer_database_is_left_alone(postgres: EmbeddedPostgres, postgres_dsn: str) -> None:
    """A revision this version does not know is an error that says what to do."""
    name = postgres_dsn.split("/")[3].split("?")[0]
    postgres.query("UPDATE alembic_version SET version_num = '9999'", database=name)
    with pytest.raises(Misconfigured, match="newer Srez"):
        migrate.upgrade(postgres_dsn)


OLD = """
INSERT INTO alerts (alert, fingerprint, kind, verdict, scope, detector, state, fired_at, resolved_at, evidence, date)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'f' || n, 'outage', 'line', 'line:' || n, 'line_failure',
  state, '2026-11-20 10:00+00', ended, '{}', '2026-11-20'
FROM (VALUES (1, 'firing', NULL::timestamptz), (2, 'resolved', '2026-11-20 11:00+00'), (3, 'firing', NULL)) v (n, state, ended);
INSERT INTO outbox (group_key, transition, channel, target, kind, payload, state, created_at, next_at)
SELECT key, 0, 'slack', 'C0', kind, '{"form": "any"}', 'sent', '2026-11-20 10:00+00', '2026-11-20 10:00+00'
FROM (VALUES ('00000000-0000-0000-0000-000000000001', 'outage'), ('00000000-0000-0000-0000-000000000002', 'outage'),
  ('tasks:2026-11-20', 'task')) v (key, kind);
"""


async def _upgrade_to_before(dsn: str, revision: str) -> None:
    config = migrate.configuration()
    before = ScriptDirectory.from_config(config).get_revision(revision).down_revision
    database = engine(dsn)
    async with database.begin() as connection:

        def work(connection: Connection) -> None:
            config.attributes["connection"] = connection
            command.upgrade(config, str(before))

        await connection.run_sync(work)
    await database.dispose()


def test_old_open_alerts_do_not_escalate_at_once(postgres: EmbeddedPostgres) -> None:
    """Told ones that are open begin to wait with the upgrade; what ended keeps its time; the outbox stays as it is."""
    with fresh_database(postgres, "template0") as dsn:
        asyncio.run(_upgrade_to_before(dsn, "0009"))
        name = dsn.split("/")[3].split("?")[0]
        postgres.query(OLD, database=name)
        box = postgres.query("SELECT * FROM outbox ORDER BY id", database=name)
        migrate.upgrade(dsn)
        assert postgres.query("SELECT * FROM outbox ORDER BY id", database=name) == box
        query = (
            "SELECT scope, now() - told_at < '1 min', told_at = fired_at, payload IS NULL FROM alerts ORDER BY scope"
        )
        told = postgres.query(query, database=name).split()
    assert told == ["line:1|t|f|f", "line:2|f|t|f", "line:3|||t"]
