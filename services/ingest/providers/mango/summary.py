"""``/events/summary``: one per call, at its end. Times are Unix seconds; ``talk_time`` is the moment talk began."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from schemas import facts
from schemas.facts import CallEnded, Direction
from services.ingest.providers import instants, values
from services.ingest.providers.base import Draft, Source
from services.ingest.providers.mango import statuses
from services.kit.errors import BadInput

_DIRECTIONS: Final[dict[int, Direction]] = {0: "internal", 1: "inbound", 2: "outbound"}


def draft(event: Mapping[str, Any], source: Source) -> Draft:
    """Raises: BadInput (missing_field, bad_value)."""
    entry = values.text(event.get("entry_id"))
    if entry is None:
        raise BadInput("summary without entry_id", "missing_field")
    ended = instants.from_epoch(event.get("end_time"))
    if ended is None:
        raise BadInput("summary without end_time", "missing_field")
    caller, called = values.mapping(event.get("from")), values.mapping(event.get("to"))
    direction = _direction(event, caller, called)
    talk = instants.from_epoch(event.get("talk_time"))
    reason = values.integer(event.get("disconnect_reason"))
    answered = _answered(event, talk)
    began = min(talk, ended) if answered and talk else None
    started = _started(event, talk, ended)
    line = values.text(event.get("line_number"))
    agent, customer = (called, caller) if direction == "inbound" else (caller, called)
    data = CallEnded(
        call_id=source.call_id(entry),
        identity=values.text(agent.get("extension")) or values.text(agent.get("number")),
        direction=direction,
        started_at=started,
        answered_at=began,
        ended_at=max(ended, started),
        talk_s=values.seconds((ended - began).total_seconds()) if began else 0,
        ring_s=values.seconds(((began or ended) - started).total_seconds()),
        disposition="answered" if answered else statuses.disposition(direction, reason),
        q850=None if answered or direction == "inbound" else statuses.Q850.get(reason or 0),
        hangup_by=statuses.hangup_by(direction, reason),
        line=source.line(line),
        did=values.digits(line),
        customer=None if direction == "internal" else _customer(customer, source),
    )
    return Draft(facts.CALL, entry, data.ended_at, data)


def _direction(event: Mapping[str, Any], caller: Mapping[str, Any], called: Mapping[str, Any]) -> Direction:
    word = event.get("call_direction")
    code = values.integer(word)
    if code is None:
        named = values.direction(word)
        if named is not None:
            return named
        # not sent: an outside caller has no extension
        if not values.text(caller.get("extension")):
            return "inbound"
        return "internal" if values.text(called.get("extension")) else "outbound"
    if code not in _DIRECTIONS:
        raise BadInput(f"call_direction {code} is none of 0, 1, 2", "bad_value")
    return _DIRECTIONS[code]


def _answered(event: Mapping[str, Any], talk: datetime | None) -> bool:
    result = values.integer(event.get("entry_result"))
    return talk is not None if result is None else result == 1


def _started(event: Mapping[str, Any], talk: datetime | None, ended: datetime) -> datetime:
    named = (instants.from_epoch(event.get(name)) for name in ("create_time", "forward_time"))
    started = next((found for found in named if found), None) or talk or ended
    return min(started, talk or ended)


def _customer(party: Mapping[str, Any], source: Source) -> str | None:
    return source.customer(values.number_part(values.text(party.get("number"))))
