"""The part of a day's norm due by an instant, for an agent's exposure (DOMAIN §4).

T = N · Σ w·a / Σ w·a°: w the step's curve (1 throughout where the floor file names none), a the exposure, a° the standard
shift. Every number that says what is due comes from here: closing, board, forecast, detectors, metrics, back-test.
"""

from collections.abc import Mapping
from datetime import datetime

from schemas.steps import Step
from services.rules.day import WorkingDay
from services.rules.spans import Spans


def due(per_day: float, step: Step | None, spans: Spans, day: WorkingDay, start: datetime, end: datetime) -> float:
    """Expected count of (start, end], ≥ 0, not rounded (2.4 invoices is fine).

    Args:
        per_day: norm of a full standard shift.
        step: whose curve; None counts every minute alike.
        spans: when the agent works; within the day.
        day: of the agent; without a standard shift nothing is due.
    """
    standard_min = day.standard_of(step)
    return per_day * day.weighted_min(step, spans, start, end) / standard_min if standard_min else 0.0


def dues(
    norms: Mapping[Step, float], spans: Spans, day: WorkingDay, start: datetime, end: datetime
) -> dict[Step, float]:
    """``due`` of every norm of one agent; minutes that weigh alike are added up once."""
    even: float | None = None
    found: dict[Step, float] = {}
    for step, norm in norms.items():
        standard_min = day.standard_of(step)
        if step in day.curves:
            weighted = day.weighted_min(step, spans, start, end)
        else:
            if even is None:
                even = day.weighted_min(None, spans, start, end)
            weighted = even
        found[step] = norm * weighted / standard_min if standard_min else 0.0
    return found
