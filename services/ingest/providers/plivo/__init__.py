"""``plivo``: hang-up callbacks, by POST or GET, signed over the public URL; legs and recording joined into one call.

Secret: ``auth_token``. Behind a proxy give ``sources[].public_url``.
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
from services.ingest.providers.plivo import call, signature, statuses
from services.kit.errors import BadInput

_KNOWN: Final = ("CallUUID", "ALegUUID", "RequestUUID", "CallStatus", "RecordUrl", "DialBLegUUID")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    try:
        right = signature.holds(request, source, secrets.get("auth_token", ()))
    except (BadInput, ValueError) as error:
        raise Unauthorized("the body cannot be read as a form", "bad_signature") from error
    if not right:
        raise Unauthorized("X-Plivo-Signature-V3 is missing or wrong (behind a proxy: public_url?)", "bad_signature")


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    parameters = _parameters(request)
    if not any(name in parameters for name in _KNOWN):
        raise BadInput(f"none of {', '.join(_KNOWN)} is there")
    status = (values.text(parameters.get("CallStatus"), 40) or "").lower()
    event = (values.text(parameters.get("Event"), 40) or "").lower()
    try:
        over = (call.leg(parameters, source, request.received_at),) if _over(parameters, status, event) else ()
        if values.text(parameters.get("RecordUrl")) or values.text(parameters.get("RecordFile")):
            return Parsed(legs=(*over, call.recording(parameters)), ignored=(Ignored("recording"),))
        if over:
            return Parsed(legs=over)
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))
    if status in statuses.PENDING:
        return Parsed(ignored=(Ignored("ringing", status),))
    return Parsed(ignored=(Ignored("info_call" if "DialBLegUUID" in parameters else "unknown_event", event or status),))


def _over(parameters: Mapping[str, Any], status: str, event: str) -> bool:
    if "DialBLegUUID" in parameters:
        return False
    ended = any(values.text(parameters.get(name)) for name in ("EndTime", "HangupCause", "HangupCauseCode"))
    return event == "hangup" or status in statuses.STATUSES or (ended and status not in statuses.PENDING)


def _parameters(request: Request) -> Mapping[str, Any]:
    """Of the query (of a GET, or parameters of one's own in the URL) and of the form; a JSON body has the same names."""
    query, body = form.flat(request.query), request.body.strip()
    if body.startswith(b"{"):
        return {**query, **values.mapping(values.load_json(body))}
    return {**query, **form.flat(body)}


PROVIDER = Provider(
    name="plivo",
    verify=verify,
    parse=parse,
    join=call.join,
    reply=Reply(200, b"<Response/>", "text/xml"),
    methods=("POST", "GET"),
    required_secrets=("auth_token",),
    signs="url",
)
