"""The migrations and schemas/tables say the same."""

import asyncio
import subprocess

import pytest

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
