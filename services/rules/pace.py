"""Pace by slices: what an agent did in each, and what was due in it, from frozen rows."""

from collections.abc import Sequence
from datetime import date as Date
from typing import Protocol

import msgspec

from schemas.floor import Floor
from schemas.floor.learned import Prior
from schemas.steps import Step


class Frozen(Protocol):
    """What is read of a frozen row (schemas.rows.SliceRow and whatever has as much)."""

    @property
    def date(self) -> Date: ...
    @property
    def slice(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def step(self) -> Step: ...
    @property
    def in_slice(self) -> int: ...
    @property
    def target(self) -> float | None: ...
    @property
    def trusted(self) -> bool: ...


class Point(msgspec.Struct, frozen=True, gc=False):
    """One trusted slice of one agent and step: done in it, and due in it by actual exposure."""

    date: Date
    slice: str
    done: int
    expected: float


def prior_of(floor: Floor, agent: str, step: Step) -> Prior:
    """What was learned of the agent's team on *step*, else what holds for everybody (ADR 0015)."""
    listed = floor.agent_by_id.get(agent)
    return floor.judgement.of(listed.team if listed else "", step)


def points(rows: Sequence[Frozen]) -> dict[tuple[str, Step], list[Point]]:
    """Slices by agent and step, from frozen rows in order of time. What is due in a slice is the growth of the target.

    Slices that could not be trusted, and those in which nothing was due, say nothing.
    """
    found: dict[tuple[str, Step], list[Point]] = {}
    before: dict[tuple[str, Step], tuple[Date, float]] = {}
    for row in rows:
        target = row.target
        if target is None:
            continue
        key = (row.agent, row.step)
        date = row.date
        earlier = before.get(key)
        expected = target - earlier[1] if earlier is not None and earlier[0] == date else target
        before[key] = (date, target)
        if expected > 0 and row.trusted:
            found.setdefault(key, []).append(Point(date, row.slice, row.in_slice, expected))
    return found
