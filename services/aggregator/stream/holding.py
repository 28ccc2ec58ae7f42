"""Partitions of one topic as this worker holds them: assigned → loaded from PostgreSQL → consumed → revoked."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from services.aggregator.storage.failures import DATABASE_ERRORS
from services.kit import logs

RETRY_S = 0.5

Load = Callable[[frozenset[int]], Awaitable[None]]
Drop = Callable[[Iterable[int]], None]


class Holding:
    """``ready`` is set while every assigned partition is loaded; nothing is applied or acknowledged before."""

    def __init__(self, topic: str, load: Load, drop: Drop, fail: Callable[[BaseException], None]) -> None:
        self.topic = topic
        self.ready = asyncio.Event()
        self.assigned = False
        self.partitions: frozenset[int] = frozenset()
        self._load, self._drop, self._fail = load, drop, fail
        self._loaded: frozenset[int] = frozenset()
        self._generation = -1
        self._task: asyncio.Task[None] | None = None

    def revoke(self) -> None:
        """A rebalance has begun: what is held stays until the new assignment is known, but nothing is applied."""
        self.assigned = False
        self.ready.clear()

    def assign(self, partitions: frozenset[int], generation: int) -> None:
        """What was held in the generation just before stays; everything else may have moved on elsewhere: load it."""
        self.ready.clear()
        self._cancel()
        kept = self._loaded & partitions if generation == self._generation + 1 else frozenset()
        self._drop(self._loaded - kept)
        self.partitions, self._loaded, self._generation = partitions, kept, generation
        self.assigned = True
        self._task = asyncio.create_task(self._bring(partitions - kept), name=f"load {self.topic}")

    def reload(self) -> None:
        """Load everything anew: the day turned."""
        if self.assigned:
            self.ready.clear()
            self._cancel()
            self._drop(self._loaded)
            self._loaded = frozenset()
            self._task = asyncio.create_task(self._bring(self.partitions), name=f"reload {self.topic}")

    async def _bring(self, wanted: frozenset[int]) -> None:
        began = asyncio.get_running_loop().time()
        try:
            while wanted:
                try:
                    await self._load(wanted)
                    break
                except DATABASE_ERRORS as error:
                    logs.get().warning("cannot load partitions yet", topic=self.topic, error=repr(error)[:300])
                    await asyncio.sleep(RETRY_S)
        except Exception as error:
            self._fail(error)
            return
        self._loaded = self.partitions
        self.ready.set()
        took = round(asyncio.get_running_loop().time() - began, 3)
        logs.get().info("partitions loaded", topic=self.topic, partitions=sorted(wanted), took_s=took)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
