"""The header ``Signature``: base64 of the *hex text* of HMAC-SHA1 over a few fields; which ones, depends on the event.

Source: the vendor's PHP library (``getSignatureString`` of each event). Some senders put base64 of the raw digest.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from services.ingest.providers import form
from services.ingest.providers.base import Request
from services.ingest.providers.credentials import matches

HEADER: Final = "signature"
_INCOMING: Final = ("caller_id", "called_did", "call_start")
_OUTGOING: Final = ("internal", "destination", "call_start")
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "NOTIFY_START": _INCOMING,
    "NOTIFY_IVR": _INCOMING,
    "NOTIFY_INTERNAL": _INCOMING,
    "NOTIFY_END": _INCOMING,
    "NOTIFY_ANSWER": ("caller_id", "destination", "call_start"),
    "NOTIFY_OUT_START": _OUTGOING,
    "NOTIFY_OUT_END": _OUTGOING,
    "NOTIFY_RECORD": ("pbx_call_id", "call_id_with_rec"),
    "SMS": ("result",),
    "SPEECH_RECOGNITION": ("result",),
}
"""Event → the fields that are signed, in their order."""


def sign(secret: str, text: bytes) -> str:
    """The signature as the vendor's library makes it."""
    return base64.b64encode(hmac.digest(secret.encode(), text, hashlib.sha1).hex().encode()).decode()


def sign_raw(secret: str, text: bytes) -> str:
    """The variant of senders that encode the digest itself."""
    return base64.b64encode(hmac.digest(secret.encode(), text, hashlib.sha1)).decode()


def holds(request: Request, secrets: Iterable[str]) -> bool:
    """Whether the header fits one of the *secrets*. Raises: BadInput when the form is too large."""
    given = request.headers.get(HEADER, "").strip()
    texts = set(_texts(request.body))
    keys = [secret for secret in secrets if secret]
    accepted = [made(key, text) for key in keys for text in texts for made in (sign, sign_raw)]
    return matches(given, accepted)


def _texts(body: bytes) -> Iterator[bytes]:
    """What may have been signed: numbers may come with a bare ``+``, which a form reads as a space.

    An event nobody knows may be signed over any of the known sets of fields: it counts nothing.
    """
    decoded = dict(form.raw_pairs(body))
    literal = dict(form.raw_pairs(body.replace(b"+", b"%2B")))
    event = decoded.get(b"event", b"").decode("utf-8", "replace")
    for names in [FIELDS[event]] if event in FIELDS else set(FIELDS.values()):
        for numbers in (decoded, literal):
            chosen = (decoded if name == "call_start" else numbers for name in names)
            text = b"".join(fields.get(name.encode(), b"") for name, fields in zip(names, chosen, strict=True))
            if text:
                yield text
