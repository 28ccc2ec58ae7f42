"""``megafon``: MegaFon's virtual PBX and its relatives (Gravitel, Kcell, Moldcell): form posts by ``cmd``.

Secret: ``crm_token``, in the body (or the header ``X-API-KEY``).
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import credentials, form, values
from services.ingest.providers.base import (
    Ignored,
    Parsed,
    Provider,
    Rejected,
    Reply,
    Request,
    Secrets,
    Source,
    Unauthorized,
)
from services.ingest.providers.megafon import call
from services.kit.errors import BadInput

TOKEN: Final = "crm_token"  # noqa: S105 - the name of a field
HEADER: Final = "x-api-key"
_GOES_ON: Final = ("INCOMING", "OUTGOING", "ACCEPTED", "TRANSFERRED")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    accepted = secrets.get(TOKEN, ())
    try:
        given = values.text(_fields(request.body).get(TOKEN), 1000) or ""
    except BadInput:
        given = ""
    in_body, in_header = (credentials.matches(one, accepted) for one in (given, request.headers.get(HEADER, "")))
    if not in_body and not in_header:
        raise Unauthorized("crm_token is missing or wrong", "bad_signature")


def challenge(request: Request, source: Source, secrets: Secrets) -> Reply | None:
    """``cmd=contact`` asks who a number is: nobody we would tell. Answered to whom it may concern, and never journaled.

    Raises: Unauthorized.
    """
    if request.method != "POST" or b"contact" not in request.body.lower():
        return None
    try:
        if _command(_fields(request.body)) != "contact":
            return None
    except BadInput:
        return None
    verify(request, source, secrets, (request.received_at,))
    if secrets.get(credentials.PATH) or secrets.get(credentials.BASIC):
        credentials.verify_configured(request, secrets)
    return Reply(200, b"{}")


def redact(request: Request) -> Request:
    """Without the token."""
    headers = {name: value for name, value in request.headers.items() if name != HEADER}
    kept = replace(request, headers=headers)
    if not _is_json(request.body):
        return replace(kept, body=form.without(request.body, TOKEN.__eq__))
    try:
        left = {name: value for name, value in _fields(request.body).items() if name != TOKEN}
        return replace(kept, body=json.dumps(left).encode())
    except (BadInput, RecursionError, ValueError):  # nothing that could be kept without its token
        return replace(kept, body=b"")


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    fields = _fields(request.body)
    command = _command(fields)
    try:
        match command:
            case "":
                raise BadInput("no field cmd", "missing_field")
            case "history":
                return Parsed(legs=(call.history(fields, source),))
            case "event":
                return _event(fields)
            case "contact" | "rating":
                return Parsed(ignored=(Ignored("not_counted", command),))
            case _:
                return Parsed(ignored=(Ignored("unknown_event", command),))
    except BadInput as error:
        if not command:
            raise
        return Parsed(rejected=(Rejected(error.reason, str(error)),))


def _event(fields: Mapping[str, Any]) -> Parsed:
    """Without a time: nothing to count. A transfer says which two ids are one call."""
    word = (values.text(fields.get("type"), 40) or "").upper()
    legs = call.transferred(fields) if word == "TRANSFERRED" else ()
    return Parsed(legs=legs, ignored=(Ignored("ringing" if word in _GOES_ON else "not_counted", word),))


def _command(fields: Mapping[str, Any]) -> str:
    return (values.text(fields.get("cmd"), 40) or "").lower()


def _fields(body: bytes) -> Mapping[str, Any]:
    """Of the form; a JSON object is taken as the same names."""
    if not _is_json(body):
        return form.flat(body)
    found = values.load_json(body)
    if not isinstance(found, dict):
        raise BadInput("the body is not an object")
    return found


def _is_json(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


PROVIDER = Provider(
    name="megafon",
    verify=verify,
    parse=parse,
    join=call.join,
    redact=redact,
    challenge=challenge,
    required_secrets=(TOKEN,),
    signs="token",
)
