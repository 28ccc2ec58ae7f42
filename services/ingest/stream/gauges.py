"""Looks now and then at what waits: backlogs for the metrics, the journal's health, replays whose command was killed."""

import asyncio
from datetime import datetime
from typing import Any

from services.ingest.metrics import Metrics
from services.ingest.storage import backlog, readbacks, unpublished
from services.ingest.storage.journal import DATABASE_ERRORS, Journal
from services.kit.clock import Clock

EVERY_S = 2.0
ABANDONED_S = 60.0

_ABANDONED = "UPDATE replays SET finished_at = $1 WHERE finished_at IS NULL AND started_at < $2"


async def watch(pool: Any, journal: Journal, clock: Clock, metrics: Metrics) -> None:
    """For ever."""
    while True:
        await journal.probe()
        try:
            async with pool.acquire() as connection:
                await look(connection, clock.now(), clock, metrics)
        except DATABASE_ERRORS:
            pass  # the journal says it louder
        await asyncio.sleep(EVERY_S)


async def look(connection: Any, now: datetime, clock: Clock, metrics: Metrics) -> None:
    waiting = await backlog.count(connection)
    metrics.parse_backlog.set(waiting)
    count, oldest = await unpublished.waiting(connection)
    metrics.publish_backlog.set(count)
    metrics.publish_oldest.set((now - oldest).total_seconds() if oldest else 0)
    asked = await readbacks.waiting(connection)
    for source in metrics.sources | asked.keys():
        asking, lost = asked.get(source, (0, 0))
        metrics.readbacks_waiting.labels(source).set(asking)
        metrics.readbacks_lost.labels(source).set(lost)
    if not waiting:
        await connection.execute(_ABANDONED, now, now - clock.allow(ABANDONED_S))
