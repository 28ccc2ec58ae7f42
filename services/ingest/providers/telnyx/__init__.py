"""``telnyx``: Call Control (Voice API) events, signed with Ed25519; all events of a session joined into one call.

Secret: ``public_key``, base64, as the portal shows it.
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
    Request,
    Secrets,
    Source,
)
from services.ingest.providers.telnyx import event, signature
from services.ingest.providers.telnyx.call import join
from services.kit.errors import BadInput


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    signature.verify(request, secrets.get("public_key", ()), now)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    told = _unwrap(request.body)
    kind = event.name(told)
    if kind not in event.JOINED:
        return Parsed(ignored=(Ignored("info_call" if kind.startswith("call.") else "unknown_event", kind),))
    try:
        leg = event.leg(kind, told, source, form.flat(request.query))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))
    if kind == event.HANGUP:
        return Parsed(legs=(leg,))
    return Parsed(legs=(leg,), ignored=(Ignored("recording" if kind == event.RECORDED else "ringing", kind),))


def _unwrap(body: bytes) -> Mapping[str, Any]:
    """The event, also where an application has already taken it out of ``data``."""
    whole = values.load_json(body)
    if not isinstance(whole, dict):
        raise BadInput("the body is not an object")
    inner = whole.get("data")
    return inner if isinstance(inner, dict) else whole


PROVIDER = Provider(
    name="telnyx",
    verify=verify,
    parse=parse,
    join=join,
    required_secrets=("public_key",),
    signs="body",
)
