"""Tells ``srez.alerts.v1`` of every transition; what was not acknowledged is told again."""

import asyncio
from typing import Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.messages import AlertChanged
from schemas.topics import ALERTS, partition_of
from services.alerts.storage import alerts
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import Unavailable
from services.kit.kafka import Producer

REST_S: Final = 1.0


class Announcer:
    def __init__(self, engine: AsyncEngine, producer: Producer, partitions: int, clock: Clock) -> None:
        self._engine, self._producer, self._partitions, self._clock = engine, producer, partitions, clock
        self.wake = asyncio.Event()

    async def run(self) -> None:
        while True:
            try:
                told = await self.announce()
            except (SQLAlchemyError, OSError, TimeoutError, Unavailable) as error:
                logs.get().warning("alerts are not announced yet", error=repr(error)[:300], seldom=True)
                told = 0
            if not told:
                self.wake.clear()
                try:
                    async with asyncio.timeout(REST_S):  # wait_for of 3.11 may swallow a cancellation
                        await self.wake.wait()
                except TimeoutError:
                    continue

    async def announce(self) -> int:
        async with self._engine.connect() as connection:
            rows = await alerts.unannounced(connection)
        if not rows:
            return 0
        await self._producer.send(
            [
                (
                    ALERTS.name,
                    partition_of(row.alert, self._partitions),
                    row.alert,
                    msgspec.json.encode(AlertChanged(alert=row.alert, state=row.state, at=row.at)),
                    (),
                )
                for row in rows
            ]
        )
        async with self._engine.begin() as connection:
            await alerts.announced(connection, rows, self._clock.now())
        return len(rows)
