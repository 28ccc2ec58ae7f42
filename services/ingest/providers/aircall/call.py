"""``call.hungup`` (at once) and ``call.ended`` (some 30 s later, with recording or voicemail) into one call.

Talk is from ``answered_at`` to ``ended_at``. ``duration`` is ring and talk together: read only where the end is missing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from schemas import facts
from schemas.facts import CallEnded, Direction
from services.ingest.providers import instants, values
from services.ingest.providers.aircall import statuses
from services.ingest.providers.base import Draft, Leg, Source
from services.kit.errors import BadInput

_WEEK_S: Final = 7 * 86_400
_PARTIES = ("identity", "line", "did", "customer", "campaign")


def leg(kind: str, message: Mapping[str, Any], source: Source) -> Leg:
    """Raises: BadInput (missing_field, bad_value)."""
    call = values.mapping(message.get("data"))
    name = values.text(call.get("id"))
    if name is None:
        raise BadInput(f"{kind} without data.id", "missing_field")
    direction = values.direction(call.get("direction"))
    if direction is None:
        raise BadInput(f"direction {values.text(call.get('direction'), 40)!r}", "bad_value")
    answered = instants.from_epoch(call.get("answered_at"))
    started = instants.from_epoch(call.get("started_at"))
    ended = instants.from_epoch(call.get("ended_at")) or _reckoned(started, call.get("duration"))
    ended = ended or instants.from_epoch(message.get("timestamp"))
    if ended is None:
        raise BadInput(f"{kind} without ended_at", "missing_field")
    reason = values.text(call.get("missed_call_reason"))
    data = {
        "direction": direction,
        "started": started.isoformat() if started else None,
        "answered": answered.isoformat() if answered else None,
        "ended": ended.isoformat(),
        "unanswered": statuses.disposition(reason, bool(values.text(call.get("voicemail")))),
        "recording": values.text(call.get("asset"), 500),
        **_parties(call, source),
    }
    return Leg(name, kind, {key: value for key, value in data.items() if value is not None})


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft:
    """The final event's word counts, whichever came first; the provisional one names parties the final one lacks.

    Raises: BadInput when there is no leg.
    """
    if not legs:
        raise BadInput(f"call {call} has no legs")
    told = min(legs, key=lambda known: (known.leg != statuses.FINAL, known.leg)).data
    parties = {name: next((known.data[name] for known in legs if name in known.data), None) for name in _PARTIES}
    parties |= {name: told[name] for name in _PARTIES if name in told}
    ended = datetime.fromisoformat(told["ended"])
    answered = min(datetime.fromisoformat(told["answered"]), ended) if "answered" in told else None
    begun = answered or ended
    started = min(datetime.fromisoformat(told["started"]), begun) if "started" in told else begun
    direction = cast(Direction, told["direction"])
    data = CallEnded(
        call_id=source.call_id(call),
        identity=parties["identity"],
        direction=direction,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds((ended - begun).total_seconds()),
        ring_s=values.seconds((begun - started).total_seconds()),
        disposition="answered" if answered else told["unanswered"],
        line=source.line(parties["line"]),
        did=parties["did"],
        campaign=parties["campaign"],
        customer=None if direction == "internal" else parties["customer"],
        recording_url=told.get("recording"),
    )
    return Draft(facts.CALL, call, ended, data)


def _reckoned(started: datetime | None, duration: object) -> datetime | None:
    """The end where it is not told: ``call.ended`` itself comes half a minute after it."""
    length = values.number(duration)
    if started is None or length is None or not 0 < length <= _WEEK_S:
        return None
    return started + timedelta(seconds=length)


def _parties(call: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """``raw_digits`` and our number are display forms, with spaces; a withheld number is a word."""
    fields, number = source.config.fields, values.mapping(call.get("number"))
    ours = values.text(number.get("digits"))
    did = values.digits(ours)
    plus = "+" if did and (ours or "").startswith("+") else ""
    return {
        "identity": _reach(call, fields.identity or "user.id"),
        "line": _reach(call, fields.line) or (f"{plus}{did}" if did else values.text(number.get("id"))),
        "did": did,
        "customer": source.customer(values.digits(values.text(call.get("raw_digits")))),
        "campaign": _reach(call, fields.campaign),
    }


def _reach(call: Mapping[str, Any], path: str | None) -> str | None:
    return values.text(values.reach(call, path)) if path else None
