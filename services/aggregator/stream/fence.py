"""Ends the process when it can no longer be trusted: a loop that stood still, or a recovery that does not finish.

A worker that was stopped (SIGSTOP, a blocked loop) past its session has lost its partitions without knowing. It writes
nothing durable but guarded inserts, yet it would show and publish counters that are somebody else's by now.
"""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable

STALLED, STUCK, FAILED = 70, 71, 72
BEAT_S = 0.25


def end(code: int, why: str) -> None:
    """Leave at once: no flush, no commit, no half-done clean-up. The supervisor starts the process again."""
    print(f"aggregator ends itself: {why}", file=sys.stderr, flush=True)
    os._exit(code)


class Fence:
    def __init__(self, longest_s: float, leave: Callable[[int, str], None] = end) -> None:
        self._longest_s, self._leave = longest_s, leave
        self._beat = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="fence", daemon=True)

    async def run(self) -> None:
        self._beat = time.monotonic()
        self._thread.start()
        try:
            while True:
                self.check()
                self._beat = time.monotonic()
                await asyncio.sleep(BEAT_S)
        finally:
            self._stopped.set()

    def check(self) -> None:
        stood = time.monotonic() - self._beat
        if stood > self._longest_s:
            self._leave(STALLED, f"the loop stood still for {stood:.1f} s")

    def _watch(self) -> None:
        while not self._stopped.wait(BEAT_S):
            self.check()


async def watch_recovery(
    recovering: Callable[[], bool], longest_s: float, leave: Callable[[int, str], None] = end
) -> None:
    """End the process when *recovering* stays true for *longest_s*."""
    since = time.monotonic()
    while True:
        if not recovering():
            since = time.monotonic()
        elif time.monotonic() - since > longest_s:
            leave(STUCK, f"not ready for {longest_s:g} s")
        await asyncio.sleep(BEAT_S)
