"""Ends the process when the broker has forgotten its topics (a memory-only broker was restarted, topics were re-created).

Faust would wait for ever for offsets that will not come; a fresh process begins at the beginning of the new topic, and
deduplication does the rest.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.aggregator.stream import fence
from services.kit import logs

LOOK_S = 3.0
PATIENCE_S = 10.0


class BrokerWatch:
    def __init__(
        self, bootstrap: str, app: Any, topics: Sequence[str], leave: Callable[[int, str], None] = fence.end
    ) -> None:
        self._bootstrap, self._app, self._topics, self._leave = bootstrap, app, topics, leave

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    ends = await self._ends()
            except (KafkaError, OSError, TimeoutError) as error:
                logs.get().warning("cannot ask the broker for its offsets", error=repr(error)[:200])
                continue
            read = {
                (tp.topic, tp.partition): offset
                for tp, offset in list(self._app.consumer._read_offset.items())
                if offset is not None and tp.topic in self._topics
            }
            lost = sorted(key for key, offset in read.items() if ends.get(key, 0) < offset)
            if lost:
                self._leave(
                    fence.FAILED, f"the broker has lost messages of {lost}: it was restarted or topics were made anew"
                )

    async def _ends(self) -> dict[tuple[str, int], int]:
        """End offset of every partition that this worker reads."""
        assigned = [tp for tp in self._app.consumer.assignment() if tp.topic in self._topics]
        if not assigned:
            return {}
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            known = {topic: await _partitions(consumer, topic) for topic in self._topics}
            asked = [TopicPartition(tp.topic, tp.partition) for tp in assigned if tp.partition in known[tp.topic]]
            found = await consumer.end_offsets(asked) if asked else {}
        finally:
            await consumer.stop()
        return {(tp.topic, tp.partition): end for tp, end in found.items()}


async def _partitions(consumer: Any, topic: str) -> frozenset[int]:
    """Partitions of *topic*; none when the broker does not know it."""
    metadata = await consumer._client.fetch_all_metadata()
    return frozenset(metadata.partitions_for_topic(topic) or ())
