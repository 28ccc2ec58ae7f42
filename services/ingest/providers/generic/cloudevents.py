"""CloudEvents 1.0 over HTTP: which mode a request is in, and its events (cloudevents.md).

Each event becomes ``Envelope``: attributes as sent, and the data as raw JSON.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from services.ingest.providers.base import Request
from services.kit.errors import BadInput

STRUCTURED = "application/cloudevents"
"""Prefix of ``application/cloudevents+json`` and ``application/cloudevents-batch+json``."""


BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One event. ``data`` is JSON; ``data_base64`` holds it when a sender prefers that."""

    id: str = ""
    source: str = ""
    type: str = ""
    specversion: str = ""
    time: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    data_base64: str | None = None

    def json(self) -> bytes:
        """Raises: BadInput."""
        if self.data_base64 is None:
            return bytes(self.data)
        if bytes(self.data):
            raise BadInput("data and data_base64 are both given", "bad_value")
        try:
            return base64.b64decode(self.data_base64, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadInput("data_base64 is not base64", "bad_value") from error

    def instant(self) -> datetime | None:
        """Raises: BadInput."""
        if self.time is None:
            return None
        try:
            return _instants.decode(msgspec.json.encode(self.time))
        except msgspec.MsgspecError as error:
            raise BadInput("time is not RFC 3339 with an offset", "bad_value") from error


_instants: msgspec.json.Decoder[datetime] = msgspec.json.Decoder(datetime)
_one = msgspec.json.Decoder(Envelope)
_raws: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])


def raw_events(request: Request) -> Iterator[Envelope | BadInput]:
    """The events of the request in order; a part that is no event is given as the BadInput it caused.

    Raises: BadInput when the body as a whole is not what its Content-Type says.
    """
    kind = request.content_type
    if kind.startswith(STRUCTURED) or (kind == "application/json" and "ce-id" not in request.headers):
        # Many senders post a structured event as plain JSON: without ce-id it cannot be a binary one. And one event or
        # a list is seen by its first sign, also where the content type says the other.
        body = request.body.removeprefix(BYTE_ORDER_MARK)
        if body.lstrip()[:1] == b"[":
            yield from (_structured(bytes(raw)) for raw in _decode(_raws, body, "a CloudEvents batch"))
        else:
            yield _structured(body)
    else:
        yield _binary(request.headers, request.body.removeprefix(BYTE_ORDER_MARK))


def _structured(raw: bytes) -> Envelope | BadInput:
    try:
        event: Envelope = _decode(_one, raw, "a CloudEvent")
        return event
    except BadInput as error:
        return error


def _binary(headers: Mapping[str, str], body: bytes) -> Envelope:
    values = {name: _attribute(headers[f"ce-{name}"]) for name in _ATTRIBUTES if f"ce-{name}" in headers}
    if not values:
        raise BadInput("no CloudEvent: neither ce-* headers nor a CloudEvents content type", "unknown_event")
    return Envelope(data=msgspec.Raw(body), **values)


_ATTRIBUTES = ("id", "source", "type", "specversion", "time")


def _attribute(value: str) -> str:
    """Quotes removed, then percent-decoded once. Raises: BadInput on invalid UTF-8."""
    text = value.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    try:
        return unquote_to_bytes(text).decode("utf-8") if "%" in text else text
    except UnicodeDecodeError as error:
        raise BadInput("a ce-* header is not UTF-8 when percent-decoded", "bad_value") from error


def _decode(decoder: "msgspec.json.Decoder[Any]", raw: bytes, what: str) -> Any:
    try:
        return decoder.decode(raw)
    except RecursionError as error:
        raise BadInput("JSON is nested too deeply", "too_deep") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadInput(f"not {what}: {error}", "unparseable") from error
