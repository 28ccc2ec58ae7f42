"""With PostgreSQL down and a durable broker, a webhook's raw request goes to ``srez.overflow.v1`` and is journaled later.

The outcome of a failed journal commit is unknown, so a request may end up in both: its facts are recognised by id.
"""

import asyncio
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from schemas.topics import OVERFLOW, partition_of
from services.ingest.storage.entry import Entry, pack, unpack
from services.ingest.storage.journal import Journal
from services.ingest.stream.publisher import Sender
from services.kit import logs
from services.kit.errors import Unavailable
from services.kit.kafka import close

GROUP = "srez-ingest-overflow"
SEND_TIMEOUT_S = 1.2
BACK_OFF_S = 2.0
TOGETHER = 200


class Overflow:
    def __init__(self, sender: Sender, partitions: int) -> None:
        self._sender, self._partitions = sender, partitions

    async def keep(self, entry: Entry) -> None:
        """Returns when the broker has acknowledged. Raises: Unavailable."""
        partition = partition_of(entry.source, self._partitions)
        message = (OVERFLOW.name, partition, entry.source, pack(entry), [("content-type", b"application/msgpack")])
        await self._sender.send([message], SEND_TIMEOUT_S)


async def drain(bootstrap: str, journal: Journal, session_timeout_s: float) -> None:
    """Journal what overflowed, for ever. An offset is committed only after its rows are."""
    while True:
        consumer = AIOKafkaConsumer(
            OVERFLOW.name,
            bootstrap_servers=bootstrap,
            group_id=GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=int(session_timeout_s * 1000),
            heartbeat_interval_ms=max(500, int(session_timeout_s * 1000 / 6)),
            max_poll_records=TOGETHER,
        )
        try:
            await consumer.start()
            while True:
                await _take(consumer, journal)
        except (KafkaError, OSError, TimeoutError, Unavailable) as error:
            logs.get().warning("overflow waits", error=f"{type(error).__name__}: {error}"[:300], seldom=True)
        finally:
            await close(consumer)
        await asyncio.sleep(BACK_OFF_S)


async def _take(consumer: Any, journal: Journal) -> None:
    """One poll. Raises: Unavailable when the journal is still down; then nothing was committed."""
    records = await consumer.getmany(timeout_ms=1000, max_records=TOGETHER)
    entries = []
    for batch in records.values():
        for record in batch:
            try:
                entries.append(unpack(record.value))
            except msgspec.MsgspecError:
                logs.get().error("overflow message does not decode", partition=record.partition, offset=record.offset)
    if not entries:
        return
    results = await asyncio.gather(*(journal.keep(entry) for entry in entries), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    await consumer.commit()
    logs.get().info("overflow journaled", rows=len(entries))
