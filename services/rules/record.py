"""What moved after a task (проверка У2У, DOMAIN §7): behaviour first, then the result, like for like.

The agent since the task, against the same slices of the agent's own past days of the same kind (working week or weekend),
against what was due, and against the median of the team in the same slices.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from statistics import median
from typing import Literal

from schemas.floor.coaching import Record
from schemas.floor.judgement import Judgement
from schemas.steps import STEPS, Step
from services.rules.day import WorkingDay
from services.rules.deviation import EXACT, multiplier
from services.rules.spans import at, minutes

Measure = Step | Literal["short_calls", "pauses"]
Direction = Literal["more", "same", "less", "not_enough_data"]

Slot = tuple[Date, str]
"""(date, name of the slice)."""
Counts = Mapping[Slot, Mapping[Step, int]]


@dataclass(frozen=True, slots=True)
class Moved:
    """``due``: by the norm; ``past``: mean of the same slices of *past_n* own days; ``peers``: median of *peers_n*
    colleagues. None: not enough to say. ``pauses`` are minutes, everything else counts."""

    measure: Measure
    done: float
    due: float | None
    past: float | None
    past_n: int
    peers: float | None
    peers_n: int
    direction: Direction


@dataclass(frozen=True, slots=True)
class CallSeen:
    """``talk_s`` is None when nobody answered."""

    started_at: datetime
    ended_at: datetime
    talk_s: float | None


def same_kind(one: Date, other: Date) -> bool:
    """Both in the working week, or both on a weekend."""
    return (one.isoweekday() > 5) == (other.isoweekday() > 5)


def usual(past: Mapping[str, Sequence[float]], slots: Sequence[Slot], limits: Record) -> tuple[float | None, int]:
    """(expected over *slots*, days behind it) by the mean of each slice's own past; None under ``record.min_days`` days.

    Args:
        past: slice name → one value per past day.
    """
    days = min((len(past.get(name, ())) for _, name in slots), default=0)
    if days < limits.min_days:
        return None, days
    return sum(sum(past[name]) / len(past[name]) for _, name in slots), days


def direction(done: float, past: float | None, by: Judgement, limits: Record) -> Direction:
    """Whether *done* is soundly more or less than usual; small counts say neither."""
    if past is None or past < by.min_expected - EXACT:
        return "not_enough_data"
    own = multiplier(done, past, cv=by.prior_cv, overdispersion=by.overdispersion)
    if own.p_below(limits.less) >= limits.sure:
        return "less"
    return "more" if 1 - own.p_below(limits.more) >= limits.sure else "same"


def moved(
    measure: Measure,
    done: float,
    due: float | None,
    past: Mapping[str, Sequence[float]],
    slots: Sequence[Slot],
    peers: Iterable[float],
    by: Judgement,
    limits: Record,
) -> Moved:
    expected, days = usual(past, slots, limits)
    others = list(peers)
    typical = median(others) if len(others) >= limits.min_peers else None
    return Moved(measure, done, due, expected, days, typical, len(others), direction(done, expected, by, limits))


def pauses_min(calls: Sequence[CallSeen], day: WorkingDay, start: datetime, end: datetime, pause_s: float) -> float:
    """Working minutes in (start, end] that passed in pauses of *pause_s* and more between calls."""
    inside = sorted((call for call in calls if start < call.ended_at <= end), key=lambda call: call.ended_at)
    if not inside:
        return 0.0
    edges = [at(call.ended_at) for call in inside]
    begins = [at(call.started_at) for call in inside[1:]] + [at(end)]
    gaps = [minutes(day.standard, ended, begun) for ended, begun in zip(edges, begins, strict=True)]
    return sum(gap for gap in gaps if gap * 60 >= pause_s)


def shown_steps(step: Step) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """(behaviour: the steps before the judged one, result: the judged one and the next)."""
    place = STEPS.index(step)
    return STEPS[:place], STEPS[place : place + 2]
