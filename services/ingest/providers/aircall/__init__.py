"""``aircall``: events of calls as JSON; the webhook's token is a field of the body.

Secret: ``token``.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.ingest.providers import credentials, values
from services.ingest.providers.aircall import call, statuses
from services.ingest.providers.base import (
    Ignored,
    Parsed,
    Provider,
    Rejected,
    Request,
    Secrets,
    Source,
    Unauthorized,
)
from services.kit.errors import BadInput

_TOKEN = "token"  # noqa: S105 - the name of a field


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    try:
        given = values.text(_message(request.body).get(_TOKEN), 500)
    except BadInput as error:
        raise Unauthorized("the body carries no token", "bad_signature") from error
    if not credentials.matches(given or "", secrets.get(_TOKEN, ())):
        raise Unauthorized("the field token is missing or wrong", "bad_signature")


def redact(request: Request) -> Request:
    """Without the token."""
    try:
        message = _message(request.body)
        plain = {name: value for name, value in message.items() if name != _TOKEN}
        return replace(request, body=json.dumps(plain).encode())
    except (BadInput, RecursionError):  # nothing that could be kept without its token
        return replace(request, body=b"")


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    message = _message(request.body)
    kind = (values.text(message.get("event"), 80) or "").lower()
    if not kind:
        raise BadInput("no field event", "missing_field")
    if kind not in (statuses.FINAL, statuses.PROVISIONAL):
        return Parsed(ignored=(_ignored(kind),))
    try:
        return Parsed(legs=(call.leg(kind, message, source),))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))


def _ignored(kind: str) -> Ignored:
    if kind in statuses.PENDING:
        return Ignored("ringing", kind)
    if kind in statuses.RECORDINGS:
        return Ignored("recording", kind)
    known = kind in statuses.AFTERWARDS or kind.startswith(statuses.OTHER)
    return Ignored("not_counted" if known else "unknown_event", kind)


def _message(body: bytes) -> Mapping[str, Any]:
    found = values.load_json(body)
    if not isinstance(found, dict):
        raise BadInput("the body is not an object")
    return found


PROVIDER = Provider(
    name="aircall",
    verify=verify,
    parse=parse,
    join=call.join,
    redact=redact,
    required_secrets=("token",),
    signs="token",
)
