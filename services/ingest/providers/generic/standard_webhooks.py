"""Standard Webhooks signatures: HMAC-SHA256 over ``{id}.{timestamp}.{raw body}`` (standard-webhooks.md).

The tolerance is judged on the attempt's timestamp, never on the event's own time: late redeliveries are legal.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from services.ingest.providers.base import Request, Unauthorized

TOLERANCE_S = 300


def verify(request: Request, secrets: Iterable[str], now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    headers = request.headers
    message, stamp, given = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not message or not stamp or not given:
        raise Unauthorized("webhook-id, webhook-timestamp or webhook-signature is missing", "bad_signature")
    _check_time(stamp, now)
    # The shell decodes header bytes as latin-1; the signature covers the bytes.
    signed = f"{message}.{stamp}.".encode("latin-1", "replace") + request.body
    candidates = [_decoded(part[3:]) for part in given.split() if part.startswith("v1,")]
    found = False
    for key in filter(None, map(key_of, secrets)):  # anybody knows the empty key: whsec_ alone opens nothing
        expected = hmac.digest(key, signed, hashlib.sha256)
        for candidate in candidates:
            found |= hmac.compare_digest(expected, candidate)
    if not found:
        raise Unauthorized("no v1 signature matches", "bad_signature")


@lru_cache(maxsize=64)
def key_of(secret: str) -> bytes:
    """``whsec_<base64>``, padding or not. A secret that is not base64 is taken as it stands."""
    text = secret.strip().removeprefix("whsec_")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def sign(secret: str, message: str, stamp: int, body: bytes) -> str:
    """The header's value for one attempt."""
    digest = hmac.digest(key_of(secret), f"{message}.{stamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _check_time(stamp: str, now: tuple[datetime, ...]) -> None:
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise Unauthorized("webhook-timestamp is not Unix seconds", "bad_signature")
    at = int(stamp)
    if all(abs(instant.timestamp() - at) > TOLERANCE_S for instant in now):
        raise Unauthorized("webhook-timestamp is more than five minutes off", "stale_signature")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
