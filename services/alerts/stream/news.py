"""Reads news and wakes the evaluation up. News is a hint about rows that exist; what is lost here is found there."""

import asyncio
from collections.abc import Callable
from datetime import date as Date
from typing import Any, Final

import msgspec
from aiokafka.errors import KafkaError

from schemas.messages import LineHealth
from schemas.topics import HEALTH, SLICES
from services.kit import logs
from services.kit.kafka import close, consumer

GROUP: Final = "srez-alerts"
AGAIN_S: Final = 2.0
_HEALTH: Final = msgspec.json.Decoder(LineHealth)


class News:
    """``suspect`` is told of failing lines, ``wake`` of everything that changed. ``wrong`` says why nothing is heard, ``away``
    that Kafka cannot be reached (``reach``)."""

    def __init__(
        self,
        bootstrap: str,
        session_timeout_s: float,
        suspect: Callable[[Date, str], None],
        wake: Callable[[], None],
    ) -> None:
        self._bootstrap, self._session_ms = bootstrap, int(session_timeout_s * 1000)
        self._suspect, self._wake = suspect, wake
        self._seen: dict[str, tuple[object, ...]] = {}
        self.wrong: str | None = "not connected yet"
        self.away: str | None = None

    async def run(self) -> None:
        """Listen for ever; a broker that is away is waited out, PostgreSQL is asked by the clock meanwhile."""
        while True:
            try:
                await self._listen()
            except (KafkaError, OSError, TimeoutError) as error:
                self.wrong = f"Kafka: {type(error).__name__}"
                logs.get().warning("news interrupted", error=repr(error)[:300], seldom=True)
            await asyncio.sleep(AGAIN_S)

    async def _listen(self) -> None:
        source = consumer(
            self._bootstrap,
            HEALTH.name,
            SLICES.name,
            group=GROUP,
            from_start=False,
            session_timeout_ms=self._session_ms,
            heartbeat_interval_ms=max(500, self._session_ms // 6),
            metadata_max_age_ms=30_000,
        )
        try:
            await source.start()
            self.wrong = None
            async for message in source:
                self._take(message)
        finally:
            await close(source)

    def _take(self, message: Any) -> None:
        if message.topic == SLICES.name:
            self._wake()
            return
        try:
            health = _HEALTH.decode(message.value)
        except msgspec.MsgspecError as error:
            logs.get().error("unreadable news", topic=message.topic, error=str(error)[:200])
            return
        told = (health.state, health.fired_at, health.resolved_at)
        if health.fired_at is not None:
            self._suspect(health.date, health.line)
        if self._seen.get(health.line, ("ok", None, None)) != told:
            self._wake()
        self._seen[health.line] = told
