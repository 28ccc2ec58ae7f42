"""Exposure: the productive minutes of an agent (DOMAIN §2).

scheduled − breaks − technical downtime − coaching − recorded absence. The states ``technical`` and ``coaching`` last
until the next state or the end of the shift; ``paused`` and ``offline`` do not reduce it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.facts import StateName
from schemas.floor import Agent, Floor
from services.rules.day import WorkingDay, begins, shift_spans
from services.rules.spans import EMPTY, Spans, at, intersect, minutes, subtract, union

States = Sequence[tuple[datetime, StateName]]


@dataclass(frozen=True, slots=True)
class Exposure:
    """``scheduled``: shift minus breaks and absence; ``technical``: the part of it lost to faults; ``net``: what counts."""

    scheduled: Spans
    technical: Spans
    net: Spans

    def minutes(self, start: datetime, end: datetime) -> float:
        return minutes(self.net, at(start), at(end))

    def scheduled_min(self, start: datetime, end: datetime) -> float:
        return minutes(self.scheduled, at(start), at(end))

    def technical_share(self, start: datetime, end: datetime) -> float:
        """Technical minutes as a share of the scheduled ones; 0 when nothing was scheduled."""
        if not self.technical:
            return 0.0
        whole = self.scheduled_min(start, end)
        return minutes(self.technical, at(start), at(end)) / whole if whole else 0.0


NONE = Exposure(EMPTY, EMPTY, EMPTY)


def scheduled(floor: Floor, day: WorkingDay, agent: Agent) -> Spans:
    """When the agent is due to work on that day, breaks taken out."""
    day = day.of(agent.team)
    absent = (agent.since and day.date < agent.since) or (agent.until and day.date > agent.until)
    if not day.working or absent or day.date in agent.absent:
        return EMPTY
    if agent.shifts is None:
        return day.standard
    before = day.date - timedelta(days=1)
    return shift_spans(
        day, agent.shifts, floor.zone, (begins(floor, before, agent.team), begins(floor, day.date, agent.team))
    )


def exposure(plan: Spans, day: WorkingDay, states: States, technical: Spans) -> Exposure:
    """What is left of *plan* (see ``scheduled``).

    Args:
        states: the agent's states of that day, any order.
        technical: spans of technical verdicts, any length.
    """
    if not states and not technical:
        return Exposure(plan, EMPTY, plan)
    lost = {"technical": list(technical), "coaching": []}
    ordered = sorted(states)
    for position, (since, state) in enumerate(ordered):
        if state in lost:
            until = ordered[position + 1][0] if position + 1 < len(ordered) else day.ends
            lost[state].append((at(since), at(until)))
    faults = intersect(plan, union(lost["technical"]))
    return Exposure(plan, faults, subtract(plan, union([*faults, *lost["coaching"]])))
