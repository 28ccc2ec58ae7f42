"""A call log (CDRSchema of wazo-call-logd) into a call. Instants are ISO 8601 with offset; ``duration`` is the talk."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from schemas import facts
from schemas.facts import CallEnded, Direction
from services.ingest.providers import instants, values
from services.ingest.providers.base import Draft, Source
from services.ingest.providers.wazo import statuses
from services.kit.errors import BadInput

_DAY_S: Final = 86_400.0
_NOTHING: Final = frozenset({"none", "null", "undefined"})
"""What a template prints for an empty value."""
_EXTENSIONS: Final = {
    "source": ("source_internal_extension", "source_extension"),
    "destination": ("destination_internal_extension", "requested_internal_extension", "destination_extension"),
}
_USERS: Final = {
    "source": ("source_user_uuid",),
    "destination": ("destination_user_uuid", "destination_details.user_uuid", "requested_user_uuid"),
}


def draft(cdr: Mapping[str, Any], source: Source) -> Draft:
    """Raises: BadInput (missing_field, bad_value)."""
    name = _text(cdr, "id") or _text(cdr, "conversation_id")
    if name is None:
        raise BadInput("neither id nor conversation_id", "missing_field")
    direction = values.direction(_text(cdr, "call_direction"))
    if direction is None:
        raise BadInput(f"call_direction {_text(cdr, 'call_direction')!r}", "bad_value")
    ended = _instant(cdr, "end", source)
    if ended is None:
        raise BadInput("no end", "missing_field")
    answered = _answered(cdr, ended, source)
    disposition = statuses.disposition(_text(cdr, "call_status"), answered is not None)
    if disposition != "answered":
        answered = None
    begun = answered or ended
    started = min(_instant(cdr, "start", source) or begun, begun)
    ours = _ours(cdr, direction)
    data = CallEnded(
        call_id=source.call_id(name),
        identity=_identity(cdr, direction, source),
        direction=direction,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds((ended - begun).total_seconds()),
        ring_s=values.seconds((begun - started).total_seconds()),
        disposition=disposition,
        line=source.line(_reach(cdr, source.config.fields.line) or ours),
        did=ours,
        campaign=_reach(cdr, source.config.fields.campaign),
        customer=_customer(cdr, direction, source),
    )
    return Draft(facts.CALL, name, ended, data)


def _answered(cdr: Mapping[str, Any], ended: datetime, source: Source) -> datetime | None:
    """``answer``; where a template leaves it out, ``duration`` (from answer to end); answered without either is 0 s."""
    said = str(cdr.get("answered"))[:10].strip().lower()
    if said in ("false", "0"):
        return None
    found = _instant(cdr, "answer", source)
    if found is not None:
        return min(found, ended)
    duration = values.number(cdr.get("duration"))
    if duration is not None:
        return ended - timedelta(seconds=min(max(duration, 0.0), _DAY_S))
    return ended if said in ("true", "1") else None


def _identity(cdr: Mapping[str, Any], direction: Direction, source: Source) -> str | None:
    """``fields.identity``; else the extension of the agent's side, or the user's UUID by ``options.identity``."""
    if named := _reach(cdr, source.config.fields.identity):
        return named
    side = "destination" if direction == "inbound" else "source"
    if source.config.options.get("identity") == "user_uuid":
        return _first(cdr, *_USERS[side])
    return _first(cdr, *_EXTENSIONS[side])


def _ours(cdr: Mapping[str, Any], direction: Direction) -> str | None:
    """Our number: what an outside caller dialled. Which number or trunk an outgoing call showed is not logged."""
    dialled = _text(cdr, "requested_extension") if direction == "inbound" else None
    return None if values.is_extension(dialled) else values.digits(dialled)


def _customer(cdr: Mapping[str, Any], direction: Direction, source: Source) -> str | None:
    if direction == "internal":
        return None
    number = _text(cdr, "source_extension") if direction == "inbound" else None
    if direction == "outbound":
        number = _first(cdr, "destination_extension", "requested_extension")
    return source.customer(values.digits(number))


def _instant(cdr: Mapping[str, Any], name: str, source: Source) -> datetime | None:
    return instants.instant(_text(cdr, name), source.timezone)


def _first(cdr: Mapping[str, Any], *names: str) -> str | None:
    return next((found for name in names if (found := _reach(cdr, name))), None)


def _reach(cdr: Mapping[str, Any], path: str | None) -> str | None:
    found = values.text(values.reach(cdr, path)) if path else None
    return None if found is None or found.lower() in _NOTHING else found


def _text(cdr: Mapping[str, Any], name: str) -> str | None:
    return _reach(cdr, name)
