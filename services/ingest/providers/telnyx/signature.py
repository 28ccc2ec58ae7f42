"""``telnyx-signature-ed25519``: Ed25519 over ``timestamp|raw body``; ``telnyx-timestamp``: Unix seconds."""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.ingest.providers import instants
from services.ingest.providers.base import Request, Unauthorized

HEADER: Final = "telnyx-signature-ed25519"
TIMESTAMP: Final = "telnyx-timestamp"
TOLERANCE_S: Final = 300


def verify(request: Request, public_keys: Iterable[str], now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized (bad_signature, stale_signature)."""
    timestamp = request.headers.get(TIMESTAMP, "").strip()
    signature = _bytes(request.headers.get(HEADER, ""))
    signed = timestamp.encode("latin-1", "replace") + b"|" + request.body
    if not signature or not any(_holds(key, signature, signed) for key in public_keys):
        raise Unauthorized("telnyx-signature-ed25519 is missing or wrong", "bad_signature")
    sent = instants.from_epoch(timestamp)
    if sent is None or all(abs((at - sent).total_seconds()) > TOLERANCE_S for at in now):
        raise Unauthorized(f"telnyx-timestamp is more than {TOLERANCE_S} s away", "stale_signature")


def _holds(public_key: str, signature: bytes, signed: bytes) -> bool:
    """False also for what is no key."""
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(public_key)).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str) -> bytes:
    """What the base64 stands for; nothing when it is not base64."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
