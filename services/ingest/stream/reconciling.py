"""Asks providers that never repeat a webhook what has changed, now and then, so that nothing stays lost.

The question goes the way of every other (reading_back); what the answer says and is known already changes nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from services.ingest.providers.base import no_reconcile
from services.ingest.source import Configured
from services.ingest.storage import readbacks
from services.ingest.storage.journal import DATABASE_ERRORS
from services.kit.clock import Clock

EVERY_S: Final = 300.0
OVERLAP: Final = 2
"""A question looks back over so many intervals: clocks differ, and a change takes its time to be seen."""
FURTHEST: Final = timedelta(days=3)
REMEMBERED: Final = timedelta(days=7)
"""After so long without an answer a source is begun anew: only the last minutes are asked for."""


class Reconciling:
    def __init__(self, pool: Any, sources: Callable[[], Mapping[str, Configured]], clock: Clock) -> None:
        self._pool, self._sources, self._clock = pool, sources, clock
        self._asked: dict[str, float] = {}

    async def run(self, poll_s: float) -> None:
        """For ever."""
        while True:
            with contextlib.suppress(*DATABASE_ERRORS):  # the journal says it louder
                await self.look()
            await asyncio.sleep(poll_s)

    async def look(self) -> None:
        """Ask every source that is due. Raises: database errors."""
        for id_, configured in self._sources().items():
            every = every_s(configured)
            last = self._asked.get(id_)
            if every is None or (last is not None and time.monotonic() < last + every / self._clock.rate):
                continue
            await self._ask(configured, timedelta(seconds=every))
            self._asked[id_] = time.monotonic()

    async def _ask(self, configured: Configured, every: timedelta) -> None:
        """Each kind since its own last answer: one that cannot be had at the moment loses nothing by the others."""
        source, provider = configured.source, configured.provider
        assert provider is not None  # every_s looked
        now = self._clock.now()
        kinds = sorted({one.kind for one in provider.reconcile(source, now)})
        async with self._pool.acquire() as connection, connection.transaction():
            for kind in kinds:
                last = await readbacks.answered(connection, source.id, kind, now - REMEMBERED)
                since = max((last or now) - OVERLAP * every, now - FURTHEST)
                wanted = [one for one in provider.reconcile(source, since) if one.kind == kind]
                if all(provider.fetch(one, source, configured.secrets) for one in wanted):
                    await readbacks.ask_anew(connection, source.id, wanted, self._clock.real())


def every_s(configured: Configured) -> float | None:
    """Seconds of the floor's time between two questions: ``options.reconcile_every_s``; None where nothing is asked."""
    if configured.provider is None or configured.provider.reconcile is no_reconcile:
        return None
    wished = configured.source.config.options.get("reconcile_every_s", EVERY_S)
    return float(wished) if isinstance(wished, int | float) and wished >= 10 else None
