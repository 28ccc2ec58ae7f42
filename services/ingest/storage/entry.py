"""One webhook as it is journaled (or, with PostgreSQL down, published to the overflow topic)."""

import hashlib
from datetime import datetime
from functools import lru_cache

import msgspec

from services.ingest.providers.base import Request

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
_SECRET_PARTS = ("token", "secret", "password", "api-key", "apikey")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """``headers`` is a JSON object of lower-case names; ``body_hash`` is sha256 of the body as it was received."""

    source: str
    received_at: datetime
    method: str
    path: str
    query: str
    headers: str
    body: bytes
    body_hash: bytes


def entry(source: str, request: Request, raw: bytes) -> Entry:
    """*request* must be redacted by its provider already; *raw* is the body as received.

    NUL, which PostgreSQL's text cannot hold, becomes U+FFFD.
    """
    kept = {name: value for name, value in request.headers.items() if not is_secret(name)}
    headers = msgspec.json.encode(kept)
    if b"\\u0000" in headers:
        headers = msgspec.json.encode({name: value.replace("\0", "\ufffd") for name, value in kept.items()})
    return Entry(
        source,
        request.received_at,
        request.method,
        _clean(request.path),
        _clean(request.query),
        headers.decode(),
        request.body,
        hashlib.sha256(raw).digest(),
    )


def request_of(row: Entry) -> Request:
    """The request as its provider's parser gets it, also when it is replayed."""
    return Request(
        row.method,
        row.path,
        row.query,
        msgspec.json.decode(row.headers, type=dict[str, str]),
        row.body,
        row.received_at,
    )


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    return name in _SECRET_HEADERS or any(part in name for part in _SECRET_PARTS)


def _clean(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def pack(row: Entry) -> bytes:
    return msgspec.msgpack.encode(row)


def unpack(raw: bytes) -> Entry:
    """Raises: msgspec.MsgspecError."""
    return msgspec.msgpack.decode(raw, type=Entry)
