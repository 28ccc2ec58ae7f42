"""Accepting comes first: while many requests are in progress, background work takes a small part of the time.

What waits is durable; a webhook that is not accepted may never come again.
"""

import asyncio
import time
from collections.abc import Callable

BUSY = 24
"""Requests in progress at once that mean the process is at its limit (500 webhooks/s are about five)."""
REST = 6.0
"""Under pressure, rest so many times as long as the last batch took…"""
LONGEST_S = 0.5
"""… but no longer than this: the backlog keeps moving."""


class Pace:
    def __init__(self, active: Callable[[], int] = lambda: 0) -> None:
        self._active = active

    async def rest_after(self, began: float) -> None:
        """*began*: time.monotonic() at the start of the batch."""
        if self._active() >= BUSY:
            await asyncio.sleep(min(LONGEST_S, REST * (time.monotonic() - began)))
