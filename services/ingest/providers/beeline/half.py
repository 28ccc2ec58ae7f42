"""One event of one half of a call (``callhalf-…``: each party has its own) into a leg."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.ingest.providers import instants, values
from services.ingest.providers.base import Leg, Source
from services.ingest.providers.beeline import statuses
from services.ingest.providers.beeline.document import text
from services.kit.errors import BadInput


def calls(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The calls of an eventData: ``call``, several, ``calls/call``, or the fields themselves (simplified senders)."""
    inner = data.get("call") or values.mapping(data.get("calls")).get("call")
    members = inner if isinstance(inner, list) else [inner] if inner else [data]
    yield from (member for member in members if isinstance(member, Mapping))


def leg(kind: str, event: Mapping[str, Any], call: Mapping[str, Any], source: Source, received_at: datetime) -> Leg:
    """What this event tells of its half; of an answer or an end without its own instant also when it was received.

    Raises: BadInput (missing_field).
    """
    half = text(call.get("callId"), 120)
    if half is None:
        raise BadInput(f"{kind} without callId", "missing_field")
    remote = values.mapping(call.get("remoteParty"))
    internal = (text(remote.get("callType")) or "").lower() == "group"
    released = kind == statuses.RELEASED
    answered = _instant(call, "answerTime", source)
    ended = _instant(call, "releaseTime", source) if released else None
    undated = (released and ended is None) or (kind == statuses.ANSWERED and answered is None)
    data = {
        "half": half,
        "side": _side(kind, call),
        "identity": _identity(event, call, source),
        "line": _field(source.config.fields.line, event, call),
        "internal": internal or None,
        "customer": None if internal else source.customer(values.digits(text(remote.get("address")))),
        "started": _text(_instant(call, "startTime", source)),
        "answered": _text(answered),
        "released": released or None,
        "ended": _text(ended),
        "seen": _text(received_at) if undated else None,
        "party": _word(call.get("releasingParty")),
        "cause": _word(values.mapping(call.get("releaseCause")).get("internalReleaseCause")),
    }
    whole = text(call.get("networkCallId")) or text(call.get("extTrackingId")) or half
    return Leg(whole, f"{half}/{kind}", {name: value for name, value in data.items() if value is not None})


def _side(kind: str, call: Mapping[str, Any]) -> str | None:
    named = statuses.SIDES.get(_word(call.get("personality")) or "")
    if named is not None:
        return named
    if kind.startswith("CallOriginat"):
        return "outbound"
    return "inbound" if kind == "CallReceivedEvent" else None


def _identity(event: Mapping[str, Any], call: Mapping[str, Any], source: Source) -> str | None:
    """``fields.identity``; else the subscribed user; else what simplified senders give: the extension, the endpoint."""
    endpoint = values.mapping(call.get("endpoint"))
    address = text(endpoint.get("addressOfRecord")) or values.number_part(text(endpoint.get("address")))
    found = _field(source.config.fields.identity, event, call) or text(event.get("targetId"))
    found = found or text(call.get("extension")) or address
    return values.number_part(found) if source.config.options.get("strip_domain") is True else found


def _field(path: str | None, event: Mapping[str, Any], call: Mapping[str, Any]) -> str | None:
    return (text(values.reach(call, path)) or text(values.reach(event, path))) if path else None


def _instant(call: Mapping[str, Any], name: str, source: Source) -> datetime | None:
    return instants.instant(text(call.get(name)), source.timezone)


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _word(node: object) -> str | None:
    found = text(node, 40)
    return found.lower() if found else None
