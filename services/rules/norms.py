"""Norms: what is due per full working day and step (DOMAIN §4)."""

from collections.abc import Mapping
from typing import Literal

from schemas.floor import Agent, Floor, NormEntry
from schemas.steps import STEPS, Step


def norms_of(
    floor: Floor, agent: Agent, weekday: str, line: Literal["per_day", "reference"] = "per_day"
) -> Mapping[Step, float]:
    """Norms of an agent on a weekday, merged per step: agent > role > team > floor, then with weekdays > without."""
    return {step: getattr(entry, line)[step] for step, entry in governing(floor, agent, weekday, line).items()}


def governing(
    floor: Floor, agent: Agent, weekday: str, line: Literal["per_day", "reference"] = "per_day"
) -> Mapping[Step, NormEntry]:
    """The entry that gives each step's norm."""
    best: dict[Step, tuple[tuple[int, bool], NormEntry]] = {}
    for entry in floor.norms:
        if not _applies(entry, floor, agent) or (entry.weekdays and weekday not in entry.weekdays):
            continue
        rank = (entry.for_.rank, entry.weekdays is not None)
        for step in getattr(entry, line):
            if step not in best or rank > best[step][0]:
                best[step] = (rank, entry)
    return {step: best[step][1] for step in STEPS if step in best}


def _applies(entry: NormEntry, floor: Floor, agent: Agent) -> bool:
    segment = entry.for_
    if segment.agent is not None:
        return segment.agent == agent.id
    if segment.role is not None:
        return segment.role == agent.role
    if segment.team is not None:
        return segment.team == agent.team
    return segment.floor == floor.floor
