"""Keeps facts and roster in step: on each floor version, and now and then for what slipped in beside one.

A fact without an agent is attributed whatever its day: nobody owned it. A fact that belongs to another agent moves only
on the current day: an extension that changes hands today does not rewrite yesterday.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from schemas.floor import Floor
from services.ingest.metrics import UNKNOWN, Metrics
from services.ingest.stamp import resolve
from services.ingest.storage import attribution
from services.ingest.storage.attribution import Owner
from services.ingest.storage.journal import DATABASE_ERRORS
from services.kit import logs
from services.kit.clock import Clock

EVERY_S = 15.0


class Attributor:
    def __init__(
        self,
        pool: Any,
        floor: Callable[[], Floor | None],
        clock: Clock,
        metrics: Metrics,
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool, self._floor, self._clock, self._metrics = pool, floor, clock, metrics
        self._on_commit = on_commit
        self._changed = asyncio.Event()

    def wake(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.once()
            except DATABASE_ERRORS as error:
                logs.get().warning("attribution waits", error=type(error).__name__)
            try:
                await asyncio.wait_for(self._changed.wait(), EVERY_S)
            except TimeoutError:
                continue

    async def once(self) -> int:
        """Attribute what can be; returns the number of facts that changed. Raises database errors."""
        floor = self._floor()
        if floor is None:
            return 0
        today = self._clock.now().astimezone(floor.zone).date()
        async with self._pool.acquire() as connection, connection.transaction():
            unowned = await attribution.unattributed(connection)
            owners = [Owner(source, who, agent) for source, who, _ in unowned if (agent := resolve(floor, source, who))]
            for owned in await attribution.attributed_since(connection, today):
                config = floor.source_by_id.get(owned.source)
                if config is None or config.provider == "generic":
                    continue  # an agent that was given outright stands above the roster
                agent = resolve(floor, owned.source, owned.identity)
                if agent is not None and agent != owned.agent:
                    owners.append(owned._replace(agent=agent))
            changed = await attribution.attribute(connection, list(dict.fromkeys(owners)), today)
        self._show(floor, unowned, {(owner.source, owner.identity) for owner in owners})
        if changed:
            logs.get().info("facts attributed by the new roster", facts=changed)
            self._on_commit()
        return changed

    def _show(self, floor: Floor, unowned: list[tuple[str, str, int]], mended: set[tuple[str, str]]) -> None:
        left = dict.fromkeys((*floor.source_by_id, UNKNOWN), 0)
        for source, identity, count in unowned:
            if (source, identity) not in mended:
                left[source if source in floor.source_by_id else UNKNOWN] += count
        for source, count in left.items():
            self._metrics.unattributed_now.labels(source).set(count)
