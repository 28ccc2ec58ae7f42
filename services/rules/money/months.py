"""How forecasts of finished months came out (docs/decisions/0032-months-foretold-are-kept.md).

All forecasts of one month share one end: they are no independent trials, so each month is told by itself, and only whole
months are counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Final

from schemas.steps import MonthUnit
from services.rules.money.outlook import last_of_month

MIDDLE: Final = 15
"""The day of the month by which its middle is told."""
BEFORE_END: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Told:
    """The end of the month as foretold at the last close of ``date``; a count, or minor units."""

    date: Date
    done: int
    plan: float | None
    median: int
    low: int
    high: int
    p_plan: float | None

    def holds(self, end: int) -> bool:
        return self.low <= end <= self.high


@dataclass(frozen=True, slots=True)
class MonthKept:
    """A finished month: ``end`` is what it gave, ``told`` its forecasts in order of date; ``middle`` the last by the 15th,
    ``late`` the last by a week before the end; None where none was kept by then."""

    month: Date
    end: int
    plan: float | None
    told: tuple[Told, ...]
    middle: Told | None
    late: Told | None

    @property
    def days(self) -> int:
        return len(self.told)

    @property
    def inside(self) -> int:
        """Of ``days`` forecasts, those whose interval held the end."""
        return sum(one.holds(self.end) for one in self.told)

    @property
    def first(self) -> Told:
        return self.told[0]

    @property
    def met(self) -> bool | None:
        """Whether the plan was reached; None without one."""
        return None if self.plan is None else self.end >= self.plan


@dataclass(frozen=True, slots=True)
class MonthsTold:
    """Of the whole floor, in one unit. ``current``: this month's forecasts by day; ``kept``: finished months, newest first."""

    unit: MonthUnit
    current: tuple[Told, ...]
    kept: tuple[MonthKept, ...]


def months_told(unit: MonthUnit, told: Sequence[Told], ends: Mapping[Date, int], today: Date) -> MonthsTold:
    """
    Args:
        told: in order of date. ends: first day of a finished month → what it gave.
    """
    by_month: dict[Date, list[Told]] = {}
    for one in told:
        by_month.setdefault(one.date.replace(day=1), []).append(one)
    this = today.replace(day=1)
    finished = sorted((month for month in by_month if month < this), reverse=True)
    return MonthsTold(
        unit=unit,
        current=tuple(by_month.get(this, ())),
        kept=tuple(_kept(month, by_month[month], ends.get(month, 0)) for month in finished),
    )


def _kept(month: Date, told: Sequence[Told], end: int) -> MonthKept:
    return MonthKept(
        month=month,
        end=end,
        plan=told[-1].plan,
        told=tuple(told),
        middle=_by(told, month.replace(day=MIDDLE)),
        late=_by(told, last_of_month(month) - BEFORE_END),
    )


def _by(told: Sequence[Told], date: Date) -> Told | None:
    return next((one for one in reversed(told) if one.date <= date), None)
