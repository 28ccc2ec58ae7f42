"""The endpoint in this process, with a journal in memory."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from schemas.floor import parse
from services.ingest.customer import hasher
from services.ingest.metrics import Metrics
from services.ingest.source import configure
from services.ingest.storage.entry import Entry
from services.ingest.web.gate import Gate
from services.ingest.web.hooks import Hooks, Limits
from services.kit.clock import Clock
from services.kit.errors import Unavailable
from tests.services.ingest.conftest import FLOOR

ROOMY = Limits()


@dataclass
class Memory:
    """Keeps entries; ``wait`` holds every keep until it is set; ``broken`` refuses."""

    entries: list[Entry] = field(default_factory=list)
    wait: asyncio.Event | None = None
    broken: bool = False

    async def keep(self, entry: Entry) -> str:
        if self.broken:
            raise Unavailable("broken")
        if self.wait is not None:
            await self.wait.wait()
        self.entries.append(entry)
        return "accepted"


@dataclass
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes


floor_of = lru_cache(parse)


class Endpoint:
    def __init__(self, memory: Memory, limits: Limits = ROOMY, floor: str = FLOOR) -> None:
        self.metrics = Metrics()
        self.hooks = Hooks(memory.keep, Clock(), self.metrics, limits)
        sources = configure(floor_of(floor), hasher("key"))
        self.hooks.gates = {id_: Gate(configured, self.metrics) for id_, configured in sources.items()}

    def counted(self, source: str, outcome: str) -> float:
        value = self.metrics.registry.get_sample_value("srez_webhooks_total", {"source": source, "outcome": outcome})
        assert value is not None
        return value

    async def ask(
        self,
        path: str,
        raw: bytes = b"",
        headers: Mapping[str, str] | Iterable[tuple[bytes, bytes]] = (),
        *,
        method: str = "POST",
        query: bytes = b"",
        chunks: list[bytes] | None = None,
        hang: bool = False,
    ) -> Answered:
        """One request; *chunks* instead of *raw* sends the body in parts, *hang* never ends it."""
        parts = list(chunks if chunks is not None else [raw])
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if parts:
                part = parts.pop(0)
                return {"type": "http.request", "body": part, "more_body": bool(parts) or hang}
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        pairs = (
            [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
            if isinstance(headers, Mapping)
            else list(headers)
        )
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "headers": pairs,
            "scheme": "http",
        }
        await self.hooks(scope, receive, send)
        start, end = sent
        found = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answered(start["status"], found, end["body"])
