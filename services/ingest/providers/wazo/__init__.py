"""``wazo``: call logs of Wazo Platform, posted by its webhookd; tenant-wide and per-user events are one call by ``id``.

Nothing is signed: ``secrets.path``, ``secrets.basic``, ``secrets.bearer``, all that are configured.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import credentials, form, values
from services.ingest.providers.base import Ignored, Parsed, Provider, Rejected, Request, Secrets, Source
from services.ingest.providers.wazo import cdr
from services.kit.errors import BadInput

_EVENTS: Final = ("call_log_created", "call_log_user_created")
_PENDING: Final = ("call_created", "call_updated", "call_answered", "call_held", "call_resumed", "call_ended")
_NAMED_BY: Final = ("id", "conversation_id", "call_direction")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_with_bearer(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    message = _message(request.body)
    name = (values.text(message.get("name"), 80) or values.text(message.get("event"), 80) or "").lower()
    if name in _PENDING:
        return Parsed(ignored=(Ignored("ringing", name),))
    if name and name not in _EVENTS and "call_direction" not in message:
        return Parsed(ignored=(Ignored("unknown_event", name),))
    data = message.get("data")
    log = data if isinstance(data, Mapping) and "call_direction" not in message else message
    if "is_caller" in log or "talking_to" in log:
        return Parsed(ignored=(Ignored("ringing", "a call that goes on"),))
    if not any(key in log for key in _NAMED_BY):
        raise BadInput("none of id, conversation_id, call_direction is there", "unknown_event")
    try:
        return Parsed(drafts=(cdr.draft(log, source),))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))


def _message(body: bytes) -> Mapping[str, Any]:
    """The event's data (webhookd's default body), an envelope around it, or the form that a template wrote."""
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return form.flat(body)
    found = values.load_json(body)
    if not isinstance(found, dict):
        raise BadInput("the body is not an object")
    return found


PROVIDER = Provider(name="wazo", verify=verify, parse=parse, methods=("POST", "PUT"), signs="path")
