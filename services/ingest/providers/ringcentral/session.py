"""All known notifications of a session, and its call-log record, into its call. Sequence numbers give the order.

A session is over when every known party is Disconnected or Gone: one party's end may be a transfer. The **callees** are
the parties of direction Inbound. A callee's Answered is an answer; the caller's own Answered only says that a menu or a
rule took the call, and counts where no callee is shown (an extension's subscription, a call to outside).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas import facts
from schemas.facts import CallEnded, Direction, Disposition
from services.ingest.providers import values
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.ringcentral import record, statuses
from services.kit.errors import BadInput

States = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Party:
    """``states`` in order. ``ended`` None: still there."""

    id: str
    states: States

    @property
    def caller(self) -> bool:
        return bool(self.states[0]["caller"])

    @property
    def answered(self) -> datetime | None:
        return next((_at(state) for state in self.states if state["code"] in statuses.TALKING), None)

    @property
    def ended(self) -> datetime | None:
        return _at(self.states[-1]) if self.states[-1]["code"] in statuses.ENDED else None

    @property
    def talk(self) -> timedelta:
        return max(timedelta(), self.ended - self.answered) if self.ended and self.answered else timedelta()


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """Raises: BadInput when there is no leg."""
    if not legs:
        raise BadInput(f"call {call} has no legs")
    logged = next((known.data for known in legs if known.leg == record.LEG), None)
    parties = _parties([known.data for known in legs if known.leg != record.LEG])
    if parties and all(party.ended for party in parties):
        data = _session(source, call, parties, logged)
    elif logged:
        data = record.call(source, call, logged)
    else:
        return None
    return Draft(facts.CALL, call, data.ended_at, data)


def _parties(states: States) -> list[Party]:
    ordered = sorted(states, key=lambda state: (state["sequence"], state["at"], state["party"], state["code"]))
    found: dict[str, list[Mapping[str, Any]]] = {}
    for state in ordered:
        found.setdefault(state["party"], []).append(state)
    return [Party(name, known) for name, known in found.items()]


def _session(source: Source, call: str, parties: Sequence[Party], logged: Mapping[str, Any] | None) -> CallEnded:
    states = [state for party in parties for state in party.states]
    told = _talking(parties)
    direction = _direction(parties)
    ended = max(party.ended for party in parties if party.ended)
    began = [_at(state) for state in states] + [_at(state, "began") for state in states if "began" in state]
    answered = told.answered if told else None
    started = min(*began, ended)
    rang_from = min((_at(told.states[0]), answered)) if told and answered else started
    disposition, q850 = ("answered", None) if told else _unanswered(parties)
    return CallEnded(
        call_id=source.call_id(call),
        identity=_identity(parties, told, direction),
        direction=direction,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds(told.talk.total_seconds()) if told else 0,
        ring_s=values.seconds(((answered or ended) - rang_from).total_seconds()),
        disposition=disposition,
        q850=q850,
        line=source.line(_first(states, "line") or _our_number(states, direction)),
        did=values.digits(_our_number(states, direction)),
        campaign=_first(states, "campaign"),
        customer=_customer(states, direction),
        recording_url=str(logged["recording"]) if logged and "recording" in logged else None,
    )


def _talking(parties: Sequence[Party]) -> Party | None:
    """Who talked longest of those called; a caller's own answer only when no callee is known."""
    callees = [party for party in parties if not party.caller]
    spoke = [party for party in callees or parties if party.answered]
    return max(spoke, key=lambda party: (party.talk, party.id)) if spoke else None


def _direction(parties: Sequence[Party]) -> Direction:
    """By whose the two ends are; told by the callers' own states of where it comes from, by the callees' of where it goes."""
    if set_ := _first([state for party in parties for state in party.states], "set"):
        return set_  # type: ignore[return-value]
    callers, callees = ([party for party in parties if party.caller is side] for side in (True, False))
    from_ours = any(state["from_ours"] for party in callers or callees for state in party.states)
    to_ours = any(state["to_ours"] for party in callees or callers for state in party.states)
    if from_ours and to_ours:
        return "internal"
    if from_ours or to_ours:
        return "outbound" if from_ours else "inbound"
    return "inbound" if callees else "outbound"


def _unanswered(parties: Sequence[Party]) -> tuple[Disposition, int | None]:
    """By a voicemail's state, else by the last reason of a callee, else of anybody."""
    states = [state for party in parties for state in party.states]
    if any(state["code"] in statuses.VOICEMAIL for state in states):
        return "voicemail", None
    reasons = [state for state in states if "reason" in state and state["code"] in statuses.ENDED]
    last = max(reasons, key=lambda state: (not state["caller"], state["sequence"], state["at"]), default={})
    reason = str(last.get("reason", ""))
    return statuses.REASONS.get(reason, "no_answer"), statuses.Q850.get(reason)


def _identity(parties: Sequence[Party], told: Party | None, direction: Direction) -> str | None:
    """The extension called (of who talked, else who was tried last), or of the caller."""
    later_first = sorted(parties, key=lambda party: (party.states[0]["sequence"], party.id), reverse=True)
    order = [state for party in ([told] if told else []) + later_first for state in party.states]
    side = "to_id" if direction == "inbound" else "from_id"
    callees = [state for state in order if not state["caller"]] if direction == "inbound" else order
    return _first(order, "identity") or _first(callees, side) or _first(order, side)


def _our_number(states: States, direction: Direction) -> str | None:
    if direction == "internal":
        return None
    return _first(states, "to_line" if direction == "inbound" else "from_line")


def _customer(states: States, direction: Direction) -> str | None:
    if direction == "internal":
        return None
    return _first(states, "from_customer" if direction == "inbound" else "to_customer")


def _first(states: States, name: str) -> str | None:
    return next((str(state[name]) for state in states if state.get(name)), None)


def _at(state: Mapping[str, Any], name: str = "at") -> datetime:
    return datetime.fromisoformat(state[name])
