"""Follows the newest versions of a document kept in a table ``(version, applied_at, text)``."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.kit import logs

T = TypeVar("T")


class Followed(Generic[T]):
    """All versions applied, parsed; refreshed by polling, so that services follow within seconds and without restart.

    ``versions`` is ``[(version, applied_at, document)]``, oldest first.
    """

    def __init__(self, engine: AsyncEngine, table: sa.Table, parse: Callable[[str], T], poll_s: float) -> None:
        self._engine, self._table, self._parse, self._poll_s = engine, table, parse, poll_s
        self.versions: list[tuple[int, datetime, T]] = []
        self._changed: list[Callable[[], Awaitable[None]]] = []

    @property
    def latest(self) -> T | None:
        return self.versions[-1][2] if self.versions else None

    def on_change(self, call: Callable[[], Awaitable[None]]) -> None:
        self._changed.append(call)

    async def refresh(self) -> bool:
        """Load versions not seen yet; True when there were any. One that no longer parses is skipped and logged."""
        columns = self._table.c
        newest = self.versions[-1][0] if self.versions else 0
        query = sa.select(columns.version, columns.applied_at, columns.text).where(columns.version > newest)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.order_by(columns.version))).all()
        for version, applied_at, text in rows:
            try:
                # A floor of thousands takes seconds to read: the loop goes on meanwhile.
                self.versions.append((version, applied_at, await asyncio.to_thread(self._parse, text)))
            except ValueError as error:
                logs.get().error("stored version does not parse", version=version, error=str(error)[:500])
        if rows:
            for call in self._changed:
                await call()
        return bool(rows)

    async def wait_for_first(self) -> T:
        while self.latest is None:
            try:
                await self.refresh()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                logs.get().warning("waiting for the database", error=type(error).__name__)
            if self.latest is None:
                await asyncio.sleep(self._poll_s)
        return self.latest

    async def run(self) -> None:
        """Poll for ever; a database that is down is waited out."""
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self.refresh()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                logs.get().warning("cannot look for new versions", error=type(error).__name__)
