"""Writes the next migration from the difference between schemas/tables and the migrations so far.

    python -m services.local.revise "What changes"

Works on a throw-away embedded PostgreSQL. Read what it wrote before you commit it.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from services.kit.postgres import engine
from services.local.migrate import configuration, upgrade
from services.local.postgres import EmbeddedPostgres


def revise(message: str, dsn: str) -> None:
    upgrade(dsn)
    known = len(list(ScriptDirectory.from_config(configuration()).walk_revisions()))

    def work(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=f"{known + 1:04}")

    async def within() -> None:
        database = engine(dsn, size=1)
        async with database.connect() as connection:
            await connection.run_sync(work)
        await database.dispose()

    asyncio.run(within())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder), fsync=False)
        try:
            revise(sys.argv[1], server.start())
        finally:
            server.stop()


if __name__ == "__main__":
    main()
