"""All known legs of a call into its one fact. The order of the legs never matters."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from schemas import facts
from schemas.facts import CallEnded, Direction, Disposition, HangupBy
from services.ingest.providers import values
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.freeswitch import statuses
from services.kit.errors import BadInput

SAME_ANSWER_S = 1.0
"""Answers of two legs this close are one answer: then the a-leg's times are the call's."""


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft:
    """Raises: BadInput when there is no leg."""
    if not legs:
        raise BadInput(f"call {call} has no legs")
    ordered = sorted(legs, key=lambda leg: (bool(leg.data.get("placed")), leg.data["started"], leg.leg))
    direction = _direction(ordered)
    talk = _talking(ordered)
    told = talk or _telling(ordered)
    main = next((leg for leg in ordered if not leg.data.get("placed")), ordered[0])
    started = min(_at(leg, "started") for leg in ordered)
    answered = _at(talk, "answered") if talk else None
    ended = max(_at(talk or main, "ended"), answered or started)
    line = _first(ordered, "line") or _way(ordered, direction)
    data = CallEnded(
        call_id=source.call_id(call),
        identity=_identity(ordered, talk, direction),
        direction=direction,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds((ended - answered).total_seconds()) if answered else 0,
        ring_s=values.seconds(((answered or ended) - started).total_seconds()),
        disposition=_disposition(talk, told),
        q850=told.data.get("q850"),
        sip_status=told.data.get("sip"),
        hangup_by=_hangup_by(told, direction),
        line=source.line(line),
        did=_first(ordered, "did"),
        campaign=_first(ordered, "campaign"),
        customer=_customer(ordered, direction),
        recording_url=_first(ordered, "recording"),
    )
    return Draft(facts.CALL, call, ended, data)


def _direction(legs: Sequence[Leg]) -> Direction:
    """Received from outside → inbound, also when forwarded outside again; else outbound if any leg leaves."""
    configured = next((leg for leg in legs if leg.data.get("direction_is_set")), None)
    if configured:
        return cast(Direction, configured.data["direction"])
    received = {leg.data["direction"] for leg in legs if not leg.data.get("placed")}
    words = {leg.data["direction"] for leg in legs}
    for found in ("inbound" if "inbound" in received else None, "outbound", "inbound"):
        if found in words:
            return cast(Direction, found)
    return "internal"


def _talking(legs: Sequence[Leg]) -> Leg | None:
    """The leg whose answer began the conversation.

    With b-legs: the answered one that lasted longest (an a-leg answered by an IVR or a queue does not talk yet), or
    the a-leg when it was answered with it. When all b-legs stayed unanswered, nobody talked — unless the a-leg was
    bridged to a leg whose CDR is not here. Without b-legs: the a-leg.
    """
    received = next((leg for leg in legs if not leg.data.get("placed") and leg.data.get("answered")), None)
    placed = [leg for leg in legs if leg.data.get("placed")]
    spoke = [leg for leg in placed if leg.data.get("answered")]
    if not spoke:
        return received if not placed or (received and received.data.get("bridged")) else None
    longest = max(spoke, key=lambda leg: (_at(leg, "ended") - _at(leg, "answered"), leg.leg))
    if received and abs((_at(received, "answered") - _at(longest, "answered")).total_seconds()) <= SAME_ANSWER_S:
        return received
    return longest


def _telling(legs: Sequence[Leg]) -> Leg:
    """Of an unanswered call, the leg whose cause tells why: a caller's own cancel, else the last attempt's."""
    for leg in legs:
        if not leg.data.get("placed") and leg.data.get("cause") == "ORIGINATOR_CANCEL":
            return leg
    tried = [leg for leg in legs if leg.data.get("placed") and leg.data.get("cause") not in ("LOSE_RACE", "PICKED_OFF")]
    return max(tried, key=lambda leg: (leg.data["ended"], leg.leg)) if tried else legs[0]


def _disposition(talk: Leg | None, told: Leg) -> Disposition:
    if talk is None:
        return statuses.disposition(
            str(told.data.get("cause", "")), told.data.get("sip"), "cancel" in str(told.data.get("bye", ""))
        )
    return "voicemail" if talk.data.get("app") == "voicemail" and not talk.data.get("bridged") else "answered"


def _hangup_by(leg: Leg, direction: Direction) -> HangupBy | None:
    """``recv_*``: the party of this leg ended it; ``send_*``: the other party did (or the switch, by its cause)."""
    cause, bye = leg.data.get("cause", ""), str(leg.data.get("bye", ""))
    if cause in statuses.SYSTEM:
        return "system"
    way, _, what = bye.partition("_")
    if way not in ("recv", "send") or what not in ("bye", "cancel", "refuse"):
        return None
    agent_side = bool(leg.data.get("placed")) == (direction == "inbound")
    return "agent" if agent_side == (way == "recv") else "customer"


def _identity(legs: Sequence[Leg], talk: Leg | None, direction: Direction) -> str | None:
    order = [talk, *legs] if talk else list(legs)
    """By the floor file's field; else of the agent's side; else whoever of ours a leg names at all (a dialler's calls)."""
    side = "called" if direction == "inbound" else "caller"
    placed_first = sorted(order, key=lambda leg: bool(leg.data.get("placed")) != (direction == "inbound"))
    return _first(order, "identity") or _first(placed_first, side) or _first(order, "named")


def _way(legs: Sequence[Leg], direction: Direction) -> str | None:
    """Gateway, else SIP profile, of the leg on the trunk's side; an internal call has no trunk."""
    if direction == "internal":
        return None
    trunk_side = sorted(legs, key=lambda leg: bool(leg.data.get("placed")) == (direction == "inbound"))
    return _first(trunk_side, "gateway") or _first(trunk_side, "profile")


def _customer(legs: Sequence[Leg], direction: Direction) -> str | None:
    return _first([leg for leg in legs if leg.data.get("direction") == direction], "customer")


def _first(legs: Sequence[Leg], name: str) -> str | None:
    return next((str(leg.data[name]) for leg in legs if leg.data.get(name)), None)


def _at(leg: Leg, name: str) -> datetime:
    return datetime.fromisoformat(leg.data[name])
