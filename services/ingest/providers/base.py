"""What a provider is: ``verify`` + ``parse`` + a status table + payload models + a README of quirks.

A provider is a value (``Provider``) in the one dict of ``providers/__init__.py``; its functions are
pure: no clock, no I/O.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from schemas.facts import Data
from schemas.floor import SourceConfig
from services.kit.errors import BadInput, SrezError

READBACK: Final = "READBACK"
"""Method of a journaled answer to a ReadBack; no webhook can carry it."""
PART_OF: Final = "part_of"
HAS_PART: Final = "has_part"
"""Keys of a leg's data: the call that its call continues, and the call that continues its call."""

Secrets = Mapping[str, tuple[str, ...]]
"""Secret name → values; several while one is being rotated."""


class Unauthorized(SrezError):
    """The request is not from whom it says. Answered 401, journaled never."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as received. ``path`` is what follows ``/hooks/{source}`` (without slashes at the ends)."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    url: str = ""
    """Full public URL, for providers that sign it (``sources[].public_url`` + rest when configured)."""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Source:
    """A configured source, resolved for parsing. ``timezone`` is an IANA name; ``customer`` hashes a number, or None."""

    config: SourceConfig
    timezone: str = "UTC"
    currency: str | None = None
    customer: Callable[[str | None], str | None] = lambda number: None

    @property
    def id(self) -> str:
        return self.config.id

    def call_id(self, whole_call: str) -> str:
        return f"{self.id}:{whole_call}"

    def line(self, trunk: str | None) -> str:
        return f"{self.id}/{trunk}" if trunk else self.id


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact before it has an agent: ``event_id = UUIDv5(source | type | provider_id)``; ``time`` is occurred_at.

    ``data.agent`` stays None (but in ``generic``, which may give it outright); ``data.identity`` is resolved later.
    ``once``: it happens once for ever; when it is told again, the stored fact keeps its first time and its agent.
    """

    type: str
    provider_id: str
    time: datetime
    data: Data
    once: bool = False


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a call whose other legs come in other requests; ``Provider.join`` makes the fact of all known legs.

    ``data`` is JSON-able and holds no plain phone number of a customer (hash it first). A call that continues another
    one under an id of its own (a transfer) is told by two legs: PART_OF in its own, HAS_PART in the first call's. Then
    ``join`` gets the legs of both, under the first call's id. Of legs with the same ``leg`` only the last received is kept.
    """

    call: str
    leg: str
    data: Mapping[str, Any]


IGNORED: Final = frozenset(
    {
        *("ringing", "ping", "recording", "needs_readback", "not_counted", "unknown_event", "info_call", "empty_batch"),
        *("subscription_ended", "same_call"),
    }
)
"""Why something authentic is not counted; the board has words for each."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Authentic, understood, nothing to count. ``reason`` is one of IGNORED."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A part that should have been a fact and could not be understood."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReadBack:
    """An object that a thin event only names: its provider is asked for it, outside the webhook's answer.

    ``kind``: the provider's own word (deal, payment…). What comes back is journaled as a request of method READBACK
    with the path ``kind/id``, and parsed as any other.
    """

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """``readbacks`` stand beside an ``ignored`` of the reason needs_readback."""

    drafts: tuple[Draft, ...] = ()
    legs: tuple[Leg, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    readbacks: tuple[ReadBack, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetch:
    """The HTTP request that answers a ReadBack. It carries credentials: neither logged nor stored."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider wants to hear on success or on a challenge."""

    status: int = 200
    body: bytes = b'{"ok":true}'
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def no_challenge(request: Request, source: Source, secrets: Secrets) -> Reply | None:
    return None


def no_join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    raise BadInput("this provider has no legs")


def no_fetch(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
    return None


def no_reconcile(source: Source, since: datetime) -> tuple[ReadBack, ...]:
    return ()


def no_trouble(answer: bytes) -> str | None:
    return None


def keep(request: Request) -> Request:
    return request


@dataclass(frozen=True, slots=True)
class Provider:
    """``verify`` raises Unauthorized; ``parse`` raises BadInput when nothing of the body can be understood.

    ``now`` handed to verify is a tuple of instants that may be "now": the real one and, under SREZ_CLOCK, the virtual one.
    ``redact`` removes token fields before the request is journaled (``Authorization`` is removed for all).
    ``parse`` must also work on the redacted request: replay does not verify again.
    ``join`` gives None while nothing known of the call can be counted: it only rings, or only its recording is there.
    ``fetch`` says how to ask for what a thin event names; None when the floor file gives no credentials for it.
    ``trouble``: what passes by itself in an answer whose status says that all is well (a limit); then it is asked again.
    ``reconcile``: what to ask now and then to find what changed since an instant, where a lost webhook is never repeated.
    """

    name: str
    verify: Callable[[Request, Source, Secrets, tuple[datetime, ...]], None]
    parse: Callable[[Request, Source], Parsed]
    join: Callable[[Source, str, Sequence[Leg]], Draft | None] = no_join
    redact: Callable[[Request], Request] = keep
    challenge: Callable[[Request, Source, Secrets], Reply | None] = no_challenge
    fetch: Callable[[ReadBack, Source, Secrets], Fetch | None] = no_fetch
    trouble: Callable[[bytes], str | None] = no_trouble
    reconcile: Callable[[Source, datetime], tuple[ReadBack, ...]] = no_reconcile
    reply: Reply = field(default_factory=Reply)
    methods: tuple[str, ...] = ("POST",)
    required_secrets: tuple[str, ...] = ()
    signs: Literal["body", "url", "token", "path", "basic"] = "path"
