"""How much people of a team differ, how much their days scatter, and where their mean lies: learned from past days (DOMAIN §6).

Of one team and step, with X_id counted and Λ_id due of agent i on day d (method of moments):

* mean m = ΣX / ΣΛ;
* overdispersion φ = Σ (X_id − r_i·Λ_id)² / (r_i·Λ_id) over Σ (days of i − 1), r_i = X_i/Λ_i: scatter around everybody's own
  pace, all days that say something (choosing days by their result would cut the scatter off);
* CV² = max(0, Q − (k − 1)) · φ / (m · (ΣΛ − ΣΛ_i²/ΣΛ)) with Q = Σ Λ_i (r_i − m)² / (φ·m) of k agents: what is left of the
  difference between people when the noise of counting is taken out (DerSimonian and Laird 1986).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.rules.day import DAYS
from services.rules.history import AgentDay, left_out
from services.rules.norms import norms_of

MIN_AGENTS: Final = 5
"""Of fewer people nothing can be said about how they differ."""
CV_BOUNDS: Final = (0.1, 1.0)
LEAST_CV: Final = 0.25
"""Judging goes by no less. How people differ over weeks is not how one of them may fall today, and that is what judging looks
for: with 0.1 somebody at half of the norm gets a task on every third day, and never goes to the trainer (decision 0015)."""
OVERDISPERSION_BOUNDS: Final = (1.0, 5.0)
MEAN_BOUNDS: Final = (0.5, 2.0)

Lack = Literal["few_days", "few_events", "few_agents"]


class Calibrated(msgspec.Struct, frozen=True):
    """Of one team and step; the three numbers are None while too little is known: see ``lacks``, the defaults hold then."""

    team: str
    step: Step
    prior_cv: float | None
    overdispersion: float | None
    mean: float | None
    agents: int
    days: int
    events: int
    lacks: tuple[Lack, ...] = ()


Cell = tuple[int, float]
"""(counted, due) of one agent on one day."""


def calibrate(floor: Floor, days: Sequence[AgentDay], standard_min: float) -> list[Calibrated]:
    """Every team and step with a norm, against the norms of *floor*.

    Args:
        standard_min: the floor's full shift, minutes.
    """
    cells: dict[tuple[str, Step], dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    dates: dict[tuple[str, Step], set[object]] = defaultdict(set)
    norms: dict[tuple[str, str], Mapping[Step, float]] = {}
    for one in days:
        agent = floor.agent_by_id.get(one.agent)
        if agent is None:
            continue
        weekday = DAYS[one.date.weekday()]
        if (agent.id, weekday) not in norms:
            norms[agent.id, weekday] = norms_of(floor, agent, weekday)
        for step, norm in norms[agent.id, weekday].items():
            expected = norm * one.exposed_min * one.shift / standard_min if standard_min else 0.0
            if expected > 0 and left_out(one, step, floor) is None:
                cells[agent.team, step][agent.id].append((one.count(step), expected))
                dates[agent.team, step].add(one.date)
    return [
        _of(floor, team.id, step, cells[team.id, step], len(dates[team.id, step]))
        for team in floor.teams
        for step in STEPS
        if (team.id, step) in cells
    ]


def _of(floor: Floor, team: str, step: Step, cells: Mapping[str, Sequence[Cell]], days: int) -> Calibrated:
    events = sum(count for own in cells.values() for count, _ in own)
    some = {
        "few_days": days < floor.review.window_days[0],
        "few_events": events < floor.review.min_events,
        "few_agents": len(cells) < MIN_AGENTS,
    }
    lacks: tuple[Lack, ...] = tuple(why for why, lacking in some.items() if lacking)  # type: ignore[misc]
    if lacks:
        return Calibrated(team, step, None, None, None, len(cells), days, events, lacks)
    mean, phi, cv = moments(cells.values())
    return Calibrated(team, step, max(cv, LEAST_CV), phi, mean, len(cells), days, events)


def moments(people: Iterable[Sequence[Cell]]) -> tuple[float, float, float]:
    """(mean, overdispersion, CV) within their bounds; see the module. *people*: with something done and due in all."""
    totals = [(sum(count for count, _ in own), sum(due for _, due in own), own) for own in people]
    done, due = sum(count for count, _, _ in totals), sum(expected for _, expected, _ in totals)
    mean = done / due
    scatter, free = 0.0, 0
    for own_done, own_due, own in totals:
        if own_done:
            pace = own_done / own_due
            scatter += sum((count - pace * expected) ** 2 / (pace * expected) for count, expected in own)
            free += len(own) - 1
    phi = _within(scatter / free if free else 1.0, OVERDISPERSION_BOUNDS)
    q = sum(own_due * (own_done / own_due - mean) ** 2 for own_done, own_due, _ in totals) / (phi * mean)
    weight = due - sum(own_due**2 for _, own_due, _ in totals) / due
    squared = max(0.0, q - (len(totals) - 1)) * phi / (mean * weight) if weight > 0 else 0.0
    return _within(mean, MEAN_BOUNDS), phi, _within(squared**0.5, CV_BOUNDS)


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
