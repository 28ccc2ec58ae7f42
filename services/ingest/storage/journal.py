"""The journal: a webhook is answered 2xx only after its row is committed, with fsync.

Requests of the same few milliseconds share one commit: while one commit is under way, the next batch gathers. One
connection, one COPY per batch: two thirds of what an INSERT of arrays costs here, and less than that in PostgreSQL.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import asyncpg

from services.ingest.storage.entry import Entry
from services.kit import logs
from services.kit.errors import Unavailable

BATCH = 500
BATCH_BYTES = 8 * 1024 * 1024
COMMIT_TIMEOUT_S = 1.5
"""Half of a request's deadline, so that the other half is left for the overflow topic."""
PAUSE_S = 0.25
"""After a failure nothing is tried for so long: requests are told at once."""
DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, EOFError)

_COLUMNS = Entry.__struct_fields__
_row = attrgetter(*_COLUMNS)


class Journal:
    """``await keep(entry)`` returns when the row is durable, and raises Unavailable when it is not known to be."""

    def __init__(
        self,
        dsn: str,
        on_commit: Callable[[], None] = lambda: None,
        observe: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._dsn, self._on_commit, self._observe = dsn, on_commit, observe
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._something = asyncio.Event()
        self._connection: Any = None
        self._connecting = asyncio.Lock()
        self._closed_until = 0.0
        self._stopping = False
        self.problem: str | None = "not connected yet"

    async def keep(self, entry: Entry) -> None:
        """Raises: Unavailable."""
        loop = asyncio.get_running_loop()
        if self._stopping or loop.time() < self._closed_until:
            raise Unavailable(self.problem or "the journal is stopping")
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((entry, future))
        self._something.set()
        await future

    async def run(self) -> None:
        """Write batches for ever; ``stop()`` lets what waits be written first."""
        while not (self._stopping and not self._waiting):
            await self._something.wait()
            batch = self._take()
            if batch:
                await self._commit(batch)
        await self._disconnect()

    async def probe(self) -> None:
        """Connect if need be, so that readiness can tell. Never raises."""
        if self._connection is None and not self._waiting:
            try:
                await self._connect()
            except DATABASE_ERRORS as error:
                self._fail(error)

    def stop(self) -> None:
        self._stopping = True
        self._something.set()

    def _take(self) -> list[tuple[Entry, "asyncio.Future[None]"]]:
        waiting, size, end = self._waiting, 0, 0
        while end < len(waiting) and end < BATCH and size < BATCH_BYTES:
            size += len(waiting[end][0].body)
            end += 1
        taken, self._waiting = waiting[:end], waiting[end:]
        if not self._waiting and not self._stopping:
            self._something.clear()
        # A request that ran into its deadline has been answered 503: do not keep it.
        return [pair for pair in taken if not pair[1].done()]

    async def _commit(self, batch: Sequence[tuple[Entry, "asyncio.Future[None]"]]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._insert([entry for entry, _ in batch])
        except asyncpg.DataError as error:
            await self._separate(batch, error)
            return
        except DATABASE_ERRORS as error:
            await self._refuse(batch, error)
            return
        self._observe(loop.time() - began)
        for _, future in batch:
            if not future.done():
                future.set_result(None)
        self._on_commit()

    async def _insert(self, entries: Sequence[Entry]) -> None:
        if self._connection is None or self._connection.is_closed():
            await self._connect()
        await self._connection.copy_records_to_table("journal", records=map(_row, entries), columns=_COLUMNS)

    async def _connect(self) -> None:
        async with self._connecting:
            if self._connection is not None and not self._connection.is_closed():
                return
            connection = await asyncpg.connect(self._dsn, timeout=COMMIT_TIMEOUT_S)
            # Whatever the server's default: an acknowledged webhook is on disk.
            await connection.execute("SET synchronous_commit = on")
            self._connection, self.problem = connection, None

    async def _separate(self, batch: Sequence[tuple[Entry, "asyncio.Future[None]"]], error: Exception) -> None:
        """One row that the database cannot hold must not refuse the others: they are tried one by one."""
        if len(batch) > 1:
            for pair in batch:
                await self._commit([pair])
            return
        entry, future = batch[0]
        logs.get().error("row cannot be journaled", source=entry.source, error=f"{type(error).__name__}: {error}"[:300])
        if not future.done():
            future.set_exception(Unavailable("the journal cannot hold this request"))

    async def _refuse(self, batch: Sequence[tuple[Entry, "asyncio.Future[None]"]], error: BaseException) -> None:
        """The outcome of *batch* is unknown; those behind it would meet the same fate, so they are told now."""
        self._fail(error)
        behind, self._waiting = self._waiting, []
        for _, future in (*batch, *behind):
            if not future.done():
                future.set_exception(Unavailable("the journal cannot be written"))
        await self._disconnect()

    def _fail(self, error: BaseException) -> None:
        self.problem = f"the journal cannot be written: {type(error).__name__}"
        self._closed_until = asyncio.get_running_loop().time() + PAUSE_S
        logs.get().error("journal cannot be written", error=f"{type(error).__name__}: {error}"[:300])

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*DATABASE_ERRORS):
                if self._stopping:
                    await connection.close(timeout=1)
                else:
                    connection.terminate()
