"""Accepting comes first: while webhooks come in faster than this process can turn its loop, background work rests.

What waits is durable and is worked off later; a webhook that is not accepted may never come again.
"""

import asyncio
import time
from collections.abc import Callable

BUSY_PER_S = 750.0
"""Below this there is no pressure: half as much again as the rate for which freshness is promised (DESIGN §8, B3)."""
TURN_S = 0.002
"""One turn of the event loop that takes longer than this has many requests in it: the process is at its limit."""
WINDOW_S = 0.1
REST = 20.0
"""Under pressure, rest so many times as long as the last batch took…"""
LONGEST_S = 1.0
"""… but no longer than this: the backlog keeps moving."""


class Pace:
    """*seen* counts the webhooks answered so far."""

    def __init__(self, seen: Callable[[], int] = lambda: 0) -> None:
        self._seen = seen
        self._at, self._count, self._rate = time.monotonic(), seen(), 0.0

    async def rest_after(self, began: float) -> None:
        """*began*: time.monotonic() at the start of the batch."""
        now = time.monotonic()
        if self.rate(now) < BUSY_PER_S:
            return
        await asyncio.sleep(0)
        if time.monotonic() - now >= TURN_S:
            await asyncio.sleep(min(LONGEST_S, REST * (now - began)))

    def rate(self, now: float) -> float:
        """Webhooks a second, over the last WINDOW_S at least."""
        if now - self._at >= WINDOW_S:
            count = self._seen()
            self._rate = (count - self._count) / (now - self._at)
            self._at, self._count = now, count
        return self._rate
