"""Announces frozen slices, per team, once their rows are committed; what was not announced is announced again."""

import asyncio
from typing import Any

import asyncpg
import msgspec

from schemas.messages import SliceClosed, encode
from schemas.topics import SLICES, partition_of
from services.aggregator.storage.failures import DATABASE_ERRORS
from services.aggregator.stream.announcer import Message
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import Unavailable
from services.kit.kafka import Producer
from services.rules.trust import of_everybody

LOOK_S = 2.0

_OPEN = """
SELECT date, slice, cut_off, closed_at, on_time, trust FROM closes WHERE announced_at IS NULL ORDER BY cut_off LIMIT 100
"""


class SliceAnnouncer:
    def __init__(self, pool: "asyncpg.Pool[Any]", producer: Producer, partitions: int, clock: Clock) -> None:
        self._pool, self._producer, self._partitions, self._clock = pool, producer, partitions, clock
        self._something = asyncio.Event()

    def wake(self) -> None:
        self._something.set()

    async def run(self) -> None:
        while True:
            try:
                await self.announce()
            except (Unavailable, *DATABASE_ERRORS) as error:
                logs.get().warning("cannot announce slices yet", error=repr(error)[:300])
                await asyncio.sleep(LOOK_S)
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._something.wait()
            except TimeoutError:
                continue
            finally:
                self._something.clear()

    async def announce(self) -> int:
        """Raises: Unavailable, or asyncpg's errors; then the rest is announced the next time."""
        rows = await self._pool.fetch(_OPEN)
        for row in rows:
            await self._producer.send(self._messages(row))
            await self._pool.execute(
                "UPDATE closes SET announced_at = $3 WHERE date = $1 AND slice = $2 AND announced_at IS NULL",
                *(row["date"], row["slice"], self._clock.now()),
            )
        return len(rows)

    def _messages(self, row: Any) -> list[Message]:
        trust: dict[str, dict[str, list[str]]] = msgspec.json.decode(row["trust"])
        return [
            (
                SLICES.name,
                partition_of(team, self._partitions),
                team,
                encode(
                    SliceClosed(
                        date=row["date"],
                        slice=row["slice"],
                        team=team,
                        cut_off=row["cut_off"],
                        closed_at=row["closed_at"],
                        trusted=not any(map(of_everybody, steps.values())),
                        on_time=row["on_time"],
                    )
                ),
                (),
            )
            for team, steps in sorted(trust.items())
        ]
