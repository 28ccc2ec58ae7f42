"""``vonage``: Voice API event webhooks (Nexmo), signed with a JWT; the legs of a conversation joined into one call.

Secret: ``signature_secret``, of the account.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
)
from services.ingest.providers.vonage import event, signature, statuses
from services.ingest.providers.vonage.call import join
from services.kit.errors import BadInput


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    signature.verify(request, source, secrets.get("signature_secret", ()), now)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    told = _event(request)
    status = (values.text(told.get("status"), 40) or "").lower()
    query = form.flat(request.query)
    try:
        if "recording_url" in told:
            return Parsed(legs=(event.recording(told),), ignored=(Ignored("recording"),))
        if status in statuses.STATUSES:
            return Parsed(legs=(event.leg(status, told, source, query, request.received_at),))
        if status in statuses.PENDING:
            leg = event.leg(status, told, source, query, request.received_at)
            return Parsed(legs=(leg,), ignored=(Ignored("ringing", status),))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))
    if status and status not in statuses.NO_LEG:
        return Parsed(ignored=(Ignored("unknown_event", status),))
    if not any(name in told for name in ("uuid", "call_uuid", "conversation_uuid", "conversation_uuid_to")):
        raise BadInput("none of uuid, conversation_uuid, recording_url is there")
    return Parsed(ignored=(Ignored("info_call", status),))


def _event(request: Request) -> Mapping[str, Any]:
    """The JSON of the body, a form, or the query of a GET: the same names in each."""
    body = request.body.strip()
    if body.startswith((b"{", b"[", b"\xef\xbb\xbf")):
        found = values.load_json(body)
        if not isinstance(found, dict):
            raise BadInput("the event is not an object")
        return found
    return form.flat(body) if body else form.flat(request.query)


PROVIDER = Provider(
    name="vonage",
    verify=verify,
    parse=parse,
    join=join,
    reply=Reply(200, b""),
    methods=("POST", "GET"),
    required_secrets=("signature_secret",),
    signs="token",
)
