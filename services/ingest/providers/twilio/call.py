"""Status callbacks of legs into one call: the parent leg, and the child that ``<Dial>`` placed (``ParentCallSid``).

``Timestamp`` is the end; ``CallDuration`` (seconds) covers the answered leg, so its answer is end − CallDuration.
``Duration`` is minutes, rounded up, and never used. When a leg began to ring is not sent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from schemas import facts
from schemas.facts import CallEnded, Direction, Disposition
from services.ingest.providers import instants, values
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.twilio import statuses
from services.kit.errors import BadInput

_ACCOUNTS = ("client:", "sip:", "sips:")
_NOBODY = frozenset({"anonymous", "restricted", "unavailable", "unknown", "+266696687", "+7378742883", "+2562533"})
"""What Twilio puts for a withheld number (the digits spell ANONYMOUS, RESTRICTED, BLOCKED)."""
_WEEK_S = 7 * 86_400.0


def leg(parameters: Mapping[str, Any], source: Source, received_at: datetime) -> Leg:
    """One terminal callback. Raises: BadInput (missing_field)."""
    sid = values.text(parameters.get("CallSid"))
    if sid is None:
        raise BadInput("no CallSid", "missing_field")
    parent = values.text(parameters.get("ParentCallSid"))
    status = (values.text(parameters.get("CallStatus")) or "").lower()
    sip = values.integer(parameters.get("SipResponseCode"), largest=699)
    ended = instants.instant(parameters.get("Timestamp")) or received_at
    length = max(0.0, min(values.number(parameters.get("CallDuration")) or 0.0, _WEEK_S))
    by = values.text(parameters.get("AnsweredBy"))
    data = {
        "child": parent is not None,
        "disposition": statuses.disposition(status, sip, by),
        "ended": ended.isoformat(),
        "length_s": length,
        "sip": sip,
        "recording": values.text(parameters.get("RecordingUrl"), 500),
        **_parties(parameters, source, parent is not None),
    }
    return Leg(call=parent or sid, leg=sid, data={name: value for name, value in data.items() if value is not None})


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft:
    """The fact of all known legs. The child's talk is the agent's: the parent also holds IVR and queue.

    Raises: BadInput when there is no leg.
    """
    if not legs:
        raise BadInput(f"call {call} has no legs")
    ordered = sorted(legs, key=lambda known: (bool(known.data.get("child")), known.data["ended"], known.leg))
    direction = _direction(ordered)
    told = _telling(ordered)
    disposition = cast(Disposition, told.data["disposition"])
    ended = _ended(told)
    talk = timedelta(seconds=told.data["length_s"] if disposition in ("answered", "voicemail") else 0)
    first = min(_ended(known) - timedelta(seconds=known.data["length_s"]) for known in ordered)
    line = _first(ordered, "line")
    data = CallEnded(
        call_id=source.call_id(call),
        identity=_first([told, *ordered], "identity") or _first([told, *ordered], "account"),
        direction=direction,
        started_at=min(first, ended - talk),
        answered_at=ended - talk if talk else None,
        ended_at=ended,
        talk_s=values.seconds(talk.total_seconds()),
        disposition=disposition,
        sip_status=told.data.get("sip"),
        line=source.line(line),
        did=_first(ordered, "did"),
        campaign=_first(ordered, "campaign"),
        customer=None if direction == "internal" else _customer(ordered, direction),
        recording_url=_first([told, *ordered], "recording"),
    )
    return Draft(facts.CALL, call, ended, data)


def _parties(parameters: Mapping[str, Any], source: Source, child: bool) -> dict[str, Any]:
    """Who is who on this leg; numbers that may be a customer's only as hashes."""
    fields = source.config.fields
    caller, called = (_number(parameters, *names) for names in (("From", "Caller"), ("To", "Called")))
    way = (values.text(parameters.get("Direction")) or "").lower()
    placed = way.startswith("outbound")
    # a softphone's own leg names the customer it dials as ``To``; which number it shows is not sent
    ours = None if child or (not placed and _account(caller)) else (caller if placed else called)
    set_ = values.direction(fields.direction) or values.direction(_reach(parameters, fields.direction))
    return {
        "set": set_,
        "received": not placed,
        "from_account": _account(caller),
        "account": _account(called) or _account(caller),
        "to_account": _account(called) is not None,
        "from_customer": source.customer(_plain(caller)),
        "to_customer": source.customer(_plain(called)),
        "identity": _reach(parameters, fields.identity),
        "line": _reach(parameters, fields.line) or (_plain(ours) if ours else None),
        "did": values.digits(_plain(ours)) if ours else None,
        "campaign": _reach(parameters, fields.campaign),
    }


def _direction(legs: Sequence[Leg]) -> Direction:
    """A parent received from a number is inbound; from one of our softphones, outbound (internal when it calls another).

    A parent placed by the API is outbound. A child alone: to a softphone it is inbound (internal from a softphone).
    """
    configured = _first(legs, "set")
    if configured:
        return cast(Direction, configured)
    main = legs[0].data
    children = [known.data for known in legs if known.data.get("child")]
    from_ours, to_ours = bool(main.get("from_account")), bool(main.get("to_account"))
    if main.get("child"):
        return ("internal" if from_ours else "inbound") if to_ours else "outbound"
    if main.get("received"):
        if not from_ours:
            return "inbound"
        return "internal" if children and all(known.get("to_account") for known in children) else "outbound"
    return "outbound"


def _telling(legs: Sequence[Leg]) -> Leg:
    """The leg that tells how it went: an answered child, else the last child, else the parent."""
    children = [known for known in legs if known.data.get("child")]
    spoke = [known for known in children if known.data["disposition"] in ("answered", "voicemail")]
    if spoke:
        return max(spoke, key=lambda known: (known.data["length_s"], known.leg))
    return children[-1] if children else legs[0]


def _customer(legs: Sequence[Leg], direction: Direction) -> str | None:
    """The outside number: of an inbound call who called; else the number called from the leg that is not an agent's."""
    if direction == "inbound":
        return _first(legs, "from_customer")
    return _first([known for known in legs if not known.data.get("to_account")][::-1], "to_customer")


def _number(parameters: Mapping[str, Any], *names: str) -> str | None:
    return next((found for name in names if (found := values.text(parameters.get(name)))), None)


def _reach(parameters: Mapping[str, Any], path: str | None) -> str | None:
    return values.text(values.reach(parameters, path)) if path else None


def _account(address: str | None) -> str | None:
    """The name of a softphone (``client:ivan``) or SIP user of ours (``sip:ivan@…``); None for a number."""
    if address is None or not address.lower().startswith(_ACCOUNTS):
        return None
    return values.number_part(address)


def _plain(address: str | None) -> str | None:
    return None if address is None or address.lower() in _NOBODY or _account(address) else address


def _first(legs: Sequence[Leg], name: str) -> str | None:
    return next((str(known.data[name]) for known in legs if known.data.get(name)), None)


def _ended(known: Leg) -> datetime:
    return datetime.fromisoformat(known.data["ended"])
