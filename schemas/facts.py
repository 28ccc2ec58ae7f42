"""Facts: canonical events about the world, as CloudEvents 1.0 (DESIGN §4).

A fact travels in two bindings: structured JSON (one object; one line of an ``.ndjson`` file) and Kafka binary
(attributes in ``ce_*`` headers, the data as JSON value). Instants are aware; ``talk_s`` and ``ring_s`` are seconds.
"""

from datetime import datetime
from typing import Any, Final, Literal, cast, get_args
from uuid import UUID, uuid5

import msgspec

Direction = Literal["outbound", "inbound", "internal"]
Disposition = Literal["answered", "no_answer", "busy", "rejected", "canceled", "voicemail", "failed", "congestion"]
HangupBy = Literal["agent", "customer", "system"]
StateName = Literal["available", "on_call", "paused", "technical", "coaching", "offline"]
Sample = Literal["random", "targeted", "reference", "chosen"]
Seconds = int | float

DISPOSITIONS: Final = get_args(Disposition)
NAMESPACE: Final = UUID("5c1e9a52-7f0e-5b7d-9b0c-2f8d5a3e6c41")
"""UUIDv5 namespace of every identifier that Srez derives."""


class BadFact(ValueError):
    """The bytes are not a fact. The message says what is wrong, without quoting personal data."""


class CallEnded(msgspec.Struct, frozen=True, kw_only=True):
    call_id: str
    agent: str | None = None
    identity: str | None = None
    direction: Direction
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime
    talk_s: Seconds
    ring_s: Seconds | None = None
    disposition: Disposition
    q850: int | None = None
    sip_status: int | None = None
    hangup_by: HangupBy | None = None
    line: str | None = None
    did: str | None = None
    campaign: str | None = None
    customer: str | None = None
    recording_url: str | None = None


class PresentationMade(msgspec.Struct, frozen=True, kw_only=True):
    deal: str
    agent: str | None = None
    identity: str | None = None
    at: datetime
    call_id: str | None = None


class InvoiceIssued(msgspec.Struct, frozen=True, kw_only=True):
    invoice: str
    deal: str | None = None
    agent: str | None = None
    identity: str | None = None
    at: datetime
    amount_minor: int
    currency: str


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment received, or one refunded: the fact's type tells which."""

    payment: str
    invoice: str | None = None
    deal: str | None = None
    agent: str | None = None
    identity: str | None = None
    at: datetime
    amount_minor: int
    currency: str


class AgentState(msgspec.Struct, frozen=True, kw_only=True):
    agent: str | None = None
    identity: str | None = None
    state: StateName
    reason: str | None = None
    at: datetime


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    channel: str
    start_s: Seconds
    end_s: Seconds
    text: str
    confidence: float | None = None


class CallTranscribed(msgspec.Struct, frozen=True, kw_only=True):
    call_id: str
    agent: str | None = None
    identity: str | None = None
    language: str
    segments: tuple[Segment, ...]


class CallScored(msgspec.Struct, frozen=True, kw_only=True):
    call_id: str
    agent: str | None = None
    identity: str | None = None
    card: str
    card_version: int
    by: str
    marks: dict[str, float | None]
    quotes: Any = None
    bans: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """Bans that a person confirmed."""
    comment: str | msgspec.UnsetType = msgspec.UNSET
    sample: Sample | msgspec.UnsetType = msgspec.UNSET
    """How the call was chosen; only random ones make an agent's score."""


Data = CallEnded | PresentationMade | InvoiceIssued | Payment | AgentState | CallTranscribed | CallScored

CALL: Final = "srez.call.ended.v1"
PRESENTATION: Final = "srez.presentation.made.v1"
INVOICE: Final = "srez.invoice.issued.v1"
PAYMENT: Final = "srez.payment.received.v1"
REFUND: Final = "srez.payment.refunded.v1"
STATE: Final = "srez.agent.state.v1"
TRANSCRIPT: Final = "srez.call.transcribed.v1"
SCORE: Final = "srez.call.scored.v1"

DATA_TYPES: Final[dict[str, type[msgspec.Struct]]] = {
    CALL: CallEnded,
    PRESENTATION: PresentationMade,
    INVOICE: InvoiceIssued,
    PAYMENT: Payment,
    REFUND: Payment,
    STATE: AgentState,
    TRANSCRIPT: CallTranscribed,
    SCORE: CallScored,
}
_DECODERS: Final = {name: msgspec.json.Decoder(kind) for name, kind in DATA_TYPES.items()}
_ENCODER: Final = msgspec.json.Encoder()


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One fact with its envelope.

    ``id`` is the event_id; ``source`` the source's id in the floor file; ``time`` is occurred_at;
    ``received_at`` is absent in a fact file that does not carry the extension ``receivedat``.
    """

    id: str
    type: str
    source: str
    time: datetime
    data: Data
    received_at: datetime | None = None

    @property
    def agent(self) -> str | None:
        return self.data.agent

    @property
    def identity(self) -> str | None:
        return self.data.identity

    @property
    def line(self) -> str:
        """The technical path of the fact: a call's trunk or number, else its source."""
        return (self.data.line if isinstance(self.data, CallEnded) else None) or self.source

    @property
    def key(self) -> str:
        """Kafka key: the agent, or ``source:identity`` while the agent is unknown."""
        return self.data.agent or f"{self.source}:{self.data.identity or ''}"

    def with_agent(self, agent: str | None) -> "Fact":
        return msgspec.structs.replace(self, data=msgspec.structs.replace(self.data, agent=agent))


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    type: str
    source: str
    time: datetime | None = None
    specversion: str = "1.0"
    receivedat: datetime | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


_ENVELOPES: Final = msgspec.json.Decoder(_Envelope)


def event_id(source: str, type_: str, provider_id: str) -> str:
    """Deterministic id of a provider's event: the same event always gets the same id (DESIGN P2)."""
    return str(uuid5(NAMESPACE, f"{source}|{type_}|{provider_id}"))


def moment(data: Data) -> datetime | None:
    """The instant the data itself names, or None (transcripts and scores carry none)."""
    match data:
        case CallEnded():
            return data.ended_at
        case PresentationMade() | InvoiceIssued() | Payment() | AgentState():
            return data.at
    return None


def source_id(source: str) -> str:
    """``/sources/mango-main`` → ``mango-main``; a bare id stays."""
    return source.removeprefix("/sources/").strip("/")


def decode_data(type_: str, raw: bytes | msgspec.Raw) -> Data:
    """Data of *type_* from JSON.

    Raises: BadFact on an unknown type, a missing or wrong field, or a naive instant.
    """
    decoder = _DECODERS.get(type_)
    if decoder is None:
        raise BadFact(f"unknown fact type {type_!r}; known are {', '.join(DATA_TYPES)}")
    try:
        data = cast(Data, decoder.decode(raw))
    except msgspec.MsgspecError as error:
        raise BadFact(f"{type_}: {error}") from error
    _check(type_, data)
    return data


def _check(type_: str, data: Data) -> None:
    for name in ("started_at", "answered_at", "ended_at", "at"):
        value = getattr(data, name, None)
        if value is not None and value.tzinfo is None:
            raise BadFact(f"{type_}: {name} has no offset")
    if isinstance(data, CallEnded) and data.talk_s < 0:
        raise BadFact(f"{type_}: talk_s is negative")


def decode(line: bytes | str) -> Fact:
    """A fact from one structured CloudEvent.

    Raises: BadFact, naming the field.
    """
    try:
        envelope = _ENVELOPES.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadFact(str(error)) from error
    if envelope.specversion != "1.0":
        raise BadFact(f"specversion {envelope.specversion!r} is not 1.0")
    if not envelope.id:
        raise BadFact("id is empty")
    data = decode_data(envelope.type, envelope.data)
    time = envelope.time or moment(data)
    if time is None:
        raise BadFact(f"{envelope.type}: no time")
    if time.tzinfo is None or (envelope.receivedat is not None and envelope.receivedat.tzinfo is None):
        raise BadFact("time or receivedat has no offset")
    return Fact(
        id=envelope.id,
        type=envelope.type,
        source=source_id(envelope.source),
        time=time,
        data=data,
        received_at=envelope.receivedat,
    )


def encode_data(data: Data) -> bytes:
    return _ENCODER.encode(data)


def encode(fact: Fact) -> bytes:
    """One structured CloudEvent, without a line end; attributes in the order of the golden examples."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": fact.id,
        "type": fact.type,
        "source": f"/sources/{fact.source}",
    }
    if fact.agent:
        event["subject"] = f"agent/{fact.agent}"
    event["time"] = fact.time
    if fact.received_at is not None:
        event["receivedat"] = fact.received_at
    event["datacontenttype"] = "application/json"
    event["data"] = fact.data
    return _ENCODER.encode(event)


def kafka_headers(fact: Fact) -> list[tuple[str, bytes]]:
    """Attributes of the Kafka binary binding; the value is ``encode_data(fact.data)``."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", fact.id.encode()),
        ("ce_type", fact.type.encode()),
        ("ce_source", f"/sources/{fact.source}".encode()),
        ("ce_time", fact.time.isoformat().encode()),
        ("content-type", b"application/json"),
    ]
    if fact.received_at is not None:
        headers.append(("ce_receivedat", fact.received_at.isoformat().encode()))
    return headers


def from_kafka(headers: dict[str, bytes], value: bytes) -> Fact:
    """The fact of one Kafka message. Raises: BadFact."""
    try:
        type_ = headers["ce_type"].decode()
        received = headers.get("ce_receivedat")
        return Fact(
            id=headers["ce_id"].decode(),
            type=type_,
            source=source_id(headers["ce_source"].decode()),
            time=datetime.fromisoformat(headers["ce_time"].decode()),
            data=decode_data(type_, value),
            received_at=datetime.fromisoformat(received.decode()) if received else None,
        )
    except (KeyError, UnicodeDecodeError, ValueError) as error:
        raise BadFact(f"kafka message: {error}") from error


def content_hash(data: Data) -> bytes:
    """16 bytes that tell whether two deliveries of one event say the same (agent left out: it is our own finding)."""
    return uuid5(NAMESPACE, _ENCODER.encode(msgspec.structs.replace(data, agent=None)).decode()).bytes
