"""HTTP with patience: what passes by itself is tried again, ``Retry-After`` is waited for, the rest is told at once."""

import time
from collections.abc import Callable
from typing import Final

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_never
from tenacity.wait import wait_exponential_jitter

from services.kit import retry_after
from services.kit.errors import Unavailable

ATTEMPTS: Final = 6
"""Of ``--once``; without it nothing is given up."""
LONGEST_S: Final = 60.0
LONGEST_ASKED_S: Final = 3600.0
TIMEOUT_S: Final = 30.0
_PASSING: Final = (408, 425, 429, 500, 502, 503, 504)
_USUAL: Final = wait_exponential_jitter(initial=1, max=LONGEST_S, jitter=1)


class Later(Unavailable):
    """To be tried again; ``after_s``: not before, when the peer said so."""

    def __init__(self, message: str, after_s: float = 0) -> None:
        super().__init__(message)
        self.after_s = after_s


def send(client: httpx.Client, request: httpx.Request, who: str) -> httpx.Response:
    """Any answer but a passing one. Raises: Later."""
    try:
        response = client.send(request)
    except httpx.TransportError as error:  # its text may hold the address, and that a secret
        raise Later(f"{who} does not answer: {type(error).__name__}") from error
    if response.status_code in _PASSING:
        after_s = min(retry_after.seconds(response.headers.get("retry-after")) or 0.0, LONGEST_ASKED_S)
        raise Later(f"{who} answers {response.status_code}", after_s)
    return response


def retrying(once: bool, tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep) -> Retrying:
    """Raises at the end what was raised last."""

    def told(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0
        tell(f"{error}; again in {wait:.0f} s")

    return Retrying(
        retry=retry_if_exception_type(Later),
        wait=_wait,
        stop=stop_after_attempt(ATTEMPTS) if once else stop_never,
        before_sleep=told,
        sleep=sleep,
        reraise=True,
    )


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_s if isinstance(error, Later) else 0.0
    return max(asked, _USUAL(state))
