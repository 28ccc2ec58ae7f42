"""A reader: connections whose statements all see one moment of the database and cannot write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.kit.errors import Unavailable

DATABASE_ERRORS: Final = (SQLAlchemyError, OSError, TimeoutError)
"""All the ways in which a database can be away; a refused connection reaches us untranslated."""


class NoFloor(Unavailable):
    """Nothing can be shown before the first floor file is applied."""

    def __init__(self) -> None:
        super().__init__("no floor has been applied: srez floor apply floor.yaml")


class Reader:
    """``async with reader.connect() as connection``: one read-only snapshot.

    With *deadline_s* everything within the block, from the wait for a connection to the last row, ends by then with
    TimeoutError: a database that stands still must not hold whoever asked.
    """

    def __init__(self, engine: AsyncEngine, deadline_s: float | None = None) -> None:
        self.deadline_s = deadline_s
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        async with asyncio.timeout(self.deadline_s), self._engine.connect() as connection:
            yield connection
