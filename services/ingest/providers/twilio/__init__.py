"""``twilio``: voice status callbacks, by POST or GET; the legs of ``<Dial>`` joined into one call.

Secret: ``auth_token``. The signature covers the public URL: behind a proxy give ``sources[].public_url``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

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
from services.ingest.providers.twilio import call, signature, statuses
from services.kit.errors import BadInput

_KNOWN: Final = ("CallSid", "CallStatus", "RecordingSid")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    try:
        right = signature.holds(request, source, secrets.get("auth_token", ()))
    except BadInput as error:
        raise Unauthorized("the body cannot be read as a form", "bad_signature") from error
    if not right:
        raise Unauthorized("X-Twilio-Signature is missing or wrong (behind a proxy: public_url?)", "bad_signature")


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    parameters = _parameters(request)
    if not any(name in parameters for name in _KNOWN):
        raise BadInput("none of CallSid, CallStatus, RecordingSid is there")
    status = (values.text(parameters.get("CallStatus")) or "").lower()
    if not status and "RecordingSid" in parameters:
        return Parsed(ignored=(Ignored("recording"),))
    if status in statuses.PENDING:
        return Parsed(ignored=(Ignored("ringing", status),))
    if status not in statuses.STATUSES:
        reason = "bad_value" if status else "missing_field"
        return Parsed(rejected=(Rejected(reason, f"CallStatus {status[:40]!r}"),))
    try:
        return Parsed(legs=(call.leg(parameters, source, request.received_at),))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))


def _parameters(request: Request) -> Mapping[str, Any]:
    """The form of the body, else the query; a JSON body is taken as the same names."""
    body = request.body.strip()
    if body.startswith(b"{"):
        return values.mapping(values.load_json(body))
    return form.flat(body) if body else form.flat(request.query)


PROVIDER = Provider(
    name="twilio",
    verify=verify,
    parse=parse,
    join=call.join,
    reply=Reply(200, b"<Response/>", "text/xml"),
    methods=("POST", "GET"),
    required_secrets=("auth_token",),
    signs="url",
)
