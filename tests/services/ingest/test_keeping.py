"""Where a webhook is kept: the journal, else the overflow of a durable broker, else nowhere, and the sender is told."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.topics import OVERFLOW
from services.ingest.app import Ingest
from services.ingest.providers.base import Request
from services.ingest.settings import IngestSettings
from services.ingest.storage.entry import entry, unpack
from services.ingest.stream.overflow import Overflow
from services.kit.clock import Clock
from services.kit.errors import Unavailable

RAW = b"{}"
ENTRY = entry("own", Request("POST", "", "", {}, RAW, datetime.now(UTC)), RAW)


class Broker:
    def __init__(self, down: bool = False) -> None:
        self.down, self.sent = down, list[Any]()

    async def send(self, messages: Sequence[Any], timeout_s: float = 0) -> None:
        if self.down:
            raise Unavailable("down")
        self.sent += messages


def ingest(tmp_path: Any, broker: Broker, *, durable: bool) -> Ingest:
    """On a database that does not exist."""
    settings = IngestSettings.model_validate(
        {
            "postgres_dsn": f"postgresql://nobody@/nothing?host={tmp_path}",
            "kafka_bootstrap": "127.0.0.1:1",
            "kafka_durable": durable,
        }
    )
    made = Ingest(settings, Clock())
    made._overflow = Overflow(broker, 4)
    return made


@pytest.mark.parametrize(("durable", "down"), [(True, False), (True, True), (False, False)])
async def test_postgresql_down(tmp_path: Any, durable: bool, down: bool) -> None:
    """A durable broker takes the raw request; one that is down, or only memory, does not count."""
    broker = Broker(down)
    service = ingest(tmp_path, broker, durable=durable)
    writer = asyncio.create_task(service.journal.run())
    if durable and not down:
        assert await service._keep(ENTRY) == "overflowed"
        assert [(topic, key, unpack(value)) for topic, _, key, value, _ in broker.sent] == [
            (OVERFLOW.name, "own", ENTRY)
        ]
    else:
        with pytest.raises(Unavailable):
            await service._keep(ENTRY)
        assert broker.sent == []
    service.journal.stop()
    await writer
    await service._stop_work()
