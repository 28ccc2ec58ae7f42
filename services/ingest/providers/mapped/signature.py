"""An HMAC over the raw body, as ``map.signature`` describes it; its key is ``secrets.signing``."""

import base64
import binascii
import hmac
from collections.abc import Iterable

from schemas.floor.mapping import Signature
from services.ingest.providers import credentials
from services.ingest.providers.base import Request, Unauthorized


def verify(request: Request, how: Signature, keys: Iterable[str]) -> None:
    """A request without a body is refused: its query is not signed. Raises: Unauthorized."""
    given = _digest(request.headers.get(how.header.lower(), "").strip(), how)
    expected = [hmac.digest(key.encode(), request.body, how.algorithm).hex() for key in keys if key]
    if not request.body or given is None or not credentials.matches(given.hex(), expected):
        raise Unauthorized(f"the signature in {how.header} is missing or wrong", "bad_signature")


def _digest(given: str, how: Signature) -> bytes | None:
    if not given.startswith(how.prefix):
        return None
    text = given[len(how.prefix) :]
    try:
        if how.encoding == "hex":
            return bytes.fromhex(text)
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
