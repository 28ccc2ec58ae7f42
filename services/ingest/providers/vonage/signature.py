"""``Authorization: Bearer <JWT>``, HS256 with the account's signature secret; ``payload_hash`` covers what was sent.

The hash is hex SHA-256 of the raw body; of a GET, of the compact JSON object of its query in the order of the URL
(as a public verifier of the vendor's webhooks builds it). A token is fresh by ``iat``, looked at against each instant
that may be now: the library knows the machine's clock only.
"""

import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import jwt

from services.ingest.providers import form, instants
from services.ingest.providers.base import Request, Source, Unauthorized
from services.ingest.providers.credentials import matches
from services.kit.errors import BadInput

TOLERANCE_S: Final = 300
_ONLY_SIGNATURE: Final[Any] = {
    "verify_signature": True,
    **dict.fromkeys((f"verify_{name}" for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")), False),
}


def verify(request: Request, source: Source, secrets: Iterable[str], now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized (bad_signature, stale_signature)."""
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    claims = _claims(token.strip(), secrets) if scheme.lower() == "bearer" else None
    if claims is None:
        raise Unauthorized("the bearer token is missing or not signed with the signature secret", "bad_signature")
    _check_hash(request, claims, needed=source.config.options.get("allow_unhashed") is not True)
    issued, expires = instants.from_epoch(claims.get("iat")), instants.from_epoch(claims.get("exp"))
    if issued is None or not any(_fresh(issued, expires, at) for at in now):
        raise Unauthorized(f"the token has expired, or its iat is more than {TOLERANCE_S} s away", "stale_signature")


def payload(request: Request) -> bytes:
    """The bytes that ``payload_hash`` covers; empty when nothing was sent. Raises: BadInput (too_large)."""
    if request.method != "GET":
        return request.body
    query = dict(form.pairs(request.query))
    return json.dumps(query, ensure_ascii=False, separators=(",", ":")).encode() if query else b""


def _fresh(issued: datetime, expires: datetime | None, at: datetime) -> bool:
    return abs((at - issued).total_seconds()) <= TOLERANCE_S and (expires is None or at <= expires)


def _claims(token: str, secrets: Iterable[str]) -> Mapping[str, Any] | None:
    """Those of a token that one of the *secrets* signed by HS256; every secret is tried."""
    found: Mapping[str, Any] | None = None
    for secret in secrets:
        claims = _decoded(token, secret) if secret else None
        found = claims if found is None else found
    return found


def _decoded(token: str, secret: str) -> Mapping[str, Any] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a short secret is the account's, not a fault of the request
            claims = jwt.decode(token, secret, algorithms=["HS256"], options=_ONLY_SIGNATURE)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _check_hash(request: Request, claims: Mapping[str, Any], *, needed: bool) -> None:
    given = claims.get("payload_hash")
    try:
        sent = payload(request)
    except BadInput as error:
        raise Unauthorized("more was sent than Vonage sends", "bad_signature") from error
    if given is None:
        if needed and (sent or request.body):
            raise Unauthorized("the token has no payload_hash: nothing protects what was sent", "bad_signature")
        return
    if not isinstance(given, str) or not matches(given.lower(), [hashlib.sha256(sent).hexdigest()]):
        raise Unauthorized("payload_hash of the token is not that of what was sent", "bad_signature")
