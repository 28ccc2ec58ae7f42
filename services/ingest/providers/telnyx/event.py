"""One Call Control event into one leg of ``Provider.join``: ``data.payload`` of a call's initiation, answer, end…

Every event of a leg is kept apart, since they come in any order: its name is ``{call_leg_id}:{event}``.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from services.ingest.providers import conversation, instants, values
from services.ingest.providers.base import Leg, Source
from services.kit.errors import BadInput

INITIATED, ANSWERED, HANGUP, RECORDED = "call.initiated", "call.answered", "call.hangup", "call.recording.saved"
DETECTED: Final = ("call.machine.detection.ended", "call.machine.premium.detection.ended")
JOINED: Final = (INITIATED, ANSWERED, "call.bridged", HANGUP, RECORDED, *DETECTED)
_ID_LIMIT: Final = 120


def name(event: Mapping[str, Any]) -> str:
    """``call.hangup``; also of the older spelling ``call_hangup``. Raises: BadInput (unknown_event)."""
    word = values.text(event.get("event_type"), 80)
    if word is None:
        raise BadInput("no event_type", "unknown_event")
    return word.lower().replace("_", ".") if "." not in word else word.lower()


def leg(kind: str, event: Mapping[str, Any], source: Source, query: Mapping[str, str]) -> Leg:
    """*query*: of the webhook's URL, where an application may put fields of its own. Raises: BadInput (missing_field)."""
    payload = values.mapping(event.get("payload"))
    own = _id(payload, "call_leg_id", "call_control_id", "call_session_id")
    if own is None:
        raise BadInput(f"{kind} without call_session_id, call_leg_id and call_control_id", "missing_field")
    at = instants.instant(event.get("occurred_at") or payload.get("occurred_at") or event.get("created_at"))
    started, ended = instants.instant(payload.get("start_time")), instants.instant(payload.get("end_time"))
    if kind == HANGUP and (ended or at) is None:
        raise BadInput("call.hangup without end_time and occurred_at", "missing_field")
    caller, called = values.text(payload.get("from")), values.text(payload.get("to"))
    way = values.direction(payload.get("direction"))
    sent = {**query, **payload, "client_state": _client_state(payload.get("client_state"))}
    data: dict[str, Any] = {
        "event": kind,
        "leg": own,
        "at": _iso(at),
        "started": _iso(started),
        "ended": _iso(ended),
        "way": way,
        "connection": values.text(payload.get("connection_id")),
        "cause": values.text(payload.get("hangup_cause")),
        "by": values.text(payload.get("hangup_source")),
        "sip": values.integer(payload.get("sip_hangup_cause"), largest=699),
        "machine": _machine(payload) if kind in DETECTED else None,
        **conversation.parties(source, caller, called, way, sent),
    }
    if kind == RECORDED:
        data["recording"] = _recording(payload)
        kind = f"{kind}:{_id(payload, 'recording_id') or values.text(data['recording'], 60) or ''}"
    return Leg(
        call=_id(payload, "call_session_id") or own,
        leg=f"{own}:{kind}"[:200],
        data={key: value for key, value in data.items() if value is not None},
    )


def _recording(payload: Mapping[str, Any]) -> str | None:
    for urls in (payload.get("public_recording_urls"), payload.get("recording_urls")):
        for found in values.items(urls):
            if url := values.text(found, 500):
                return url
    return None


def _machine(payload: Mapping[str, Any]) -> bool:
    result = (values.text(payload.get("result")) or "").lower()
    return result.startswith(("machine", "fax"))


def _client_state(value: object) -> object:
    """What the application set: JSON under base64 where it is, else its text."""
    packed = values.text(value, 4_000)
    if packed is None:
        return None
    try:
        plain = base64.b64decode(packed, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return packed
    try:
        return values.load_json(plain)
    except BadInput:
        return plain


def _id(payload: Mapping[str, Any], *names: str) -> str | None:
    return next((found for each in names if (found := values.text(payload.get(each), _ID_LIMIT))), None)


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None
