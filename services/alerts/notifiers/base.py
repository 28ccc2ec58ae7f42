"""What a notifier is: it posts a message, perhaps changes it, perhaps finds it again.

DeliveryError
├── Refused      a clear no: sending the same again will not help
├── NotReached   the request surely did not arrive: send again later
├── Slow         the messenger asks to wait ``retry_after_s`` (429); the whole channel waits
├── Unknown      timeout, reset, 5xx: it may have arrived; look before sending again
└── Gone         the message to be changed is no longer there, or may not be changed any more
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from services.alerts.wording.content import Content
from services.kit.errors import SrezError


class DeliveryError(SrezError):
    pass


class Refused(DeliveryError):
    pass


class NotReached(DeliveryError):
    retryable: ClassVar[bool] = True

    def __init__(self, message: str) -> None:
        super().__init__(message, "unavailable")


class Slow(DeliveryError):
    retryable: ClassVar[bool] = True

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"asked to wait {retry_after_s:g} s", "unavailable")
        self.retry_after_s = retry_after_s


class Unknown(DeliveryError):
    retryable: ClassVar[bool] = True

    def __init__(self, message: str) -> None:
        super().__init__(message, "timeout")


class Gone(DeliveryError):
    pass


@dataclass(frozen=True, slots=True)
class Reference:
    """Our own name of one message and its state; what ``find`` looks for."""

    group_key: str
    transition: int


@dataclass(frozen=True, slots=True)
class Ability:
    """What a messenger can do.

    ``edits``: a message has a ts and can be changed. ``threads``: it can be answered below. ``finds``: it can be looked
    up by our own name. ``repeats``: the receiver recognises a repeated send by its id, so nothing is ever in doubt.
    ``every_state``: without edits, each state is sent (else the first and the final one). ``follows``: without edits, a
    later state is posted below the first. ``alerts_only``: nothing but alerts can be told there. ``keeps``: what fires has
    to be posted again while it lasts.
    """

    edits: bool = False
    threads: bool = False
    finds: bool = False
    repeats: bool = False
    every_state: bool = False
    spaced: bool = False
    follows: bool = False
    alerts_only: bool = False
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """``ts`` is the messenger's own id of the message, empty where it has none; ``transition`` what it shows."""

    ts: str
    transition: int


class Notifier(Protocol):
    """Every method raises DeliveryError."""

    ability: Ability

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        """Send a new message; *thread* is the ts of the message it answers."""

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        """Change a message."""

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        """The newest message of ours with this group_key, posted after *since*; None when there surely is none."""

    async def close(self) -> None: ...
