"""The two uses of one header: the handshake of a new subscription, and the token of its deliveries.

At creation RingCentral posts an empty body with a ``Validation-Token`` of its own, unknown to us, and wants it back as a
header. Whoever asks gets back only what he sent: it is bounded, printable, and neither journaled nor looked at. What has
a body is a delivery and must carry our token, as ``Validation-Token`` or ``Verification-Token``.
"""

import re
from typing import Final

from services.ingest.providers.base import Reply, Request, Secrets, Source, Unauthorized
from services.ingest.providers.credentials import matches

HEADERS: Final = ("verification-token", "validation-token")
_ECHOED: Final = re.compile(r"[!-~]{1,512}")
"""With the rest of the response it stays under the 1,024 bytes RingCentral accepts."""


def challenge(request: Request, source: Source, secrets: Secrets) -> Reply | None:
    token = request.headers.get("validation-token", "").strip()
    if request.method != "POST" or request.body.strip() or not _ECHOED.fullmatch(token):
        return None
    return Reply(200, headers=(("Validation-Token", token),))


def verify(request: Request, secrets: Secrets) -> None:
    """Raises: Unauthorized."""
    known = secrets.get("validation_token", ())
    if not any(matches(request.headers.get(name, "").strip(), known) for name in HEADERS):
        raise Unauthorized("Validation-Token or Verification-Token is missing or wrong", "bad_signature")
