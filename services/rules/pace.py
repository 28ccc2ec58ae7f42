"""Pace by slices: what an agent did in each, and what was due in it, from frozen rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date

from schemas.floor import Floor
from schemas.floor.learned import Prior
from schemas.rows import SliceRow
from schemas.steps import Step


@dataclass(frozen=True, slots=True)
class Point:
    """One trusted slice of one agent and step: done in it, and due in it by actual exposure."""

    date: Date
    slice: str
    done: int
    expected: float


def prior_of(floor: Floor, agent: str, step: Step) -> Prior:
    """What was learned of the agent's team on *step*, else what holds for everybody (ADR 0015)."""
    listed = floor.agent_by_id.get(agent)
    return floor.judgement.of(listed.team if listed else "", step)


def points(rows: Sequence[SliceRow]) -> dict[tuple[str, Step], list[Point]]:
    """Slices by agent and step, from frozen rows in order of time. What is due in a slice is the growth of the target.

    Slices that could not be trusted, and those in which nothing was due, say nothing.
    """
    found: dict[tuple[str, Step], list[Point]] = {}
    before: dict[tuple[str, Step], tuple[Date, float]] = {}
    for row in rows:
        if row.target is None:
            continue
        key = (row.agent, row.step)
        date, target = before.get(key, (row.date, 0.0))
        expected = row.target - (target if date == row.date else 0.0)
        before[key] = (row.date, row.target)
        if row.trusted and expected > 0:
            found.setdefault(key, []).append(Point(row.date, row.slice, row.in_slice, expected))
    return found
