"""How long an agent really talked: of all records of a call those of one agent, without menus, queues and ringing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.facts import Direction
from services.ingest.providers.asterisk.whole import Life, Talk
from services.ingest.providers.base import Leg


@dataclass(frozen=True, slots=True)
class Spoken:
    """``began`` and ``ended`` are None when only the fact of an answer is known."""

    leg: Leg
    agent: str | None
    began: datetime | None
    ended: datetime | None
    seconds: float


def of(legs: Sequence[Leg], lives: Sequence[Life], direction: Direction) -> Spoken | None:
    """The longest talk that one agent had; None when nobody spoke."""
    by_agent: dict[str | None, list[Leg]] = {}
    for leg in legs:
        if leg.data.get("spoke"):
            by_agent.setdefault(agent(leg, direction), []).append(leg)
    if len(by_agent) > 1:
        by_agent.pop(None, None)
    told = [_spoken(name, spoke, lives) for name, spoke in by_agent.items()]
    return max(told, key=lambda one: (one.seconds, one.agent or ""), default=None)


def agent(leg: Leg, direction: Direction) -> str | None:
    sides = ("b_agent", "a_agent") if direction == "inbound" else ("a_agent", "b_agent")
    return leg.data.get(sides[0]) or leg.data.get(sides[1])


def _spoken(name: str | None, legs: Sequence[Leg], lives: Sequence[Life]) -> Spoken:
    # A caller's record with a Local channel holds the waiting; the agent's own channel stands in another record.
    own = [leg for leg in legs if "extension" in (leg.data.get("a"), leg.data.get("b"))] or legs
    spans = _merged(_bridged(own, lives) or [span for leg in own if (span := _span(leg))])
    seconds = sum((end - start).total_seconds() for start, end in spans)
    longest = max(own, key=lambda leg: (_length(leg), leg.leg))
    return Spoken(longest, name, spans[0][0] if spans else None, spans[-1][1] if spans else None, seconds)


def _bridged(legs: Iterable[Leg], lives: Sequence[Life]) -> list[Talk]:
    """When the agent's channel was in a bridge, if that was told."""
    keys = {leg.data.get(f"{side}_key") for leg in legs for side in ("a", "b") if leg.data.get(side) == "extension"}
    found = [life for life in lives if life.told.get("a_key") in keys] if keys else []
    if not found:
        dialled = {leg.data.get("b_key") for leg in legs}
        found = [life for life in lives if life.told.get("a_key") in dialled and life.bridged]
    return [span for life in found for span in life.bridged]


def _span(leg: Leg) -> Talk | None:
    end = datetime.fromisoformat(leg.data["end"])
    if "talk_s" in leg.data:
        return end - timedelta(seconds=leg.data["talk_s"]), end
    return (datetime.fromisoformat(leg.data["answer"]), end) if "answer" in leg.data else None


def _length(leg: Leg) -> float:
    span = _span(leg)
    return (span[1] - span[0]).total_seconds() if span else 0.0


def _merged(spans: Iterable[Talk]) -> list[Talk]:
    """In order, without overlaps."""
    merged: list[Talk] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
