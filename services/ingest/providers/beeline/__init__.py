"""``beeline``: Beeline cloud PBX, which is BroadWorks: XSI events in XML, one subscription per user.

Nothing is signed: ``secrets.path`` (in the subscription's URL), ``secrets.basic``, or both.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.ingest.providers import credentials, values
from services.ingest.providers.base import Ignored, Parsed, Provider, Rejected, Request, Secrets, Source
from services.ingest.providers.beeline import document, half, statuses
from services.ingest.providers.beeline.document import local, text
from services.ingest.providers.beeline.join import join
from services.kit.errors import BadInput

_SUBSCRIPTION_ENDED = "SubscriptionTerminatedEvent"


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    event = values.mapping(document.read(request.body).get("Event"))
    if not event:
        raise BadInput("the document is no XSI Event", "unknown_event")
    data = values.mapping(event.get("eventData"))
    kind = local(text(data.get("@type"), 80) or text(event.get("@type"), 80) or "")
    if not kind:
        raise BadInput("neither Event nor eventData says its type", "missing_field")
    ignored = _ignored(kind, event)
    if ignored is not None:
        return Parsed(ignored=(ignored,))
    try:
        legs = tuple(half.leg(kind, event, call, source, request.received_at) for call in half.calls(data))
        if not legs:
            raise BadInput(f"{kind} without a call", "missing_field")
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))
    return Parsed(legs=legs, ignored=() if kind == statuses.RELEASED else (Ignored("ringing", kind),))


def _ignored(kind: str, event: Mapping[str, Any]) -> Ignored | None:
    if kind == _SUBSCRIPTION_ENDED:
        return Ignored("subscription_ended", text(event.get("targetId")) or "")
    if kind.startswith("CallRecording"):
        return Ignored("recording", kind)
    if kind in statuses.NOT_CALLS:
        return Ignored("not_counted", kind)
    return None if kind == statuses.RELEASED or kind in statuses.PROGRESS else Ignored("unknown_event", kind)


PROVIDER = Provider(name="beeline", verify=verify, parse=parse, join=join, signs="path")
