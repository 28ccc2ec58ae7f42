"""The body of an agent: drain what has arrived, apply it all, then acknowledge it.

Applying is synchronous: between the check of the generation and the acknowledgement nobody else runs. A message that
cannot be understood is counted and logged, and does not come again; any other error ends the process.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from services.aggregator.stream.holding import Holding

Apply = Callable[[int, Any], None]
"""(partition, message with ``headers`` and ``value``); does not raise on bad messages."""


class Intake:
    def __init__(
        self,
        holding: Holding,
        apply: Apply,
        after: Callable[[], None],
        batch: int,
        fail: Callable[[BaseException], None],
    ) -> None:
        self._holding, self._apply, self._after, self._batch, self._fail = holding, apply, after, batch, fail

    async def run(self, queue: Any, consumer: Callable[[], Any], generation: Callable[[], int]) -> None:
        """Consume *queue* for ever. *generation* tells which assignment is the present one."""
        while True:
            try:
                events = [await queue.get()]
            except StopAsyncIteration:  # the worker stops
                return
            await self._holding.ready.wait()
            try:
                while len(events) < self._batch and not queue.empty():
                    events.append(queue.get_nowait())
                self._take(events, consumer(), generation())
            except Exception as error:
                self._fail(error)
                raise
            await asyncio.sleep(0)

    def _take(self, events: list[Any], consumer: Any, generation: int) -> None:
        """Messages of an older assignment are dropped: whoever owns the partition now gets them again."""
        apply = self._apply
        messages = [getattr(event, "message", event) for event in events]  # the direct way brings bare messages
        current = [message for message in messages if message.generation_id == generation]
        for message in current:
            apply(message.partition, message)
        for message in current:
            message.ack(consumer)
        if current:
            self._after()
