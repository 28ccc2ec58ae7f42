"""All known events of a conversation into its call. The order in which they came never matters.

``start_time`` of ``completed`` is the moment of the answer and ``duration`` what lies between it and ``end_time``; an
empty one is made of the other two, or of the event ``answered``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.ingest.providers import conversation
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.conversation import Part, Side
from services.ingest.providers.vonage import statuses
from services.kit.errors import BadInput

_SIDES: Final[dict[str, Side]] = {"platform": "system"}
"""``user`` is whoever the leg leads to or comes from: see ``_ended_by``."""


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """Raises: BadInput when there is no leg."""
    if not legs:
        raise BadInput(f"call {call} has no legs")
    events: dict[str, dict[str, Mapping[str, Any]]] = {}
    recording = None
    for known in sorted(legs, key=lambda known: known.leg):
        if "recording" in known.data:
            recording = recording or known.data["recording"]
        else:
            events.setdefault(known.data["leg"], {})[known.data["status"]] = known.data
    parts = [_part(name, told, recording) for name, told in events.items()]
    return conversation.draft(source, call, parts)


def _part(name: str, told: Mapping[str, Mapping[str, Any]], recording: str | None) -> Part:
    last = _last(told)
    status = last.get("status", "")
    answered = _answered(told, last)
    started = [_at(told.get(earlier, {}).get("at")) for earlier in ("started", "ringing")]
    received = _first(told, "way") == "inbound"
    return Part(
        id=name,
        received=received,
        open=not last and "answered" in told,
        started=min((found for found in started if found), default=None),
        answered=answered,
        ended=_ended(last, answered),
        talk_s=last.get("length_s") if status == "completed" else None,
        disposition=statuses.disposition(
            status,
            last.get("detail"),
            answered=answered is not None or "answered" in told,
            machine="machine" in told,
        )
        if last
        else None,
        ended_by=_ended_by(last.get("by"), received),
        q850=statuses.Q850.get(last.get("detail", "")),
        sip=last.get("sip"),
        parties=conversation.gathered([event for _, event in sorted(told.items())], recording),
    )


def _last(told: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The event that ended the leg; ``completed``, which has the sums, before another; nothing when it goes on."""
    over = [event for status, event in told.items() if status in statuses.STATUSES]
    return min(
        over, key=lambda event: (event["status"] != "completed", event.get("at", ""), event["status"]), default={}
    )


def _answered(told: Mapping[str, Mapping[str, Any]], last: Mapping[str, Any]) -> datetime | None:
    event = told.get("answered")
    if last.get("status") == "completed":
        if start := _at(last.get("start")):
            return start
        heard, end = _at(event.get("at")) if event else None, _at(last.get("end") or last.get("at"))
        if heard is None and end is not None and last.get("length_s"):
            return end - timedelta(seconds=last["length_s"])
        return heard
    return _at(event.get("at") or event.get("start")) if event else None


def _ended(last: Mapping[str, Any], answered: datetime | None) -> datetime | None:
    end = _at(last.get("end"))
    if end is None and answered is not None and last.get("length_s") is not None:
        return answered + timedelta(seconds=last["length_s"])
    return end or _at(last.get("at") or last.get("start"))


def _ended_by(word: str | None, received: bool) -> Side | None:
    if word == "user":
        return "caller" if received else "callee"
    return _SIDES.get(word or "")


def _first(told: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    return next((event[name] for _, event in sorted(told.items()) if event.get(name)), None)


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
