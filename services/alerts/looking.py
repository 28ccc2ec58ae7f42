"""The rhythm of evaluation: on news at once, else by the clock; metrics, heartbeat and overdue outages beside it."""

import asyncio
import time
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.delivery.worker import Delivery
from services.alerts.evaluation import Evaluation
from services.alerts.metrics import HELD, Metrics
from services.alerts.settings import AlertsSettings
from services.alerts.storage import alerts, outbox, standing
from services.alerts.stream.announcer import Announcer
from services.kit import logs
from services.kit.clock import Clock


class Looking:
    """``wrong`` says why the last look failed; None when it went well."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        settings: AlertsSettings,
        metrics: Metrics,
        evaluation: Evaluation,
        delivery: Delivery,
        announcer: Announcer,
    ) -> None:
        self._engine, self._clock, self._settings, self._metrics = engine, clock, settings, metrics
        self._evaluation, self._delivery, self._announcer = evaluation, delivery, announcer
        evaluation.acting.done = self._acted
        self._news = asyncio.Event()
        self.wrong: str | None = "nothing is evaluated yet"

    def _acted(self, kind: str, via: str, problem: str | None) -> None:
        self._metrics.acts.labels(kind, via, problem or "done").inc()

    def wake(self) -> None:
        self._news.set()

    async def run(self) -> None:
        while True:
            await self.once()
            try:
                async with asyncio.timeout(self._settings.alerts_look_s):  # wait_for of 3.11 may swallow a cancellation
                    await self._news.wait()
                await asyncio.sleep(self._settings.alerts_news_s)
            except TimeoutError:
                continue
            finally:
                self._news.clear()

    async def once(self) -> None:
        """One look; a database that is down is waited out."""
        began = time.monotonic()
        try:
            written = await self._evaluation.look()
            await self._hand_over_overdue()
            await self._measure()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            self.wrong = f"PostgreSQL: {type(error).__name__}"
            logs.get().warning("evaluation waits for the database", error=repr(error)[:300], seldom=True)
            return
        self.wrong = None
        self._metrics.evaluation.set(time.monotonic() - began)
        self._metrics.heartbeat.set(time.time())
        if written:
            self._delivery.wake.set()
            self._announcer.wake.set()

    async def _hand_over_overdue(self) -> None:
        """An outage that nobody has heard of for too long goes to another channel too."""
        before = self._clock.real() - timedelta(seconds=self._settings.alerts_overdue_s)
        async with self._engine.begin() as connection:
            for late in await outbox.overdue(connection, before):
                logs.get().error("an outage is overdue; another channel takes over", group=late.group_key)
                await self._delivery.hand_over(connection, late)

    async def _measure(self) -> None:
        async with self._engine.connect() as connection:
            ages = await outbox.oldest(connection, self._clock.real())
            states = await outbox.by_state(connection)
            counted = await alerts.counted(connection, self._clock.now() - timedelta(days=1))
            held = await standing.held(connection)
            precise = await standing.acted(connection, self._clock.now() - timedelta(days=28))
            oldest_act = await standing.oldest_act(connection)
            refused = await outbox.refused(connection, self._clock.real() - timedelta(days=1))
        self._metrics.windows.set(self._evaluation.windows_s)
        self._metrics.acts_waiting.set((self._clock.now() - oldest_act).total_seconds() if oldest_act else 0)
        for channel, broken in self._delivery.broken(refused).items():
            self._metrics.broken.labels(channel).set(broken)
        for why in HELD:
            self._metrics.held.labels(why).set(held.get(why, 0))
        for detector, share in precise.items():
            self._metrics.precision.labels(detector).set(share)
        self._metrics.outbox_oldest.set(max(ages.values(), default=0.0))
        for state in ("pending", "sending", "dead"):
            self._metrics.outbox.labels(state).set(states.get(state, 0))
        for kind in ("outage", "efficiency", "data"):
            for state in ("firing", "acknowledged", "resolved", "invalidated"):
                self._metrics.alerts.labels(kind, state).set(counted.get((kind, state), 0))
