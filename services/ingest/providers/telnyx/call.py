"""All known events of a session into its call. The order in which they came never matters.

``start_time`` of a hang-up is the start of the call, not its answer: only ``call.answered`` tells when that was. Until
it comes, an ended leg has no talk.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import conversation
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.conversation import Part, Side
from services.ingest.providers.telnyx import event, statuses
from services.kit.errors import BadInput

_SIDES: Final[dict[str, Side]] = {"caller": "caller", "callee": "callee"}


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """Raises: BadInput when there is no leg."""
    if not legs:
        raise BadInput(f"call {call} has no legs")
    events: dict[str, list[Mapping[str, Any]]] = {}
    for known in sorted(legs, key=lambda known: known.leg):
        events.setdefault(known.data["leg"], []).append(known.data)
    parts = [_part(name, told) for name, told in events.items()]
    connection = next(
        (told["connection"] for known in events.values() for told in known if told.get("connection")), None
    )
    line = next((told["line"] for known in events.values() for told in known if _named_line(source, told)), None)
    return conversation.draft(source, call, parts, line or connection)


def _part(name: str, told: Sequence[Mapping[str, Any]]) -> Part:
    hangup = next((one for one in told if one["event"] == event.HANGUP), {})
    answered = _least(told, "at", event.ANSWERED)
    ended = _at(hangup.get("ended") or hangup.get("at"))
    machine = any(one.get("machine") for one in told)
    cause = str(hangup.get("cause", "")).lower()
    return Part(
        id=name,
        received=_first(told, "way") == "inbound",
        open=not hangup and any(one["event"] == event.ANSWERED for one in told),
        started=_least(told, "started") or _least(told, "at", event.INITIATED) or answered,
        answered=answered,
        ended=ended,
        disposition=statuses.disposition(cause, hangup.get("sip"), answered=answered is not None, machine=machine)
        if ended
        else None,
        ended_by=_SIDES.get(str(hangup.get("by", "")).lower()),
        q850=statuses.Q850.get(cause) if answered is None else None,
        sip=hangup.get("sip"),
        parties=conversation.gathered(told),
    )


def _named_line(source: Source, told: Mapping[str, Any]) -> bool:
    return source.config.fields.line is not None and "line" in told


def _first(told: Sequence[Mapping[str, Any]], name: str) -> Any:
    return next((one[name] for one in told if one.get(name)), None)


def _least(told: Sequence[Mapping[str, Any]], name: str, kind: str | None = None) -> datetime | None:
    found = [one[name] for one in told if one.get(name) and kind in (None, one["event"])]
    return min((datetime.fromisoformat(each) for each in found), default=None)


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
