"""The root of our errors.

SrezError
├── Unavailable        retryable: a store or a peer did not answer
├── BadInput           not retryable: what came in cannot be understood
└── Misconfigured      not retryable: an operator must mend something; the message names the mend
"""

from typing import ClassVar, Literal

Reason = Literal[
    "unavailable",
    "timeout",
    "unparseable",
    "unknown_event",
    "missing_field",
    "bad_value",
    "too_large",
    "too_deep",
    "bad_signature",
    "stale_signature",
    "misconfigured",
    "internal",
]


class SrezError(Exception):
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, reason: Reason = "internal") -> None:
        super().__init__(message)
        self.reason: Reason = reason


class Unavailable(SrezError):
    retryable = True

    def __init__(self, message: str, reason: Reason = "unavailable") -> None:
        super().__init__(message, reason)


class BadInput(SrezError):
    def __init__(self, message: str, reason: Reason = "unparseable") -> None:
        super().__init__(message, reason)


class Misconfigured(SrezError):
    def __init__(self, message: str) -> None:
        super().__init__(message, "misconfigured")
