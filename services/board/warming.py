"""Makes what is kept of past days before anybody asks: after a start, after midnight, after a late fact."""

import asyncio
from typing import Final

from services.board import ahead, quality
from services.board.live import Live
from services.board.storage.reader import DATABASE_ERRORS, NoFloor, Reader
from services.kit import logs
from services.kit.clock import Clock
from services.reads import look
from services.reads.kept import Kept

START_S: Final = 1.0


class Warming:
    """*reader* has no deadline: nobody waits."""

    def __init__(self, reader: Reader, live: Live, kept: Kept, clock: Clock) -> None:
        self._reader, self._live, self._kept, self._clock = reader, live, kept, clock

    async def run(self, every_s: float) -> None:
        """For ever; a database that is away is waited out."""
        while True:
            begun = self._live.today is not None  # the first reading of today goes before
            try:
                if begun:
                    await self.once()
            except (NoFloor, *DATABASE_ERRORS) as error:
                logs.get().warning("cannot read past days yet", error=type(error).__name__)
            await asyncio.sleep(every_s if begun else START_S)

    async def once(self) -> None:
        """All that pages of today make of days before it; what is good already costs next to nothing."""
        today, now = await self._live.current(), self._clock.now()
        async with self._reader.connect() as connection:
            await look.read(connection, self._kept, today.floor, today.date)
            await ahead.read(connection, self._kept, today, now)
            await quality.to_hear(connection, self._kept, today.floor, today.day, now)
