"""What a floor file may say, and hardly means: warnings of ``srez floor check`` and ``apply``, each with its mend.

They are no errors: a floor that was applied before stays in force, whatever is thought of later.
"""

import difflib
from collections import Counter
from collections.abc import Iterator
from typing import Final

from schemas.floor.load import Problem, Where, located
from schemas.floor.model import Agent, Floor

REPLACED: Final = {
    "RUR": "RUB",
    "BYR": "BYN",
    "BYB": "BYN",
    "UAK": "UAH",
    "TRL": "TRY",
    "AZM": "AZN",
    "TMM": "TMT",
    "MDR": "MDL",
    **dict.fromkeys(("DEM", "FRF", "ITL", "ESP", "FIM", "EEK", "LVL", "LTL", "HRK", "BGN"), "EUR"),
}
"""ISO 4217, historic codes → what came after them."""


def advice(text: str) -> list[Problem]:
    """Of a floor file that can be used, in the order of the file. Raises: FloorError."""
    floor, line = located(text)
    found = [Problem(*line(where), what) for where, what in doubts(floor)]
    return sorted(found, key=lambda problem: problem.line)


def doubts(floor: Floor) -> Iterator[tuple[Where, str]]:
    """(path, what)."""
    yield from _late_slices(floor)
    if (now := REPLACED.get(floor.currency)) is not None:
        yield (
            ("currency",),
            f"{floor.currency} is no longer in use (ISO 4217): write {now}, or money in {now} will be shown apart",
        )
    yield from _roles(floor)
    yield from _norms(floor)


def _late_slices(floor: Floor) -> Iterator[tuple[Where, str]]:
    """Only days that end on the date they begin: over midnight every hour may be one of work."""
    days = [(day.start, day.end) for day in (floor.day, *floor.day_by_team.values())]
    shifts = [(shift.start, shift.end) for agent in floor.agents for shift in agent.shifts or ()]
    if any(start >= end for start, end in days + shifts):
        return
    last = max(end for _, end in days + shifts)
    for at, cut in enumerate(floor.slices):
        if cut > last:
            yield (
                ("slices", at),
                f"{cut:%H:%M} is after the end of work, {last:%H:%M}: end the day later, or move the slice to {last:%H:%M}",
            )


def _roles(floor: Floor) -> Iterator[tuple[Where, str]]:
    """A role that no norm is for, and that reads like another one: its people silently get the norm of their team."""
    normed = {entry.for_.role for entry in floor.norms if entry.for_.role}
    many = Counter(agent.role for agent in floor.agents if agent.role)
    for at, agent in enumerate(floor.agents):
        if agent.role is None or agent.role in normed:
            continue
        known = sorted(normed | {role for role, n in many.items() if n > many[agent.role]})
        if near := difflib.get_close_matches(agent.role, known, n=1, cutoff=0.8):
            yield ("agents", at, "role"), f"no norm is for role {agent.role!r}; did you mean {near[0]!r}?"


def _norms(floor: Floor) -> Iterator[tuple[Where, str]]:
    if not floor.agents:
        return
    if not any(entry.per_day for entry in floor.norms):
        yield (
            ("norms",),
            "there are no norms: nothing is due of anybody, and nobody can be judged or get a task. "
            "Write norms, or let them be proposed: srez norms propose",
        )
        return
    for at, team in enumerate(floor.teams):
        members = [agent for agent in floor.agents if agent.team == team.id]
        if members and not any(_has_norm(floor, agent) for agent in members):
            yield ("teams", at, "id"), f"no norm is for team {team.id!r} or anybody in it: nobody there can be judged"


def _has_norm(floor: Floor, agent: Agent) -> bool:
    return any(
        entry.per_day
        and (
            entry.for_.floor is not None
            or entry.for_.team == agent.team
            or entry.for_.agent == agent.id
            or (agent.role is not None and entry.for_.role == agent.role)
        )
        for entry in floor.norms
    )
