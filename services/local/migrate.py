"""Brings a database to the newest schema: alembic over the migrations in ``deploy/alembic``, the same path everywhere."""

import asyncio
from collections.abc import Callable
from importlib.resources import files

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from schemas.tables import metadata
from services.kit.errors import Misconfigured, Unavailable
from services.kit.postgres import engine

LOCK = 0x5DE2  # advisory lock: two migrations at once wait for each other


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("deploy").joinpath("alembic")).replace("%", "%%"))
    return config


def newest() -> str:
    """Revision this version of the code works with."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def revisions() -> set[str]:
    """All revisions that this version of the code knows."""
    return {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}


def upgrade(dsn: str) -> str:
    """Migrate to the newest revision and return it. Raises: Unavailable; Misconfigured when the database is newer."""

    def work(connection: Connection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        config = configuration()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Misconfigured(f"the database was made by a newer Srez ({error}): upgrade this one") from error

    _run(dsn, work)
    return newest()


def current(dsn: str) -> str | None:
    """Revision of the database; None when it has never been migrated. Raises: Unavailable."""
    found: list[str | None] = []
    _run(dsn, lambda connection: found.append(MigrationContext.configure(connection).get_current_revision()))
    return found[0]


def differences(dsn: str) -> list[object]:
    """What the migrated database lacks or has beyond schemas/tables. Raises: Unavailable."""
    found: list[object] = []

    def work(connection: Connection) -> None:
        options = {"compare_type": True, "compare_server_default": True}
        found.extend(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    _run(dsn, work)
    return found


def _run(dsn: str, work: Callable[[Connection], object]) -> None:
    async def within() -> None:
        database = engine(dsn, size=1)
        try:
            async with database.begin() as connection:
                await connection.run_sync(work)
        except (OSError, TimeoutError, DBAPIError) as error:
            raise Unavailable(f"the database does not answer: {error}") from error
        finally:
            await database.dispose()

    asyncio.run(within())
