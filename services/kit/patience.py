"""An HTTP protocol that waits only so long for a request's headers: slow senders must not hold connections (slow loris).

uvicorn itself limits idle time between requests, not within one.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 10.0


class Impatient(HttpToolsProtocol):
    """Closes a connection whose next request has begun, or which was opened, and is not headed within HEADERS_S."""

    headers_s = HEADERS_S
    _patience: asyncio.TimerHandle | None = None
    _lost_at: float | None = None
    """Loop time at which patience ends; None while nothing is waited for."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        self._lost_at = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost_at = None
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        super().connection_lost(exc)

    def _wait(self) -> None:
        """One timer a connection, that looks again when it was early: a timer a request would cost more."""
        self._lost_at = self.loop.time() + self.headers_s
        if self._patience is None:
            self._patience = self.loop.call_later(self.headers_s, self._look)

    def _look(self) -> None:
        self._patience = None
        if self._lost_at is None:
            return
        left_s = self._lost_at - self.loop.time()
        if left_s > 0:
            self._patience = self.loop.call_later(left_s, self._look)
        elif self.transport is not None and not self.transport.is_closing():
            self.transport.close()
