"""Reads a request's body within bounds: 1 MiB as sent, and 1 MiB inflated, whatever the sender claims."""

import zlib
from collections.abc import Mapping
from typing import Any

LIMIT = 1024 * 1024
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class TooLarge(Exception):
    """The body, or what it inflates to, exceeds LIMIT."""


class Disconnected(Exception):
    """The sender left before its body was complete."""


async def read(receive: Any, headers: Mapping[str, str]) -> bytes:
    """Raises: TooLarge, Disconnected."""
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 12 or int(length) > LIMIT):
        raise TooLarge
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > LIMIT:
            raise TooLarge
        return body
    parts, size = [], 0
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LIMIT:
            raise TooLarge
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()


def inflated(body: bytes, encoding: str) -> bytes | None:
    """The body without its content encoding; None when it is broken or an encoding we do not know.

    Never holds more than LIMIT bytes of output. Raises: TooLarge.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in _WINDOWS:
        return None
    found = _inflate(body, _WINDOWS[name])
    if found is None and name == "deflate":
        found = _inflate(body, -15)  # many senders leave the zlib header out
    return found


def _inflate(body: bytes, window: int) -> bytes | None:
    try:
        inflater = zlib.decompressobj(window)
        out = inflater.decompress(body, LIMIT + 1)
    except zlib.error:
        return None
    if len(out) > LIMIT:
        raise TooLarge
    return out if inflater.eof else None
