"""HubSpot's three signatures. v3 signs method, URL, body and time; v2 no time; v1 the body only.

``X-HubSpot-Signature-v3`` decides alone where it is sent: the older header beside it proves less. Some percent-escapes
of the URL are undone before v3 is made (HubSpot's page on validating requests lists them), so both readings are tried.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from services.ingest.providers import instants
from services.ingest.providers.base import Request, Source
from services.ingest.providers.credentials import matches

OLD: Final = "x-hubspot-signature"
VERSION: Final = "x-hubspot-signature-version"
V3: Final = "x-hubspot-signature-v3"
TIMESTAMP: Final = "x-hubspot-request-timestamp"
TOLERANCE: Final = timedelta(seconds=300)
_UNDONE: Final = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def v1(secret: str, body: bytes) -> str:
    return hashlib.sha256(secret.encode() + body).hexdigest()


def v2(secret: str, method: str, url: str, body: bytes) -> str:
    return hashlib.sha256(secret.encode() + _signed(method, url, body)).hexdigest()


def v3(secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    signed = _signed(method, url, body) + timestamp.encode("utf-8", "replace")
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


def holds(request: Request, source: Source, secrets: Iterable[str], now: tuple[datetime, ...]) -> bool:
    """Whether the request carries the newest signature that it has any of, of one of the *secrets*."""
    known = tuple(secret for secret in secrets if secret)
    if V3 in request.headers:
        timestamp = request.headers.get(TIMESTAMP, "").strip()
        accepted = [
            v3(secret, request.method, url, request.body, timestamp)
            for secret in known
            for url in urls(request, source)
        ]
        return _fresh(timestamp, now) and matches(request.headers[V3].strip(), accepted)
    given, version = request.headers.get(OLD, "").strip().lower(), request.headers.get(VERSION, "").strip().lower()
    accepted = []
    if version in ("v1", ""):
        accepted += [v1(secret, request.body) for secret in known]
    if version in ("v2", ""):
        accepted += [v2(secret, request.method, url, request.body) for secret in known for url in urls(request, source)]
    return matches(given, accepted)


def urls(request: Request, source: Source) -> list[str]:
    """The URLs the sender may have signed: as the core and as the proxy saw it, escaped and not."""
    return list(dict.fromkeys(form for url in _bases(request, source) for form in _forms(url)))


def _bases(request: Request, source: Source) -> Iterator[str]:
    if request.url:
        yield request.url
    query = f"?{request.query}" if request.query else ""
    rest = f"/{quote(request.path)}" if request.path else ""
    if source.config.public_url:
        yield f"{source.config.public_url.partition('?')[0].rstrip('/')}{rest}{query}"
        return
    host = request.headers.get("x-forwarded-host") or request.headers.get("host")
    if host:
        path = urlsplit(request.url).path if request.url else f"/hooks/{source.id}{rest}"
        yield f"{request.headers.get('x-forwarded-proto', 'https')}://{host}{path}{query}"


def _forms(url: str) -> Iterator[str]:
    yield url
    yield _UNDONE.sub(lambda escape: unquote(escape[0]), url)
    yield unquote(url)


def _fresh(timestamp: str, now: tuple[datetime, ...]) -> bool:
    sent = instants.from_epoch(timestamp) if timestamp.isascii() and timestamp.isdigit() else None
    return sent is not None and any(abs(instant - sent) <= TOLERANCE for instant in now)


def _signed(method: str, url: str, body: bytes) -> bytes:
    return (method + url).encode("utf-8", "replace") + body
