"""``Stripe-Signature: t=<unix s>,v1=<hex>[,v1=<hex>…][,v0=<hex>]``: HMAC-SHA256 over ``"{t}." + raw body``.

The key is the endpoint's secret as text, ``whsec_`` included (Standard Webhooks decodes its secret: not the same).
``v0`` is not a proof of live events and is never looked at.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from services.ingest.providers.base import Unauthorized
from services.ingest.providers.credentials import matches

HEADER: Final = "stripe-signature"
TOLERANCE_S: Final = 300
_LONGEST: Final = 2_000
_STAMP: Final = re.compile(r"[0-9]{1,12}")


def sign(secret: str, timestamp: int | str, body: bytes) -> str:
    """The value of ``v1``."""
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hex()


def check(header: str, body: bytes, accepted: Iterable[str], now: Sequence[datetime]) -> None:
    """The timestamp may lie TOLERANCE_S before or after any instant of *now*.

    Raises: Unauthorized (bad_signature, stale_signature).
    """
    stamps, given = _parts(header)
    if len(stamps) != 1 or not given:
        raise Unauthorized("Stripe-Signature is missing, or has no single t and no v1", "bad_signature")
    known = [sign(secret, stamps[0], body) for secret in accepted if secret]
    if not any(matches(one, known) for one in given):
        raise Unauthorized("no v1 of Stripe-Signature is right", "bad_signature")
    if not any(abs(instant.timestamp() - int(stamps[0])) <= TOLERANCE_S for instant in now):
        raise Unauthorized("the t of Stripe-Signature is more than 300 s away", "stale_signature")


def _parts(header: str) -> tuple[list[str], list[str]]:
    """(values of ``t`` that are whole numbers, values of ``v1``)."""
    pairs = [pair.strip().partition("=") for pair in header[:_LONGEST].split(",")]
    stamps = [value for name, _, value in pairs if name == "t" and _STAMP.fullmatch(value)]
    return stamps, [value.lower() for name, _, value in pairs if name == "v1" and value]
