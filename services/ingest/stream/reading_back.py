"""Thin events: asks the provider for what they only name, and journals the answer as any other body.

It never stands in a webhook's way: the event was journaled, answered and parsed before. Per source one question at a
time, at most so many a second (``options.readback_per_s``), each tried again for a day. A crash between the answer and
the end of its row reads it once more, which changes nothing.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import httpx

from services.ingest.metrics import Metrics
from services.ingest.providers.base import READBACK, Fetch, Request
from services.ingest.source import Configured
from services.ingest.storage import readbacks
from services.ingest.storage.entry import entry
from services.ingest.storage.journal import DATABASE_ERRORS, Journal
from services.ingest.storage.readbacks import Claimed
from services.kit import logs, retry_after
from services.kit.clock import Clock
from services.kit.errors import Unavailable

TIMEOUT_S: Final = 10.0
LEASE: Final = timedelta(seconds=60)
LARGEST: Final = 1024 * 1024
PER_S: Final = 2.0
LONGEST_WAIT_S: Final = 600.0
TRIED_FOR: Final = timedelta(hours=24)
PASSING: Final = frozenset({401, 403, 408, 409, 423, 425, 429})
"""Statuses below 500 that a mended token or a little patience may cure; every other 4xx is the provider's last word."""


class NotRead(Exception):
    """Why an answer could not be had. ``final``: asking again will not help; ``wait_s``: what the provider asked for."""

    def __init__(self, problem: str, *, final: bool = False, wait_s: float | None = None) -> None:
        super().__init__(problem)
        self.final, self.wait_s = final, wait_s


class ReadingBack:
    def __init__(
        self,
        pool: Any,
        journal: Journal,
        sources: Callable[[], Mapping[str, Configured]],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._pool, self._journal, self._sources = pool, journal, sources
        self._clock, self._metrics = clock, metrics
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self, poll_s: float) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
            try:
                while True:
                    await self._begin(client)
                    await asyncio.sleep(poll_s)
            finally:
                for task in self._busy.values():
                    task.cancel()

    async def _begin(self, client: httpx.AsyncClient) -> None:
        """One task for each source that has something due and none yet."""
        self._busy = {source: task for source, task in self._busy.items() if not task.done()}
        try:
            async with self._pool.acquire() as connection:
                due = await readbacks.due(connection, self._clock.real())
        except DATABASE_ERRORS:
            return  # the journal says it louder
        for source in due:
            configured = self._sources().get(source)
            if configured is not None and configured.provider is not None and source not in self._busy:
                self._busy[source] = asyncio.create_task(self._source(client, configured), name=f"readback-{source}")

    async def _source(self, client: httpx.AsyncClient, configured: Configured) -> None:
        """Reads what is due of one source, one by one."""
        pause_s = 1 / (rate(configured) * self._clock.rate)
        try:
            while True:
                now = self._clock.real()
                async with self._pool.acquire() as connection:
                    claimed = await readbacks.claim(connection, configured.source.id, now, now + LEASE)
                if claimed is None:
                    return
                await self.one(client, configured, claimed)
                await asyncio.sleep(pause_s)
        except (*DATABASE_ERRORS, Unavailable) as error:
            logs.get().warning("reading back waits", source=configured.source.id, error=type(error).__name__)
        except Exception:  # outermost guard: a provider's fetch that breaks stops its own source only
            logs.get().exception("reading back broke", source=configured.source.id)
            await asyncio.sleep(LONGEST_WAIT_S)

    async def one(self, client: httpx.AsyncClient, configured: Configured, claimed: Claimed) -> None:
        """Ask for one object and journal the answer. Raises: Unavailable, database errors; the lease then runs out."""
        source = configured.source
        try:
            body, content_type = await self._answer(client, configured, claimed)
        except NotRead as error:
            await self._failed(claimed, error)
            return
        path = f"{claimed.wanted.kind}/{claimed.wanted.id}"
        request = Request(READBACK, path, "", {"content-type": content_type}, body, self._clock.now())
        await self._journal.keep(entry(source.id, request, body))
        async with self._pool.acquire() as connection:
            await readbacks.done(connection, claimed, self._clock.real())
        self._metrics.readbacks.labels(source.id, "read").inc()

    async def _answer(self, client: httpx.AsyncClient, configured: Configured, claimed: Claimed) -> tuple[bytes, str]:
        """(body, content type). Raises: NotRead."""
        assert configured.provider is not None  # _begin looked
        fetch = configured.provider.fetch(claimed.wanted, configured.source, configured.secrets)
        if fetch is None:
            raise NotRead("the floor file gives no credentials for reading back: see the provider's README")
        try:
            body, content_type = await _get(client, fetch)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The text of these errors holds the address, and the address may hold a secret.
            raise NotRead(f"the provider cannot be reached: {type(error).__name__}") from None
        trouble = configured.provider.trouble(body)
        if trouble is not None:
            raise NotRead(f"the provider answered {trouble}")
        return body, content_type

    async def _failed(self, claimed: Claimed, error: NotRead) -> None:
        now = self._clock.real()
        given_up = error.final or now - claimed.since > TRIED_FOR
        wait_s = error.wait_s if error.wait_s is not None else backed_off(claimed.attempts)
        async with self._pool.acquire() as connection:
            await readbacks.later(
                connection, claimed, now + timedelta(seconds=wait_s), str(error)[:300], given_up=given_up
            )
        self._metrics.readbacks.labels(claimed.source, "given_up" if given_up else "again").inc()
        logs.get().warning(
            "reading back failed",
            source=claimed.source,
            what=f"{claimed.wanted.kind}/{claimed.wanted.id}",
            problem=str(error)[:300],
            given_up=given_up,
        )
        if not given_up and error.wait_s is not None:
            await asyncio.sleep(min(error.wait_s, LONGEST_WAIT_S))


def rate(configured: Configured) -> float:
    """Questions a second: ``options.readback_per_s``, else PER_S."""
    wished = configured.source.config.options.get("readback_per_s")
    return float(wished) if isinstance(wished, int | float) and 0 < wished <= 100 else PER_S


def backed_off(attempts: int) -> float:
    """Seconds before the next attempt: 1, 2, 4 … 600, a fifth more or less."""
    return min(LONGEST_WAIT_S, 2.0 ** min(attempts - 1, 12)) * random.uniform(0.8, 1.2)


async def _get(client: httpx.AsyncClient, fetch: Fetch) -> tuple[bytes, str]:
    """Raises: NotRead, httpx.HTTPError."""
    headers = dict(fetch.headers)
    async with client.stream(fetch.method, fetch.url, headers=headers, content=fetch.body or None) as answer:
        if not answer.is_success:
            status = answer.status_code
            final = status < 500 and status not in PASSING
            asked_s = retry_after.seconds(answer.headers.get("retry-after")) if status in (429, 503) else None
            wait_s = None if asked_s is None else min(asked_s, LONGEST_WAIT_S)
            raise NotRead(f"the provider answered HTTP {status}", final=final, wait_s=wait_s)
        parts, size = [], 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > LARGEST:
                raise NotRead("the answer is larger than 1 MiB", final=True)
            parts.append(part)
        return b"".join(parts), answer.headers.get("content-type", "application/json")
