"""Faust's Kafka transport with a short way from a fetched record to an agent's queue.

Faust starts two tasks an event so that delivery can be given up when a rebalance suspends the flow; a queue with room
needs no waiting, so a record goes into it directly (measured: two to three times as many facts a second). Where Faust's
way differs (a full queue, a suspended flow) Faust's own way is taken. What must hold is Faust's: records of another
generation, of partitions not active, or older than what was read, are not delivered; gaps in offsets are noted.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from faust.transport.consumer import ensure_TP
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport

from services.kit.kafka import FETCH_WAIT_MS

YIELD_EVERY = 250


class ConsumerThread(AIOKafkaConsumerThread):
    """Faust lets the broker hold a fetch for 1500 ms, and has no setting for it; see ``FETCH_WAIT_MS``."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer


class DirectConsumer(Consumer):
    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def verify_event_path(self, now: float, tp: Any) -> None:
        """Faust would report a stalled stream, because messages leave the queue unseen by it; lag is watched elsewhere."""

    async def _drain_messages(self, fetcher: Any) -> None:
        """Fetch and deliver until the consumer or *fetcher* stops."""
        self._pressure: dict[Any, tuple[Callable[[], None], Callable[[], None]]] = {}
        while not (self._stopped.is_set() or fetcher._stopped.is_set()):
            await asyncio.sleep(0)
            records, active = await self._wait_next_records(1.0)
            if records is None or self.should_stop:
                return
            if self.flow_active:
                await self._deliver_all(records, active)
            else:
                await self._seek_back()

    async def _seek_back(self) -> None:
        """The flow was suspended while we fetched: what was fetched is fetched again."""
        try:
            await self.perform_seek()
        except Exception as error:  # as Faust does: the rebalance under way seeks once more
            self.log.warning("cannot seek while the flow is suspended: %r", error)

    async def _deliver_all(self, records: Any, active: Any) -> None:
        generation = self.app.consumer_generation_id
        for partition, batch in records.items():
            tp = ensure_TP(partition)  # aiokafka has a type of its own, and Faust insists on its
            if active is not None and tp not in active and tp not in self._buffered_partitions:
                continue
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            for number, record in enumerate(batch, 1):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                await self._deliver(tp, record)
                if number % YIELD_EVERY == 0:
                    await asyncio.sleep(0)

    async def _deliver(self, tp: Any, record: Any) -> None:
        read, offset = self._read_offset[tp], record.offset
        if read is not None and offset < read:
            return
        if read and offset - read > 1:
            await self._add_gap(tp, read + 1, offset)
        message = self._to_message(tp, record)
        channels = self.app.topics._tp_index[tp]  # type: ignore[attr-defined]
        if len(channels) == 1 and self.app.flow_control.is_active():
            (channel,) = channels
            if channel.queue.full():
                await asyncio.sleep(0)  # the agent takes all there is in one go
            if not channel.queue.full() and self.flow_active:
                message.incref(1)
                high, drop = self._callbacks(tp)
                channel.queue.put_nowait_enhanced(message, on_pressure_high=high, on_pressure_drop=drop)
                self._read_offset[tp] = offset
                return
        await self.wait_first(self.callback(message), self.suspend_flow.wait())
        self._read_offset[tp] = offset

    def _callbacks(self, tp: Any) -> tuple[Callable[[], None], Callable[[], None]]:
        """What the queue calls when it fills up and when it has room again: one pair a partition, kept."""
        found = self._pressure.get(tp)
        if found is None:
            found = self._pressure[tp] = (lambda: self.on_buffer_full(tp)), (lambda: self.on_buffer_drop(tp))
        return found


class DirectTransport(Transport):
    Consumer = DirectConsumer
