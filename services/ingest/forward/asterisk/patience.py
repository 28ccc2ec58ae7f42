"""Waiting for what comes back by itself: without end, at growing distances, saying so from time to time."""

import time
from collections.abc import Callable
from typing import Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from services.kit import logs
from services.kit.errors import Unavailable

LONGEST_S: Final = 30.0
TELL_EVERY_S: Final = 60.0


def patient(what: str, longest_s: float = LONGEST_S) -> AsyncRetrying:
    """Repeats for ever on Unavailable; an error's ``wait_s`` is the least to wait."""
    growing = wait_random_exponential(multiplier=0.2, max=longest_s)

    def wait(state: RetryCallState) -> float:
        return max(growing(state), min(asked_s(state), longest_s))

    return AsyncRetrying(retry=retry_if_exception_type(Unavailable), wait=wait, before_sleep=_tell(what), reraise=True)


class Away(Unavailable):
    """A peer that asks to be left alone for ``wait_s``."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


def asked_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.wait_s if isinstance(error, Away) else 0.0


def _tell(what: str) -> Callable[[RetryCallState], None]:
    told_at = -TELL_EVERY_S

    def tell(state: RetryCallState) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_EVERY_S:
            told_at = time.monotonic()
            why = state.outcome.exception() if state.outcome else None
            logs.get().warning(f"{what} waits", why=str(why), attempt=state.attempt_number)

    return tell
