"""A hang-up callback into one leg; the legs of a call, and its recording, into one call.

``ALegUUID`` names the whole call; a leg that ``<Dial>`` placed has a ``CallUUID`` of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.ingest.providers import conversation, values
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.conversation import Part, Side
from services.ingest.providers.plivo import statuses, times
from services.kit.errors import BadInput

_ID_LIMIT: Final = 120
_SIDES: Final[dict[str, Side]] = {
    "caller": "caller",
    "callee": "callee",
    "call recipient": "callee",
    "plivo": "system",
    "carrier": "system",
    "api request": "system",
    "answer xml": "system",
    "error": "system",
}


def leg(parameters: Mapping[str, Any], source: Source, received_at: datetime) -> Leg:
    """A call or leg that ended. Raises: BadInput (missing_field)."""
    own, call = _ids(parameters)
    told = times.read(parameters, source.timezone)
    ended = told.ended or _reckoned(told) or received_at
    status = (values.text(parameters.get("CallStatus")) or "").lower()
    code = values.integer(parameters.get("HangupCauseCode"))
    cause = (values.text(parameters.get("HangupCause")) or "").upper()
    answered = _answered(parameters, status, told)
    began = told.answered or ended - timedelta(seconds=told.length_s or 0)
    caller, called = values.text(parameters.get("From")), values.text(parameters.get("To"))
    way = values.direction(parameters.get("Direction"))
    data: dict[str, Any] = {
        "child": own != call,
        "received": way == "inbound",
        "started": _iso(told.started),
        "answered": began.isoformat() if answered else None,
        "ended": ended.isoformat(),
        "length_s": told.length_s if answered else None,
        "disposition": statuses.disposition(status, code, cause, answered=answered),
        "q850": None if answered else statuses.q850(code, cause),
        "by": _SIDES.get((values.text(parameters.get("HangupSource")) or "").lower()),
        **conversation.parties(source, caller, called, way, parameters),
    }
    return Leg(call, own, {name: value for name, value in data.items() if value is not None})


def recording(parameters: Mapping[str, Any]) -> Leg:
    """Raises: BadInput (missing_field)."""
    own, call = _ids(parameters)
    url = values.text(parameters.get("RecordUrl"), 500) or values.text(parameters.get("RecordFile"), 500)
    if url is None:
        raise BadInput("a recording without RecordUrl", "missing_field")
    name = values.text(parameters.get("RecordingID"), 60) or values.text(url, 60)
    return Leg(call, f"{own}:recording:{name}"[:200], {"recording": url})


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """Raises: BadInput when there is no leg."""
    if not legs:
        raise BadInput(f"call {call} has no legs")
    ordered = sorted(legs, key=lambda known: known.leg)
    recording = next((known.data["recording"] for known in ordered if "recording" in known.data), None)
    parts = [_part(known, recording) for known in ordered if "recording" not in known.data]
    return conversation.draft(source, call, parts)


def _part(known: Leg, recording: str | None) -> Part:
    data = known.data
    return Part(
        id=known.leg,
        received=data["received"],
        child=data["child"],
        started=_at(data.get("started")),
        answered=_at(data.get("answered")),
        ended=_at(data["ended"]),
        talk_s=data.get("length_s"),
        disposition=data["disposition"],
        ended_by=data.get("by"),
        q850=data.get("q850"),
        parties=conversation.gathered([data], recording),
    )


def _answered(parameters: Mapping[str, Any], status: str, told: times.Times) -> bool:
    """By the answer's time; without one, a completed call of some seconds."""
    if status and statuses.STATUSES.get(status) not in (None, "answered", "failed"):
        return False
    if told.answered is not None:
        return told.length_s is None or told.length_s > 0 or status == "completed"
    return status == "completed" and bool(told.length_s)


def _reckoned(told: times.Times) -> datetime | None:
    return told.answered + timedelta(seconds=told.length_s) if told.answered and told.length_s else None


def _ids(parameters: Mapping[str, Any]) -> tuple[str, str]:
    """(this leg, the whole call). Raises: BadInput."""
    own = values.text(parameters.get("CallUUID"), _ID_LIMIT)
    whole = values.text(parameters.get("ALegUUID"), _ID_LIMIT)
    own = own or whole or values.text(parameters.get("RequestUUID"), _ID_LIMIT)
    if own is None:
        raise BadInput("no CallUUID", "missing_field")
    return own, whole or own


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
