"""Who may post to a source: path secrets, Basic credentials and plain tokens, compared in constant time.

``secrets.path`` — the secret is the last part of the URL (``/hooks/amo/<secret>``), for providers that sign nothing.
``secrets.basic`` — ``user:password``; ``secrets.bearer`` — a token in a header. Every secret may have several values
while it is being rotated. What is not configured does not open the door: a source without any secret refuses everything.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote

from services.ingest.providers.base import Request, Secrets, Unauthorized

PATH = "path"
BASIC = "basic"
BEARER = "bearer"


def matches(given: str, accepted: Iterable[str]) -> bool:
    """Whether *given* is one of the *accepted* values; takes as long for the first as for the last."""
    found = False
    for value in accepted:
        same = hmac.compare_digest(given.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass"))
        found = found or (same and bool(value))
    return found


def verify_path(request: Request, secrets: Secrets) -> None:
    """Raises: Unauthorized, unless the last part of the path is a configured ``path`` secret."""
    if not matches(_last_part(request.path), secrets.get(PATH, ())):
        raise Unauthorized("the secret in the path is missing or wrong", "bad_signature")


def verify_basic(request: Request, secrets: Secrets) -> None:
    """Raises: Unauthorized, unless ``Authorization: Basic`` carries a configured ``user:password``."""
    scheme, _, encoded = request.headers.get("authorization", "").strip().partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        given = ""
    if scheme.lower() != "basic" or not matches(given, secrets.get(BASIC, ())):
        raise Unauthorized("the Basic credentials are missing or wrong", "bad_signature")


def verify_configured(request: Request, secrets: Secrets) -> None:
    """For providers without a signature: every one of ``path`` and ``basic`` that is configured must hold.

    Raises: Unauthorized, also when neither is configured.
    """
    if not secrets.get(PATH) and not secrets.get(BASIC):
        raise Unauthorized("this source has no secret configured (path or basic)", "bad_signature")
    if secrets.get(PATH):
        verify_path(request, secrets)
    if secrets.get(BASIC):
        verify_basic(request, secrets)


def verify_with_bearer(request: Request, secrets: Secrets) -> None:
    """As ``verify_configured``, for senders whose headers are free: a token in ``Authorization: Bearer`` or ``X-Api-Key``.

    Raises: Unauthorized, also when none of path, basic and bearer is configured.
    """
    if secrets.get(BEARER):
        scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "").strip()
        if not matches(given, secrets[BEARER]):
            raise Unauthorized("the bearer token is missing or wrong", "bad_signature")
        if not secrets.get(PATH) and not secrets.get(BASIC):
            return
    verify_configured(request, secrets)


def verify_account(wanted: object, given: str | None, what: str) -> None:
    """*wanted*: an option that pins the account, a text or number or a list of them; None pins nothing.

    Raises: Unauthorized when the body is of another account.
    """
    if wanted is None:
        return
    listed = wanted if isinstance(wanted, list | tuple) else [wanted]
    if not matches(given or "", [str(one) for one in listed]):
        raise Unauthorized(f"{what} is missing or another one", "bad_signature")


def without_path_secret(request: Request, secrets: Secrets) -> Request:
    """The request with the path secret cut off, as it is parsed and journaled.

    Does nothing when no ``path`` secret is configured or the last part is not one (nothing but the secret is cut).
    """
    if not secrets.get(PATH) or not matches(_last_part(request.path), secrets[PATH]):
        return request
    head, _, _ = request.path.strip("/").rpartition("/")
    return replace(request, path=head, url="")


def _last_part(path: str) -> str:
    return unquote(path.strip("/").rpartition("/")[2])
