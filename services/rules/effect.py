"""What a task changed: done since it was given, against what was to be expected without it (DOMAIN §7).

Whoever was low by chance comes back by themselves, so the measure is not the norm and not the day before the task, but the
agent's own shrunk index × what has become due since: with the same posterior that gave the task (deviation, forecast).
"""

from dataclasses import dataclass

from schemas.floor.learned import Prior
from services.rules.deviation import of_agent
from services.rules.forecast import Course, end_of_day


@dataclass(frozen=True, slots=True)
class Effect:
    """``expected`` without help; ``low`` … ``high`` holds the count without help with 80 %."""

    done: int
    expected: float
    low: int
    high: int


def effect(done_before: int, due_before: float, done_since: int, due_since: float, by: Prior) -> Effect:
    """Of one task.

    Args:
        done_before, due_before: of the step at the slice that gave the task, since local midnight.
        done_since, due_since: of the step from there to its verification, due by actual exposure.
        by: what holds for the agent's team and the step.
    """
    own = of_agent(done_before, due_before, by)
    course = Course(done=done_before, expected=due_before, ahead=due_since, planned=due_since)
    without = end_of_day(course, None, cv=by.prior_cv, overdispersion=by.overdispersion, mean=by.mean)
    return Effect(done_since, own.mean * due_since, without.low - done_before, without.high - done_before)
