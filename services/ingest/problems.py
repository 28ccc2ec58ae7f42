"""Tells the board which sources accept nothing, and what is missing: the secrets are known only where ingest runs."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.source import Configured, Lack
from services.ingest.storage.journal import DATABASE_ERRORS
from services.kit import logs

EVERY_S: Final = 2.0

_UPSERT: Final = """
INSERT INTO source_problems (source, word, names, since) VALUES ($1, $2, $3, $4)
ON CONFLICT (source) DO UPDATE SET word = excluded.word, names = excluded.names
"""
_MENDED: Final = "DELETE FROM source_problems WHERE source <> ALL($1::text[])"


class Problems:
    """``tell`` touches memory only; ``run`` writes what changed, as soon as the database can be reached."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lacks: Mapping[str, Lack] = {}
        self._told = True

    def tell(self, sources: Mapping[str, Configured]) -> None:
        """All sources of the floor in force."""
        self._lacks = {id_: one.lack for id_, one in sources.items() if one.lack is not None}
        self._told = False

    async def run(self, pool: Any) -> None:
        """For ever."""
        while True:
            try:
                async with pool.acquire() as connection:
                    await self.write(connection)
            except DATABASE_ERRORS as error:
                logs.get().warning("the problems of sources wait", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def write(self, connection: Any) -> None:
        """Raises: database errors; it is written the next time then."""
        if self._told:
            return
        lacks = self._lacks
        async with connection.transaction():
            await connection.execute(_MENDED, list(lacks))
            at = self._now()
            await connection.executemany(
                _UPSERT, [(id_, one.word, list(one.names), at) for id_, one in sorted(lacks.items())]
            )
        self._told = lacks is self._lacks
