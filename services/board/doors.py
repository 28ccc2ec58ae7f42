"""Ends live streams whose session has ended, and forgets what is old of accounts."""

import asyncio
import time
from typing import Final

from services.board.live import Live
from services.board.storage.accounts import Accounts
from services.board.storage.reader import DATABASE_ERRORS
from services.kit import logs
from services.kit.clock import Clock

LOOK_S: Final = 3.0
UNDECIDED_S: Final = 30.0
"""Without the database nobody knows which sessions live: so long streams go on."""
PRUNE_S: Final = 3600.0


class Doors:
    def __init__(self, live: Live, accounts: Accounts, clock: Clock) -> None:
        self._live, self._accounts, self._clock = live, accounts, clock

    async def run(self) -> None:
        """For ever."""
        looked = time.monotonic()
        pruned = 0.0
        while True:
            try:
                await self.look()
                looked = time.monotonic()
                if looked - pruned > PRUNE_S or not pruned:
                    pruned = looked
                    await self._accounts.prune(self._clock.now())
            except DATABASE_ERRORS as error:
                logs.get().warning("cannot look at sessions", error=type(error).__name__)
                if time.monotonic() - looked > UNDECIDED_S:
                    self._live.end(self._live.sessions() - {None})
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """End streams of sessions that were revoked or ran out, or whose account was disabled or removed; and those
        from before the first account."""
        watching = self._live.sessions()
        keys = {key for key in watching if key is not None}
        ended: set[bytes | None] = set(keys - await self._accounts.alive(keys, self._clock.now())) if keys else set()
        if None in watching and await self._accounts.exist():
            ended.add(None)
        self._live.end(ended)
