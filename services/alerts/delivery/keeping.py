"""Tells places that forget (Alertmanager) again what still fires, well before they take it for over.

No state of its own: what was delivered there and is still open is posted again as it was said last. Ends of the last minutes are
too, in case one of these posts passed them on the way. Nothing is written, and one that fails is tried again the next time; a
state that is not delivered yet is the outbox's matter.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.floor import Floor
from services.alerts.delivery.channels import Channels
from services.alerts.metrics import Metrics
from services.alerts.notifiers.base import DeliveryError, Reference
from services.alerts.storage import outbox
from services.alerts.wording import render
from services.kit import logs

ENDS: Final = timedelta(minutes=5)


class Keeping:
    def __init__(
        self, engine: AsyncEngine, channels: Channels, floor: Callable[[], Floor], every_s: float, metrics: Metrics
    ) -> None:
        self._engine, self._channels, self._floor, self._every_s = engine, channels, floor, every_s
        self._metrics = metrics

    async def run(self) -> None:
        while True:
            await self.once()
            await asyncio.sleep(self._every_s)

    async def once(self) -> int:
        """Returns how many alerts were posted again."""
        kept = 0
        for channel in self._floor().notify.channels:
            notifier = self._channels.of(channel.id)
            if isinstance(notifier, str) or not notifier.ability.keeps:
                continue
            try:
                async with self._engine.connect() as connection:
                    standing = await outbox.standing(connection, channel.id, datetime.now(UTC) - ENDS)
                for row in standing:
                    await notifier.post(row.target, render(row.payload), Reference(row.group_key, row.transition))
                    kept += 1
                self._metrics.kept.labels(channel.id).set(time.time())
            except (DeliveryError, SQLAlchemyError, OSError, TimeoutError) as error:
                what = str(error) if isinstance(error, DeliveryError) else type(error).__name__
                logs.get().warning("what fires is not kept alive", channel=channel.id, error=what)
        return kept
