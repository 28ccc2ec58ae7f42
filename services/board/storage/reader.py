"""A reader: connections whose statements all see one moment of the database and cannot write."""

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
    """``async with reader.connect() as connection``: one read-only snapshot."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def connect(self) -> AsyncConnection:
        return self._engine.connect()
