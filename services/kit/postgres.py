"""PostgreSQL: engines and pools with deadlines.

``postgres_dsn`` is a libpq URL (``postgresql://user@host/db?host=/socket/dir``); SQLAlchemy and asyncpg both take it.
"""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.kit import logs

COMMAND_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 5.0
RETRY_S = 1.0


def engine(dsn: str, *, size: int = 5) -> AsyncEngine:
    """An async engine whose connections are tested before use, so that a restarted database heals by itself."""
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    return create_async_engine(
        url,
        pool_size=size,
        max_overflow=size,
        pool_pre_ping=True,
        pool_timeout=CONNECT_TIMEOUT_S,
        connect_args={"timeout": CONNECT_TIMEOUT_S, "command_timeout": COMMAND_TIMEOUT_S},
    )


async def pool(dsn: str, *, size: int = 4, command_timeout: timedelta = timedelta(seconds=COMMAND_TIMEOUT_S)) -> Any:
    """A raw asyncpg pool, for hot paths."""
    return await asyncpg.create_pool(
        dsn, min_size=1, max_size=size, timeout=CONNECT_TIMEOUT_S, command_timeout=command_timeout.total_seconds()
    )


async def pool_when_there(dsn: str, *, size: int = 4) -> Any:
    """``pool``, however long the database takes to come (back): it may be starting up."""
    while True:
        try:
            return await pool(dsn, size=size)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            logs.get().warning("waiting for the database", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
