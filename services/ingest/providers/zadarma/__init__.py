"""``zadarma``: Zadarma and Novofon (its former Russian brand): form posts, signed over a few fields by event.

Secret: ``api_secret``; on top of it ``path``, because the signature covers neither duration nor disposition.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from services.ingest.providers import form, values
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
from services.ingest.providers.zadarma import call, signature
from services.kit.errors import BadInput

ECHO: Final = b"zd_echo"
_ENDS: Final = ("NOTIFY_END", "NOTIFY_OUT_END")
_STARTS: Final = ("NOTIFY_START", "NOTIFY_OUT_START", "NOTIFY_IVR")
_RANG: Final = ("NOTIFY_INTERNAL", "NOTIFY_ANSWER")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    try:
        right = signature.holds(request, secrets.get("api_secret", ()))
    except BadInput as error:
        raise Unauthorized("the body cannot be read as a form", "bad_signature") from error
    if not right:
        raise Unauthorized("the header Signature is missing or wrong", "bad_signature")


def challenge(request: Request, source: Source, secrets: Secrets) -> Reply | None:
    """``GET ?zd_echo=text``: the text as the whole body. Zadarma asks before it signs anything."""
    if request.method != "GET":
        return None
    echo = dict(form.raw_pairs(request.query.encode("latin-1", "replace"))).get(ECHO)
    if echo is None:
        return None
    return Reply(200, echo, "text/plain; charset=utf-8", (("X-Content-Type-Options", "nosniff"),))


def redact(request: Request) -> Request:
    """Without the signature: it would also fit the same call with another duration."""
    return replace(request, headers={name: value for name, value in request.headers.items() if name != "signature"})


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    fields = form.flat(request.body)
    event = (values.text(fields.get("event"), 80) or "").upper()
    if not event:
        raise BadInput("no field event", "missing_field")
    if event in _STARTS:
        return Parsed(ignored=(Ignored("ringing", event),))
    if event == "NOTIFY_RECORD":
        return Parsed(ignored=(Ignored("recording", values.text(fields.get("call_id_with_rec"), 80) or ""),))
    if event not in (*_ENDS, *_RANG):
        return Parsed(ignored=(Ignored("unknown_event", event),))
    try:
        if event in _RANG:
            return Parsed(legs=(call.rang(event, fields),), ignored=(Ignored("ringing", event),))
        return Parsed(legs=(call.ended(event, fields, source),))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))


PROVIDER = Provider(
    name="zadarma",
    verify=verify,
    parse=parse,
    join=call.join,
    redact=redact,
    challenge=challenge,
    required_secrets=("api_secret",),
    signs="body",
)
