"""``cmd=history`` into legs of a call, and the call out of them; a call passed on has a history under each of its ids.

``start`` is UTC. ``duration`` is the whole call ("общая длительность" in public integrations), ``wait`` the ringing in
it: talk = duration - wait. No source settles that: ``options.duration: talk`` reads it as talk alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from schemas import facts
from schemas.facts import CallEnded, Direction, Disposition
from services.ingest.providers import instants, spans, values
from services.ingest.providers.base import HAS_PART, PART_OF, Draft, Leg, Source
from services.ingest.providers.megafon import statuses
from services.kit.errors import BadInput

_HISTORY: Final = "history"
_LENGTHS: Final = ("whole", "talk")


def history(fields: Mapping[str, Any], source: Source) -> Leg:
    """Raises: BadInput (missing_field, bad_value)."""
    call = _call(fields, "callid")
    started = _start(fields.get("start"), source.timezone)
    status = values.text(fields.get("status"))
    direction = _direction(fields)
    wait, length = (spans.seconds(fields.get(name), name) for name in ("wait", "duration"))
    if _length_is_talk(source):
        length += wait
    line = values.text(fields.get("diversion"))
    data = {
        "started": started.isoformat(),
        "wait_s": min(wait, length),
        "length_s": length,
        "disposition": statuses.disposition(status),
        "q850": statuses.q850(status),
        "direction": direction,
        "identity": _identity(fields, source.config.fields.identity),
        "line": values.digits(line) or line,
        "customer": None if direction == "internal" else source.customer(_phone(fields)),
        "recording": values.text(fields.get("link"), 500),
    }
    return Leg(call, _HISTORY, {name: value for name, value in data.items() if value is not None})


def transferred(fields: Mapping[str, Any]) -> tuple[Leg, ...]:
    """The two ids are one call: the talk that follows is told under the second one. () when no second one is named.

    Raises: BadInput (missing_field).
    """
    first, second = _call(fields, "callid"), values.text(fields.get("second_callid"))
    if second is None or second == first:
        return ()
    return Leg(first, f"to {second}"[:200], {HAS_PART: second}), Leg(second, f"of {first}"[:200], {PART_OF: first})


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """None until a history is known. Who talked last is the agent; talk is the time in which anybody talked."""
    told = sorted((leg.data for leg in legs if leg.leg == _HISTORY), key=lambda data: (data["started"], _end(data)))
    if not told:
        return None
    talks = [data for data in told if data["disposition"] == "answered"]
    main = max(talks, key=_end) if talks else told[-1]
    outside = next((data for data in told if data["direction"] != "internal"), told[0])
    ended = max(_end(data) for data in told)
    began = min((_answer(data) for data in talks), default=None)
    started = min(_begin(data) for data in told)
    line = outside.get("line") or _first(told, "line")
    data = CallEnded(
        call_id=source.call_id(call),
        identity=main.get("identity"),
        direction=cast(Direction, outside["direction"]),
        started_at=started,
        answered_at=began,
        ended_at=ended,
        talk_s=values.seconds(_together(talks).total_seconds()),
        ring_s=values.seconds(((began or ended) - started).total_seconds()),
        disposition=cast(Disposition, main["disposition"]),
        q850=main.get("q850"),
        line=source.line(line),
        did=values.digits(line),
        customer=outside.get("customer"),
        recording_url=main.get("recording") or _first(told, "recording"),
    )
    return Draft(facts.CALL, call, ended, data)


def _together(talks: Sequence[Mapping[str, Any]]) -> timedelta:
    """The length of what the talks cover; a minute that two of them claim counts once."""
    total, until = timedelta(0), None
    for begin, end in sorted((_answer(data), _end(data)) for data in talks):
        begin = max(begin, until) if until else begin
        total += max(timedelta(0), end - begin)
        until = max(until, end) if until else end
    return total


def _begin(data: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(data["started"])


def _answer(data: Mapping[str, Any]) -> datetime:
    return _begin(data) + timedelta(seconds=data["wait_s"])


def _end(data: Mapping[str, Any]) -> datetime:
    return _begin(data) + timedelta(seconds=data["length_s"])


def _call(fields: Mapping[str, Any], name: str) -> str:
    found = values.text(fields.get(name))
    if found is None:
        raise BadInput(f"no {name}", "missing_field")
    return found


def _start(value: object, zone: str) -> datetime:
    """``YYYYmmddTHHMMSSZ``; with or without its Z it is UTC. Relatives of the platform write local ISO 8601."""
    text = values.text(value) or ""
    found = instants.from_iso(text, "UTC" if "-" not in text else zone)
    if found is None:
        raise BadInput(f"start is no instant: {text[:40]!r}", "bad_value" if text else "missing_field")
    return found


def _direction(fields: Mapping[str, Any]) -> Direction:
    """``type`` in or out; with an extension on the other side it is internal."""
    if values.is_extension(_phone(fields)):
        return "internal"
    word = values.text(fields.get("type")) or values.text(fields.get("direction"))
    found = values.direction(word)
    if found is None:
        raise BadInput(f"type is neither in nor out: {(word or '')[:40]!r}", "bad_value" if word else "missing_field")
    return found


def _phone(fields: Mapping[str, Any]) -> str | None:
    return values.number_part(values.text(fields.get("phone")))


def _identity(fields: Mapping[str, Any], chosen: str | None) -> str | None:
    names = (chosen,) if chosen else ("user", "ext", "telnum")
    return next((found for name in names if (found := values.text(fields.get(name)))), None)


def _length_is_talk(source: Source) -> bool:
    said = source.config.options.get("duration", "whole")
    if said not in _LENGTHS:
        raise BadInput(f"the floor file's options.duration is none of {', '.join(_LENGTHS)}", "bad_value")
    return bool(said == "talk")


def _first(told: Sequence[Mapping[str, Any]], name: str) -> str | None:
    return next((str(data[name]) for data in told if data.get(name)), None)
