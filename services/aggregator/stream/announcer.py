"""Publishes what changed, in micro-batches. What Kafka did not take is sent again: the newest state, not the old message."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from services.kit import logs
from services.kit.errors import Unavailable
from services.kit.kafka import Producer

Message = tuple[str, int, str, bytes, Sequence[tuple[str, bytes]]]
RETRY_S = 1.0
REST_S, LONGEST_REST_S = 0.0003, 0.5
"""A round is followed by so long a rest for each of its messages (four times what they cost), at most half a second: a
backlog is counted first, and shown in fewer, fuller rounds. By number and not by the clock: a busy machine is no backlog."""


class Announcer:
    """*collect* returns the messages due and a call that puts them back into what is due."""

    def __init__(
        self,
        name: str,
        producer: Producer,
        collect: Callable[[], Awaitable[tuple[list[Message], Callable[[], None]]]],
        pause_s: float,
    ) -> None:
        self._name, self._producer, self._collect, self._pause_s = name, producer, collect, pause_s
        self._something = asyncio.Event()
        self.problem: str | None = None

    def wake(self) -> None:
        self._something.set()

    async def run(self) -> None:
        sent = 0
        while True:
            await self._something.wait()
            self._something.clear()
            await asyncio.sleep(max(self._pause_s, min(LONGEST_REST_S, REST_S * sent)))
            messages, put_back = await self._collect()
            if not messages:
                continue
            try:
                await self._producer.send(messages)
                self.problem, sent = None, len(messages)
            except Unavailable as error:
                self.problem = str(error)
                logs.get().warning(
                    "cannot publish", what=self._name, waiting=len(messages), error=str(error)[:300], seldom=self._name
                )
                put_back()
                self._something.set()
                await asyncio.sleep(RETRY_S)
