"""Authentication of senders that sign nothing: a secret at the end of the URL, Basic credentials, or both.

``secrets.path`` is the last part of ``/hooks/{source}/…/<secret>``; ``secrets.basic`` is ``user:password``. What is
configured must match; with neither configured nobody is let in. The shell applies the same check to providers that
do sign when a source configures it, and removes the path secret before anything is kept.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from services.ingest.providers.base import Request, Secrets, Source, Unauthorized

NAMES = ("path", "basic")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    path, basic = secrets.get("path"), secrets.get("basic")
    if not path and not basic:
        raise Unauthorized("neither a path secret nor Basic credentials are configured", "bad_signature")
    if path and not matches(request.path.rpartition("/")[2].encode(), path):
        raise Unauthorized("the last part of the URL is not the secret", "bad_signature")
    if basic and not matches(_basic(request), basic):
        raise Unauthorized("wrong Basic credentials", "bad_signature")


def matches(given: bytes, values: Iterable[str]) -> bool:
    """Whether *given* is one of the values; compares with all of them, in constant time."""
    found = False
    for value in values:
        found |= hmac.compare_digest(given, value.encode())
    return found


def without_path_secret(request: Request) -> Request:
    return replace(request, path=request.path.rpartition("/")[0])


def _basic(request: Request) -> bytes:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(credentials.strip().encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        return b""
