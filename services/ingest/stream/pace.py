"""Accepting comes first: while webhooks come in faster than this process can turn its loop, background work rests.

What waits is durable and is worked off later; a webhook that is not accepted may never come again.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

BUSY_PER_S = 750.0
"""Below this there is no pressure: half as much again as the rate for which freshness is promised (DESIGN §8, B3)."""
BUSY_SHARE = 0.75
"""A process that wants a processor for more of the time than this is near its limit."""
WINDOW_S = 0.4
"""Long enough that catching up after a hiccup is not taken for pressure."""
REST = 20.0
"""Under pressure, rest so many times as long as the last batch took…"""
LONGEST_S = 1.0
"""… but no longer than this: the backlog keeps moving."""
_SCHEDSTAT: Final = Path("/proc/self/schedstat")


def wanted_s() -> float:
    """Seconds this process's main thread has run or, on a busy machine, waited for a processor to run on.

    Where the system does not tell of the waiting, the time it ran.
    """
    try:
        ran_ns, waited_ns, _ = _SCHEDSTAT.read_text().split()
    except (OSError, ValueError):
        return time.process_time()
    return (int(ran_ns) + int(waited_ns)) / 1e9


class Pace:
    """*seen* counts the webhooks answered so far; *wanted* see ``wanted_s``."""

    def __init__(self, seen: Callable[[], int] = lambda: 0, wanted: Callable[[], float] = wanted_s) -> None:
        self._seen, self._wanted_s = seen, wanted
        self._at, self._count, self._wanted = time.monotonic(), seen(), wanted()
        self._rate = self._share = 0.0

    async def rest_after(self, began: float) -> None:
        """*began*: time.monotonic() at the start of the batch."""
        now = time.monotonic()
        if self.pressed(now):
            await asyncio.sleep(min(LONGEST_S, REST * (now - began)))

    def pressed(self, now: float) -> bool:
        """Whether webhooks need all there is, over the last WINDOW_S at least."""
        return self.rate(now) >= BUSY_PER_S and self._share >= BUSY_SHARE

    def rate(self, now: float) -> float:
        """Webhooks a second, over the last WINDOW_S at least."""
        passed = now - self._at
        if passed >= WINDOW_S:
            count, wanted = self._seen(), self._wanted_s()
            self._rate, self._share = (count - self._count) / passed, (wanted - self._wanted) / passed
            self._at, self._count, self._wanted = now, count, wanted
        return self._rate
