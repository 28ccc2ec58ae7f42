"""Waiting for something to become true, with a deadline instead of a sleep."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE_S = 0.05


def wait_until(condition: Callable[[], T], what: str, timeout_s: float = 30) -> T:
    """Ask *condition* until it is true and return what it said. Raises: AssertionError naming *what* and the last answer."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s for {what}; last answer: {found!r}")
        time.sleep(PAUSE_S)


async def eventually(condition: Callable[[], T | Awaitable[T]], what: str, timeout_s: float = 30) -> T:
    """The same inside an event loop; *condition* may be a coroutine function."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        found: T = await answer if inspect.isawaitable(answer) else answer  # type: ignore[assignment]
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s for {what}; last answer: {found!r}")
        await asyncio.sleep(PAUSE_S)
