"""Empties the outbox: claims the heads of lanes, sends them side by side, writes down what became of each."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.floor import Floor
from services.alerts import routing
from services.alerts.delivery.attempt import Attempt, LeaseTooShort, Result
from services.alerts.delivery.channels import Channels
from services.alerts.metrics import Metrics
from services.alerts.notifiers.base import DeliveryError, Notifier, Slow, Unknown
from services.alerts.settings import AlertsSettings
from services.alerts.storage import outbox
from services.alerts.storage.outbox import Claimed, Outgoing
from services.alerts.wording import possible_duplicate, render
from services.kit import logs
from services.kit.clock import Clock

AT_ONCE = 8
STUMBLES: Final = 5
"""So often one message may end in an error that nobody foresaw; then it is dead. Counted from each start of the process."""
DATABASE_DOWN = (SQLAlchemyError, OSError, TimeoutError)


class Delivery:
    """One per process; several processes share the outbox without doubling anything."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        settings: AlertsSettings,
        metrics: Metrics,
        channels: Channels,
        floor: Callable[[], Floor],
    ) -> None:
        self._engine, self._clock, self._settings, self._metrics = engine, clock, settings, metrics
        self._channels, self._floor = channels, floor
        self._busy: set[asyncio.Task[None]] = set()
        self._free_at: dict[tuple[str, str], float] = {}
        self._paused_until: dict[str, datetime] = {}
        self._known: set[str] = set()
        self._stumbles: Counter[int] = Counter()
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Work for ever; a database that is down is waited out."""
        while True:
            try:
                claimed = await self._claim()
            except DATABASE_DOWN as error:
                logs.get().warning("outbox waits for the database", error=type(error).__name__)
                claimed = []
            for row in claimed:
                task = asyncio.create_task(self._deliver(row))
                self._busy.add(task)
                task.add_done_callback(self._busy.discard)
                task.add_done_callback(lambda _: self.wake.set())
            if not claimed:
                await self._rest()

    async def finish(self) -> None:
        """Let what is being sent end; what is not claimed stays in the outbox."""
        if self._busy:
            await asyncio.wait(self._busy, timeout=self._settings.alerts_send_timeout_s)

    def broken(self, refused: Collection[str]) -> dict[str, bool]:
        """Channel → whether it cannot be used, or is one of *refused*; also those of an earlier floor, as mended."""
        unusable = self._channels.unusable()
        configured = {channel.id for channel in self._floor().notify.channels}
        self._known |= configured
        return {name: name in configured and (name in unusable or name in refused) for name in sorted(self._known)}

    async def _rest(self) -> None:
        self.wake.clear()
        try:
            async with asyncio.timeout(0.5):  # wait_for of 3.11 may swallow a cancellation
                await self.wake.wait()
        except TimeoutError:
            return

    async def _claim(self) -> list[Claimed]:
        room = AT_ONCE - len(self._busy)
        if room <= 0:
            return []
        now = self._clock.real()
        async with self._engine.begin() as connection:
            await outbox.expire(connection, now)
            for channel, until in self._paused_until.items():
                if until > now:
                    await outbox.pause(connection, channel, until)
            return await outbox.claim(connection, now, self._settings.alerts_lease_s, room)

    async def _deliver(self, row: Claimed) -> None:
        try:
            try:
                await self._deliver_or_say_why(row)
            except DATABASE_DOWN:
                raise
            except Exception as error:
                await self._stumbled(row, error)
        except DATABASE_DOWN as error:
            logs.get().warning(
                "the result of a delivery is not written; its lease will run out",
                group=row.group_key, channel=row.channel, error=type(error).__name__,
            )  # fmt: skip

    async def _deliver_or_say_why(self, row: Claimed) -> None:
        log = logs.get().bind(group=row.group_key, transition=row.transition, channel=row.channel)
        try:
            notifier = self._channels.of(row.channel)
            if isinstance(notifier, str):
                await self._bury(row, notifier)
                return
            await self._try(row, notifier)
        except Slow as error:
            self._paused_until[row.channel] = self._clock.real() + timedelta(seconds=error.retry_after_s)
            await self._again(row, error, wait_s=error.retry_after_s)
        except LeaseTooShort as error:
            log.warning("not sent", error=str(error))
        except DeliveryError as error:
            log.warning("delivery failed", error=str(error), retryable=error.retryable)
            if error.retryable and not self._is_old(row):
                await self._again(row, error, wait_s=self._backoff_s(row))
            else:
                await self._bury(row, str(error))

    async def _stumbled(self, row: Claimed, error: Exception) -> None:
        """An error of ours: said with its whole trace, tried a few times more (it may be the other side's doing), then dead.

        Whether the message arrived is in doubt.
        """
        self._stumbles[row.id] += 1
        logs.get().exception(
            "delivery stumbled over an error of its own",
            group=row.group_key, transition=row.transition, channel=row.channel, times=self._stumbles[row.id],
        )  # fmt: skip
        self._metrics.stumbles.labels(row.channel).inc()
        if self._stumbles[row.id] < STUMBLES:
            await self._again(row, Unknown(f"unexpected: {error!r}"[:500]), wait_s=self._backoff_s(row))
        else:
            await self._bury(row, f"unexpected: {error!r}")
            del self._stumbles[row.id]

    async def _try(self, row: Claimed, notifier: Notifier) -> None:
        thread = None
        async with self._engine.connect() as connection:
            shown = await outbox.shown(connection, row.channel, row.target, row.group_key)
            if row.parent is not None:
                parent = await outbox.shown(connection, row.channel, row.target, row.parent)
                thread = parent.ts if parent else None
                waiting = await outbox.is_waiting(connection, row.channel, row.target, row.parent)
        if row.parent is not None and not (thread and notifier.ability.threads):
            thread, waiting = None, waiting and notifier.ability.threads
            if waiting or not row.whole:
                await self._postpone(row, waiting=waiting)
                return
        try:
            content = render(row.payload)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            await self._bury(row, f"cannot be put into words: {error!r}")
            return
        await self._space(row, notifier)
        attempt = Attempt(
            row,
            content,
            shown,
            thread,
            notifier,
            self._settings.alerts_send_timeout_s,
            self._clock.real,
            possible_duplicate(row.payload),
        )
        await self._done(row, await attempt.run())

    async def _space(self, row: Claimed, notifier: Notifier) -> None:
        """About one message a second and Slack channel."""
        if not notifier.ability.spaced:
            return
        now = time.monotonic()
        start = max(now, self._free_at.get(row.lane, 0.0))
        self._free_at[row.lane] = start + self._settings.alerts_spacing_s
        if start > now:
            await asyncio.sleep(start - now)

    async def _done(self, row: Claimed, result: Result) -> None:
        now = self._clock.real()
        state = "superseded" if result.outcome == "superseded" else "sent"
        async with self._engine.begin() as connection:
            if result.sent is not None:
                await outbox.show(connection, row, result.sent.ts, result.sent.transition, now)
            ours = await outbox.settle(connection, row, state=state, sent_at=now, error=None)
        self._metrics.notifications.labels(row.channel, result.outcome).inc()
        if not ours:
            logs.get().warning("delivered after the lease ran out", group=row.group_key, channel=row.channel)

    async def _again(self, row: Claimed, error: DeliveryError, *, wait_s: float) -> None:
        until = self._clock.real() + timedelta(seconds=wait_s)
        doubtful = row.ambiguous or isinstance(error, Unknown)
        slow = isinstance(error, Slow)
        async with self._engine.begin() as connection:
            values: dict[str, Any] = {"attempts": row.attempts - 1} if slow else {}
            await outbox.settle(
                connection, row, state="pending", next_at=until, error=str(error), ambiguous=doubtful, **values
            )
            if slow:
                await outbox.pause(connection, row.channel, until)
        outcome = "slow" if slow else "unknown" if isinstance(error, Unknown) else "retry"
        self._metrics.notifications.labels(row.channel, outcome).inc()

    async def _postpone(self, row: Claimed, *, waiting: bool) -> None:
        """Details wait for their message; without one they have no place."""
        async with self._engine.begin() as connection:
            if waiting:
                due = self._clock.real() + timedelta(seconds=self._settings.alerts_retry_s)
                await outbox.settle(connection, row, state="pending", attempts=0, next_at=due)
            else:
                await outbox.settle(connection, row, state="superseded", error="its message was not delivered here")

    async def _bury(self, row: Claimed, reason: str) -> None:
        """Give up, aloud: the row stays as dead with its reason, and another channel takes over if nobody else has it."""
        logs.get().error("message is dead", group=row.group_key, channel=row.channel, kind=row.kind, reason=reason)
        async with self._engine.begin() as connection:
            await outbox.settle(connection, row, state="dead", error=reason[:500])
            if row.whole and await outbox.is_hopeless(connection, row):
                await self.hand_over(connection, row)
        self._metrics.notifications.labels(row.channel, "dead").inc()

    async def hand_over(self, connection: Any, row: Claimed | Outgoing) -> None:
        """Write the message for the next channel that can be used and does not have it."""
        now = self._clock.real()
        for lane in routing.others(self._floor(), row.kind, row.payload.get("team"), row.channel):  # type: ignore[arg-type]
            if isinstance(self._channels.of(lane.channel.id), str):
                continue
            copy = Outgoing(row.group_key, row.transition, lane.channel.id, lane.target, row.kind, row.payload)
            if await outbox.write(connection, copy, now, now):
                self._metrics.notifications.labels(lane.channel.id, "fallback").inc()
                return

    def _backoff_s(self, row: Claimed) -> float:
        doubled: float = self._settings.alerts_retry_s * 2 ** min(max(row.attempts - 1, 0), 20)
        return min(self._settings.alerts_retry_max_s, doubled)

    def _is_old(self, row: Claimed) -> bool:
        return (self._clock.real() - row.created_at).total_seconds() > self._settings.alerts_give_up_s
