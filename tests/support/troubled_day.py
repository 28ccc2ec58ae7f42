"""A day that has everything a close has to tell apart: a dead trunk, a workplace without sound, states that come late and take
the ground of a task, a team whose pace falls; simulated, then troubled by hand."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import msgspec

from schemas.facts import STATE, AgentState, CallEnded, Fact, StateName
from schemas.floor import Floor
from schemas.rows import derived_id
from services.lab.simulate import FloorDay, scenario_named, simulate
from services.lab.simulate.scenario import Cast

LAGGING = {(0, 2): Cast(0.3, "calls"), (0, 5): Cast(0.3, "calls")}
STOOD = (time(11, 20), time(12, 20))
"""When the two lagging ones could not work, and when that was heard of: before and after their second failure."""
HEARD = {"timur": time(13, 40), "sofia": time(16, 40)}
IDLE = ("ruslan", time(9, 30), time(12, 40), time(14, 20))
"""Who did nothing for a morning and got a task for it at one, from when to when; and when it was heard that nobody could have."""
DEAF = ("elena", time(15, 5), time(17, 20))
"""Whose calls are over at once, and when: it is found out after the slice of four."""
FALLEN = ("farmers", time(16), time(18), 6)
"""Of whose unanswered calls only every sixth is left, and when."""


def troubled(floor: Floor, seed: int) -> FloorDay:
    made = simulate(floor, replace(scenario_named("demo"), casts=LAGGING), seed=seed)
    date = made.days[0].date

    def at(clock: time) -> datetime:
        return datetime.combine(date, clock, floor.zone).astimezone(UTC)

    deaf, since, until = DEAF
    facts = [_deaf(one, deaf, at(since), at(until)) for one in made.deliveries]
    team, since, until, nth = FALLEN
    people = {agent.id for agent in floor.agents if agent.team == team}
    facts = list(_thinned(facts, people, at(since), at(until), nth))
    idle, since, until, heard = IDLE
    facts = [one for one in facts if getattr(one.data, "agent", None) != idle or not at(since) < one.time <= at(until)]
    facts += [_state(idle, "technical", at(since), at(heard)), _state(idle, "available", at(until), at(heard))]
    for agent, heard in HEARD.items():
        for name, clock in zip(("technical", "available"), STOOD, strict=True):
            facts.append(_state(agent, name, at(clock), at(heard)))  # type: ignore[arg-type]
    return replace(made, deliveries=tuple(sorted(facts, key=lambda one: (one.received_at or one.time, one.id))))


def _deaf(fact: Fact, agent: str, since: datetime, until: datetime) -> Fact:
    """Answered, and over four seconds later."""
    data = fact.data
    if not isinstance(data, CallEnded) or data.agent != agent or not since < fact.time <= until:
        return fact
    if data.disposition != "answered" or data.answered_at is None:
        return fact
    ends = min(data.ended_at, data.answered_at + timedelta(seconds=4))
    earlier = data.ended_at - ends
    short = msgspec.structs.replace(data, ended_at=ends, talk_s=(ends - data.answered_at).total_seconds())
    received = fact.received_at - earlier if fact.received_at else None
    return msgspec.structs.replace(fact, data=short, time=ends, received_at=received)


def _thinned(facts: Iterable[Fact], people: set[str], since: datetime, until: datetime, nth: int) -> Iterator[Fact]:
    kept: dict[str, bool] = {}
    for one in facts:
        agent = getattr(one.data, "agent", None)
        in_vain = isinstance(one.data, CallEnded) and one.data.disposition != "answered"
        if in_vain and agent in people and since < one.time <= until:
            kept.setdefault(one.id, len(kept) % nth == 0)
            if not kept[one.id]:
                continue
        yield one


def _state(agent: str, name: StateName, at: datetime, heard: datetime) -> Fact:
    data = AgentState(agent=agent, state=name, at=at)
    return Fact(id=derived_id("told", agent, name), type=STATE, source="own", time=at, data=data, received_at=heard)
