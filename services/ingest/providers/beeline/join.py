"""The events of all halves of a call into its one fact.

Each half is first put together from its own events; the end of any half makes the fact, and the other halves' events
correct it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from schemas import facts
from schemas.facts import CallEnded, Direction
from services.ingest.providers import values
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.beeline import statuses

LONGEST: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Half:
    """What is known of one party's half. ``answered`` lies between start and end."""

    side: str | None
    identity: str | None
    line: str | None
    internal: bool
    customer: str | None
    started: datetime | None
    answered: datetime | None
    ended: datetime | None
    party: str | None
    cause: str | None

    @property
    def talk_s(self) -> float:
        return (self.ended - self.answered).total_seconds() if self.ended and self.answered else 0.0


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """None until a half has ended."""
    ordered = sorted(legs, key=lambda known: (known.data["half"], known.leg))
    halves = [_half(list(group)) for _, group in groupby(ordered, key=lambda known: known.data["half"])]
    direction = _direction(halves)
    told = _telling(halves, direction)
    if told is None or told.ended is None:
        return None
    ours = [told, *(half for half in halves if half.side == told.side)]
    answered = told.answered
    begun = answered or told.ended
    started = min([half.started for half in halves if half.started] + [begun])
    cause = told.cause if direction == "outbound" and answered is None else None
    data = CallEnded(
        call_id=source.call_id(call),
        identity=_first([half.identity for half in ours]),
        direction=direction,
        started_at=started,
        answered_at=answered,
        ended_at=told.ended,
        talk_s=values.seconds(told.talk_s),
        ring_s=values.seconds((begun - started).total_seconds()),
        disposition="answered" if answered else statuses.disposition(direction, told.party, told.cause),
        q850=statuses.Q850.get(cause or ""),
        hangup_by=statuses.hangup_by(told.party),
        line=source.line(_first([half.line for half in ours])),
        customer=None if direction == "internal" else _first([half.customer for half in ours]),
    )
    return Draft(facts.CALL, call, told.ended, data)


def _half(legs: Sequence[Leg]) -> Half:
    """*legs* are the events of one half. The end's own word of the answer counts before what other events said."""
    ends = [known for known in legs if known.data.get("released")]
    answers = [known for known in legs if not known.data.get("released")]
    started = _at(legs, "started")
    ended = _at(ends, "ended") or _plausible(_at(ends, "seen"), started)
    answered = _at(ends, "answered") or _at(answers, "answered") or _plausible(_at(answers, "seen"), started)
    last_first = [*ends, *answers]
    return Half(
        side=_named(last_first, "side"),
        identity=_named(last_first, "identity"),
        line=_named(last_first, "line"),
        internal=any(known.data.get("internal") for known in legs),
        customer=_named(last_first, "customer"),
        started=started,
        answered=min(answered, ended) if answered and ended else answered,
        ended=ended,
        party=_named(last_first, "party"),
        cause=_named(last_first, "cause"),
    )


def _plausible(seen: datetime | None, started: datetime | None) -> datetime | None:
    """When an undated event was received, unless it came too late (or too early) to say anything: then the start."""
    if seen is None or started is None:
        return seen
    return seen if timedelta(0) <= seen - started <= LONGEST else started


def _direction(halves: Sequence[Half]) -> Direction:
    """Internal when every half says Group, or one of our users called another; else inbound as soon as one receives.

    A user who forwards has a half on either side: that call is no internal one.
    """
    outside = [half for half in halves if not half.internal]
    callers = {half.identity for half in halves if half.side == "outbound" and half.identity}
    called = {half.identity for half in halves if half.side == "inbound" and half.identity}
    if not outside or (callers and called and callers.isdisjoint(called)):
        return "internal"
    return "inbound" if any(half.side == "inbound" for half in outside) else "outbound"


def _telling(halves: Sequence[Half], direction: Direction) -> Half | None:
    """Of the ended halves on the agent's side (of an internal call the caller's), who talked longest or ended last."""
    side = "inbound" if direction == "inbound" else "outbound"
    ended = [half for half in halves if half.ended is not None]
    ours = [half for half in ended if half.side == side] or ended
    spoke = [half for half in ours if half.answered is not None]
    if spoke:
        return max(spoke, key=lambda half: (half.talk_s, half.identity or ""))
    return max(ours, key=lambda half: (half.ended.isoformat() if half.ended else "", half.identity or ""), default=None)


def _at(legs: Sequence[Leg], name: str) -> datetime | None:
    return min((datetime.fromisoformat(known.data[name]) for known in legs if known.data.get(name)), default=None)


def _named(legs: Sequence[Leg], name: str) -> str | None:
    return _first([known.data.get(name) for known in legs])


def _first(found: Sequence[str | None]) -> str | None:
    return next((value for value in found if value), None)
