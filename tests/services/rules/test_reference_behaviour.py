"""The whole rule on chance alone: how often it gives tasks and calls the trainer (DOMAIN §7).

One normed step, four slices of ten expected, φ = 1, the limits of DOMAIN §6 off. Counts are Poisson with a fixed seed.
The tolerance is binomial at α = 1e-4 two-sided, with half a unit of the last printed digit of the reference added, so a
right rule fails in less than one of a thousand seeds — and never by chance with this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pytest
from scipy import stats

from schemas.floor import Floor
from schemas.steps import Level
from services.rules.closing import Evidence, close
from services.rules.memory import Key, Past, recall
from services.rules.tasks import Task
from tests.services.rules.stories import MONDAY, crew, floor, monday

AGENTS = 3000
ALPHA = 1e-4
LIMITS_OFF = """judgement:
  overdispersion: 1
  fdr: null
  task_budget_share: null
  team: {min_agents: 100000}
"""


def floor_of_many() -> Floor:
    """Forty calls due in eight hours without a break: ten a slice."""
    return floor(
        crew(AGENTS),
        "norms: [{for: {floor: main}, per_day: {calls: 40}}]",
        LIMITS_OFF,
        day='start: "09:00", end: "17:00"',
        slices='["11:00", "13:00", "15:00", "17:00"]',
    )


@dataclass
class Played:
    tasked: set[str] = field(default_factory=set)
    escalated: set[str] = field(default_factory=set)


def play(of: Floor, counts: Sequence[Sequence[int]]) -> Played:
    """One day through ``close``; *counts* per agent and slice."""
    day, found = monday(of), Played()
    slice_of = {cut.at: n for n, cut in enumerate(day.cut_offs)}
    levels: list[dict[Key, Level]] = []
    tasks: list[Task] = []
    past: list[Past] = []
    cases: list[tuple[str, datetime, object]] = []
    for n, cut in enumerate(day.cut_offs):
        evidence = Evidence(
            done={f"a{agent}": {"calls": sum(own[: n + 1])} for agent, own in enumerate(counts)},
            in_slice={f"a{agent}": {"calls": own[n]} for agent, own in enumerate(counts)},
            since_task={
                task.task: sum(counts[int(task.agent[1:])][slice_of[task.opened] + 1 : n + 1]) for task in tasks
            },
        )
        memory = recall(MONDAY, levels, tasks, past, cases, frozenset(), of.judgement)  # type: ignore[arg-type]
        closing = close(of, MONDAY, cut, evidence, memory)
        levels.append({(row.agent, row.step): row.level for row in closing.rows})
        closed = {one.task.task for one in closing.verified}
        tasks = [task for task in tasks if task.task not in closed] + closing.opened
        past += [
            Past(one.task.agent, one.task.step, MONDAY, one.at, one.result, one.met, one.index)
            for one in closing.verified
        ]
        cases += [(case.agent, case.opened, case.recheck_on) for case in closing.cases]
        found.tasked |= {task.agent for task in closing.opened}
        found.escalated |= {case.agent for case in closing.cases}
    return found


def assert_rate(seen: int, reference: float, digit: float) -> None:
    """*seen* of AGENTS could come from *reference*, which is printed to *digit*."""
    low = stats.binom.ppf(ALPHA / 2, AGENTS, max(0.0, reference - digit / 2))
    high = stats.binom.ppf(1 - ALPHA / 2, AGENTS, min(1.0, reference + digit / 2))
    assert low <= seen <= high, (
        f"{seen / AGENTS:.2%} instead of {reference:.1%} ({low / AGENTS:.2%}–{high / AGENTS:.2%})"
    )


@pytest.mark.parametrize(
    ("multiplier", "tasked", "escalated", "digits"),
    [(1.0, 0.225, 0.003, (0.005, 0.001)), (0.7, 0.83, 0.17, (0.01, 0.01)), (0.5, 0.995, 0.72, (0.001, 0.01))],
    ids=["on norm", "at 70 %", "at 50 %"],
)
def test_reference_behaviour(multiplier: float, tasked: float, escalated: float, digits: tuple[float, float]) -> None:
    """Tasks ≈ 22.5 / 83 / 99.5 %, trainer ≈ 0.3 / 17 / 72 % of agents in a day."""
    chance = np.random.default_rng(20261123)
    counts = chance.poisson(10 * multiplier, size=(AGENTS, 4)).tolist()
    found = play(floor_of_many(), counts)
    print(f"×{multiplier}: tasks {len(found.tasked) / AGENTS:.2%}, trainer {len(found.escalated) / AGENTS:.2%}")
    assert_rate(len(found.tasked), tasked, digits[0])
    assert_rate(len(found.escalated), escalated, digits[1])


def test_the_test_itself_can_fail() -> None:
    """A rate four points off would not pass for the reference."""
    with pytest.raises(AssertionError):
        assert_rate(int(0.185 * AGENTS), 0.225, 0.005)
    with pytest.raises(AssertionError):
        assert_rate(int(0.012 * AGENTS), 0.003, 0.001)
