"""Ends the process when the broker has forgotten its topics (a memory-only broker was restarted, topics were re-created).

Faust would wait for ever for offsets that will not come; a fresh process makes missing topics, begins at the beginning of
the new ones, and deduplication does the rest.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.aggregator.stream import fence
from services.kit import logs

LOOK_S = 3.0
PATIENCE_S = 10.0
KAFKA_ERRORS = (KafkaError, OSError, TimeoutError)


class BrokerWatch:
    def __init__(
        self, bootstrap: str, app: Any, topics: Sequence[str], leave: Callable[[int, str], None] = fence.end
    ) -> None:
        self._bootstrap, self._app, self._topics, self._leave = bootstrap, app, topics, leave

    async def run(self) -> None:
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await admin.start()
                while True:
                    await asyncio.sleep(LOOK_S)
                    async with asyncio.timeout(PATIENCE_S):
                        known = set(await admin.list_topics())
                    self._check(known)
            except KAFKA_ERRORS as error:
                logs.get().warning(
                    "the broker does not answer: live counters stand still, slices stay right",
                    mend="start the broker, or mend SREZ_KAFKA_BOOTSTRAP", error=repr(error)[:200], seldom=True,
                )  # fmt: skip
                await asyncio.sleep(LOOK_S)
            finally:
                with contextlib.suppress(*KAFKA_ERRORS):
                    await admin.close()

    def _check(self, known: set[str]) -> None:
        missing = sorted(set(self._topics) - known)
        if missing:
            self._leave(fence.FAILED, f"the broker does not know {missing} any more: it was restarted")
        lost = [(name, read, end) for name, read, end in self._positions() if end < read]
        if lost:
            self._leave(fence.FAILED, f"the broker has lost messages of {sorted(lost)}: topics were made anew")

    def _positions(self) -> list[tuple[str, int, int]]:
        """(partition, offset read or to be read next, end of the partition as the newest fetch told it)."""
        found = []
        consumer = self._app.consumer
        assigned = consumer.assignment()
        for tp, read in list(consumer._read_offset.items()):
            if read is not None and tp in assigned and tp.topic in self._topics:
                end = consumer.highwater(tp)
                if end is not None and end >= 0:
                    found.append((f"{tp.topic}/{tp.partition}", read, end))
        return found
