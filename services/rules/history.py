"""What each agent did on past days: counts and exposure, the raw material of norms and curves (DOMAIN §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.rules.connecting import Missing
from services.rules.day import BIN_MIN, BINS, WorkingDay, bin_edges, bin_start
from services.rules.exposure import Exposure, States, exposure, scheduled
from services.rules.spans import EMPTY, Spans, minutes

LeftOut = Literal["unscheduled", "no_facts", "short", "technical", "untrusted"]
BinCounts = Mapping[Step, Mapping[int, int]]
"""Step → bin → count."""


@dataclass(frozen=True, slots=True)
class AgentDay:
    """One agent on one working day.

    ``exposed``: minutes of exposure per bin; ``counts``: per step and bin. ``facts``: whether anything at all is known of
    the agent that day. ``untrusted``: steps whose data were not complete enough to judge by (DOMAIN §5).
    ``shift``: the floor's standard shift against that of the agent's team: what a minute is worth of a full shift.
    """

    agent: str
    date: Date
    counts: BinCounts
    exposed: Mapping[int, float]
    facts: bool = True
    technical_share: float = 0.0
    untrusted: frozenset[Step] = frozenset()
    shift: float = 1.0
    exposed_min: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "exposed_min", sum(self.exposed.values()))

    def count(self, step: Step) -> int:
        return sum(self.counts.get(step, {}).values())


def left_out(one: AgentDay, step: Step, floor: Floor) -> LeftOut | None:
    """Why a day says nothing about the agent's usual pace; None when it does."""
    if one.technical_share and one.technical_share >= floor.judgement.verification.invalid_technical_share:
        return "technical"
    if not one.exposed_min:
        return "unscheduled"  # or absent
    if not one.facts:
        return "no_facts"  # an absence nobody recorded, or a source not connected yet
    if one.exposed_min < floor.review.min_exposed_min:
        return "short"
    return "untrusted" if step in one.untrusted else None


def agent_days(
    floor: Floor,
    day: WorkingDay,
    counts: Mapping[str, BinCounts],
    known: frozenset[str],
    states: Mapping[str, States],
    technical: Mapping[str, Spans],
    doubts: Mapping[str, Mapping[Step, Sequence[str]]],
    missing: Missing = MappingProxyType({}),
) -> list[AgentDay]:
    """A past day of everybody on the roster who was due to work, or did.

    Args:
        counts: agent → step → bin → count of that day.
        known: agents with any fact but a state.
        technical: agent → technical spans.
        doubts: team → step → why not trusted. missing: whose steps no source told, or not the whole day.
    """
    edges = bin_edges(day.date, floor.zone)
    spread: dict[Spans, Mapping[int, float]] = {}
    untrusted = {team: frozenset(step for step in STEPS if of.get(step)) for team, of in doubts.items()}
    found = []
    for agent in floor.agents:
        plan = scheduled(floor, day, agent)
        if not plan and agent.id not in known:
            continue
        own: Exposure = exposure(plan, day, states.get(agent.id, ()), technical.get(agent.id, EMPTY))
        if own.net not in spread:
            spread[own.net] = _spread(own.net, edges)
        found.append(
            AgentDay(
                agent=agent.id,
                date=day.date,
                counts=counts.get(agent.id, {}),
                exposed=spread[own.net],
                facts=agent.id in known,
                technical_share=own.technical_share(day.starts, day.ends),
                untrusted=untrusted.get(agent.team, frozenset())
                | {step for step in STEPS if (agent.id, step) in missing},
                shift=day.standard_min / whole if (whole := day.of(agent.team).standard_min) else 1.0,
            )
        )
    return found


def standard_bins(day: WorkingDay, zone: ZoneInfo) -> Mapping[int, float]:
    """Minutes per bin in which the standard shift of any team runs."""
    return _spread(day.hours, bin_edges(day.date, zone))


def bin_of(instant: datetime, zone: ZoneInfo) -> int:
    local = instant.astimezone(zone)
    return (local.hour * 60 + local.minute) // BIN_MIN


def clock_of(number: int) -> str:
    """When a bin starts: ``"09:30"``."""
    return bin_start(number).strftime("%H:%M")


def _spread(spans: Spans, edges: Sequence[float]) -> Mapping[int, float]:
    found = {number: minutes(spans, edges[number], edges[number + 1]) for number in range(BINS)}
    return {number: value for number, value in found.items() if value}
