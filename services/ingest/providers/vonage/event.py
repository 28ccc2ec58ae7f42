"""One event webhook into one leg of ``Provider.join``. Every status of a leg is kept apart: they come in any order.

The whole call is the conversation. A recording's event names only the conversation, human/machine a ``call_uuid``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import conversation, instants, values
from services.ingest.providers.base import Leg, Source
from services.ingest.providers.vonage import statuses
from services.kit.errors import BadInput

_ID_LIMIT: Final = 120


def leg(status: str, event: Mapping[str, Any], source: Source, query: Mapping[str, str], received_at: datetime) -> Leg:
    """*query*: of the event URL, where an application may put fields of its own. Raises: BadInput (missing_field)."""
    names = ("uuid", "call_uuid", "conversation_uuid")
    own = next((found for name in names if (found := values.text(event.get(name), _ID_LIMIT))), None)
    if own is None:
        raise BadInput(f"{status} without uuid and conversation_uuid", "missing_field")
    at, started, ended = (instants.instant(event.get(name)) for name in ("timestamp", "start_time", "end_time"))
    length = values.number(event.get("duration"))
    if status in statuses.STATUSES and not (at or ended or started):
        at = received_at
    way = values.direction(event.get("direction"))
    data = {
        "status": status,
        "leg": own,
        "at": _iso(at),
        "start": _iso(started),
        "end": _iso(ended),
        "length_s": length if length is not None and 0 <= length <= 7 * 86_400 else None,
        "way": way,
        "detail": (values.text(event.get("detail")) or "").lower() or None,
        "sip": values.integer(event.get("sip_code"), largest=699),
        "by": values.text(event.get("disconnected_by")),
        **conversation.parties(source, _end(event, "from"), _end(event, "to"), way, {**query, **event}),
    }
    call = values.text(event.get("conversation_uuid"), _ID_LIMIT) or own
    return Leg(call, f"{own}:{status}", {name: value for name, value in data.items() if value is not None})


def recording(event: Mapping[str, Any]) -> Leg:
    """Raises: BadInput (missing_field)."""
    call = values.text(event.get("conversation_uuid"), _ID_LIMIT)
    url = values.text(event.get("recording_url"), 500)
    if call is None or url is None:
        raise BadInput("a recording without conversation_uuid or recording_url", "missing_field")
    name = values.text(event.get("recording_uuid"), _ID_LIMIT) or values.text(url, _ID_LIMIT)
    return Leg(call, f"recording:{name}", {"recording": url})


def _end(event: Mapping[str, Any], name: str) -> str | None:
    """A number or address; else the user of the client SDK, whom ``from_user`` and ``to_user`` name."""
    user = values.text(event.get(f"{name}_user"))
    return values.text(event.get(name)) or (f"client:{user}" if user else None)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
