"""All known CDRs and channel events of a call into its one fact. The order of the legs never matters."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from schemas import facts
from schemas.facts import CallEnded, Direction, Disposition, HangupBy
from services.ingest.providers import values
from services.ingest.providers.asterisk import statuses, talk, whole
from services.ingest.providers.asterisk.whole import Life
from services.ingest.providers.base import Draft, Leg, Source
from services.kit.errors import BadInput


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """None while only channels tell of the call, and it goes on. Raises: BadInput when there is no leg."""
    if not legs:
        raise BadInput(f"call {call} has no legs")
    told_by_channels = [leg for leg in legs if leg.data["kind"] != "cdr"]
    lives = whole.lives(told_by_channels)
    cdrs = [leg for leg in legs if leg.data["kind"] == "cdr"]
    if not cdrs and not whole.over(call, told_by_channels, lives):
        return None
    cdrs = cdrs or list(whole.records(call, lives))
    certain = [leg for leg in cdrs if not leg.data.get("guessed")] or cdrs
    ordered = sorted(cdrs, key=lambda leg: _place(call, leg))
    direction = _direction(ordered)
    spoken = talk.of(ordered, lives, direction)
    told = spoken.leg if spoken else _telling(ordered)
    dialled = _life_of(told, lives)
    started = min(_at(leg, "start") for leg in certain)
    last = max(_at(leg, "end") for leg in certain)
    answered = max(spoken.began, started) if spoken and spoken.began else None
    ended = max(spoken.ended if spoken and spoken.ended else last, answered or started)
    cause = (dialled.cause if dialled else None) or told.data.get("cause")
    trunk = _trunk([told, *ordered], direction)
    did = _first(ordered, "did") if direction != "internal" else None
    data = CallEnded(
        call_id=source.call_id(call),
        identity=_first([told, *ordered], "identity") or (spoken.agent if spoken else _rung(ordered, direction)),
        direction=direction,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        talk_s=values.seconds(spoken.seconds) if spoken else 0,
        ring_s=None if spoken and not answered else values.seconds(((answered or ended) - started).total_seconds()),
        disposition="answered" if spoken else _unanswered(ordered, told, cause),
        q850=cause,
        sip_status=(dialled.sip if dialled else None) or told.data.get("sip"),
        hangup_by=_hangup_by(lives, ordered, direction),
        line=source.line(_first([told, *ordered], "line") or trunk or (did if direction == "inbound" else None)),
        did=did,
        campaign=_first([told, *ordered], "campaign"),
        customer=_customer([told, *ordered], direction),
        recording_url=_first([told, *ordered], "recording"),
    )
    return Draft(facts.CALL, call, ended, data)


def _place(call: str, leg: Leg) -> tuple[Any, ...]:
    """By beginning; of one second, the record of the channel that names the call is the first."""
    return (leg.data["start"], leg.data["unique"] != call, leg.data.get("order") or 0, leg.leg)


def _direction(legs: Sequence[Leg]) -> Direction:
    """As configured; else of the first record whose channels tell (a Local channel tells least); else by what is left."""
    kinds = (
        [leg for leg in legs if leg.data.get("set")],
        [leg for leg in legs if leg.data.get("sure") and leg.data.get("a") != "local"],
        [leg for leg in legs if leg.data.get("sure")],
        legs,
    )
    for group in kinds:
        if word := _first(group, "direction"):
            return cast(Direction, word)
    return "outbound"


def _telling(legs: Sequence[Leg]) -> Leg:
    """Of an unanswered call: the last attempt to reach somebody, else the last record."""
    tried = [leg for leg in legs if leg.data.get("b") in ("trunk", "extension")]
    tried = tried or [leg for leg in legs if leg.data.get("b") or leg.data.get("b_agent")]
    return max(tried or legs, key=lambda leg: (leg.data["end"], leg.leg))


def _unanswered(legs: Sequence[Leg], told: Leg, cause: int | None) -> Disposition:
    if any(leg.data.get("voicemail") and leg.data["word"] == "answered" for leg in legs):
        return "voicemail"
    word = cast(Disposition, told.data["word"])
    return statuses.refined("no_answer" if word == "answered" else word, cause)


def _life_of(told: Leg, lives: Sequence[Life]) -> Life | None:
    """The channel whose cause tells: the one that was dialled, else the caller's own."""
    by_key = {life.told.get("a_key"): life for life in lives}
    by_name = {life.unique: life for life in lives}
    found = by_key.get(told.data["b_key"]) if "b_key" in told.data else None
    if found is not None and found.cause is not None:
        return found
    return by_name.get(told.data["unique"])


def _hangup_by(lives: Iterable[Life], legs: Sequence[Leg], direction: Direction) -> HangupBy | None:
    """CEL's ``hangupsource`` names the channel that ended the call."""
    ended = next((life.by for life in lives if life.by), None)
    if ended is None or direction == "internal":
        return None
    for leg in legs:
        for side in ("a", "b"):
            if leg.data.get(f"{side}_key") == ended and leg.data.get(side) in ("extension", "trunk"):
                return "agent" if leg.data[side] == "extension" else "customer"
    return None


def _rung(legs: Sequence[Leg], direction: Direction) -> str | None:
    """Whose unanswered call it is: the caller's; of an incoming one the agent's who rang, if only one did."""
    if direction != "inbound":
        return _first(legs, "a_agent") or _first(legs, "b_agent")
    rang = {leg.data["b_agent"] for leg in legs if leg.data.get("b_agent")}
    return cast(str, rang.pop()) if len(rang) == 1 else None


def _trunk(legs: Sequence[Leg], direction: Direction) -> str | None:
    if direction == "internal":
        return None
    sides = ("a_trunk", "b_trunk") if direction == "inbound" else ("b_trunk", "a_trunk")
    return _first(legs, sides[0]) or _first(legs, sides[1])


def _customer(legs: Sequence[Leg], direction: Direction) -> str | None:
    if direction == "internal":
        return None
    if direction == "inbound":
        return _first(legs, "from_customer")
    return _first(legs, "to_customer") or _first([leg for leg in legs if leg.data.get("a") == "trunk"], "from_customer")


def _first(legs: Sequence[Leg], name: str) -> str | None:
    return next((str(leg.data[name]) for leg in legs if leg.data.get(name)), None)


def _at(leg: Leg, name: str) -> datetime:
    return datetime.fromisoformat(leg.data[name])
