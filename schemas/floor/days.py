"""The working day in the floor file: clock times, breaks, calendars of the floor and its teams, weights of half hours."""

import re
from collections.abc import Collection
from datetime import date as Date
from datetime import time as Time
from typing import Annotated, Any, Final, Literal

import holidays
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from schemas.floor.strict import Strict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock(value: Any) -> Any:
    # YAML 1.1 loaders read 11:00 as 660; a floor file says "11:00".
    if isinstance(value, str):
        try:
            return Time.fromisoformat(value if len(value) > 4 else f"0{value}")
        except ValueError as error:
            raise ValueError(f'{value!r} is not a time of day such as "09:30"') from error
    if isinstance(value, int):
        raise ValueError('a time of day is written in quotes, such as "09:30"')  # noqa: TRY004 — pydantic wants it
    return value


_CLOCK_PATTERN = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
Clock = Annotated[Time, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": rf"^{_CLOCK_PATTERN}$"})]


def _span(value: Any) -> Any:
    if isinstance(value, str):
        start, dash, end = value.partition("-")
        if not dash:
            raise ValueError(f'{value!r} is not a span such as "13:00-14:00"')
        return (_clock(start.strip()), _clock(end.strip()))
    return value


Span = Annotated[
    tuple[Time, Time],
    BeforeValidator(_span),
    WithJsonSchema({"type": "string", "pattern": rf"^{_CLOCK_PATTERN} *- *{_CLOCK_PATTERN}$"}),
]


NO_HOLIDAYS: Final = "none"


def _known_calendar(value: str) -> str:
    if value not in holidays.list_supported_countries():
        raise ValueError(f"no holiday calendar {value!r}; use a country code such as RU, or leave it out")
    return value


def _known_or_none(value: str) -> str:
    return value if value == NO_HOLIDAYS else _known_calendar(value)


Calendar = Annotated[str, AfterValidator(_known_calendar)]


def _breaks(spans: Collection[tuple[Time, Time]]) -> None:
    if any(start >= end for start, end in spans):
        raise ValueError("a break must start before it ends")


def _either(off: Collection[Date], on: Collection[Date]) -> None:
    if both := set(off) & set(on):
        raise ValueError(f"{min(both)} stands under days_off and under working_days")


NIGHT: Final = "a shift over midnight has at most 12 hours"
"""Longer ones are start and end in the wrong order."""


def in_order(start: Time, end: Time) -> bool:
    """*end* is later, is midnight, or comes within twelve hours over midnight."""
    length_min = (60 * (end.hour - start.hour) + end.minute - start.minute) % (24 * 60)
    return start < end or end == Time() < start or 0 < length_min <= 12 * 60


class Day(Strict):
    """A day that ends before it starts, such as 22:00 to 06:00, runs over midnight: its weekday is that of its start."""

    start: Clock = Time(9)
    end: Clock = Time(18)
    breaks: tuple[Span, ...] = ()
    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    holidays: Calendar | None = Field(None, description="Country code of a holiday calendar, such as RU")
    days_off: tuple[Date, ...] = Field((), description="further days without work")
    working_days: tuple[Date, ...] = Field((), description="days of work whatever weekday or holiday they are")

    @model_validator(mode="after")
    def _ordered(self) -> "Day":
        if not self.ordered:
            raise ValueError(f"day.start must be before day.end; {NIGHT}")
        _breaks(self.breaks)
        _either(self.days_off, self.working_days)
        return self

    def of_team(self, own: "TeamDay") -> "Day":
        """This day with what *own* says otherwise; its dates come on top and go first. May be in disorder: see ``ordered``."""
        said = {name: getattr(own, name) for name in OVERRIDDEN if getattr(own, name) is not None}
        if own.holidays == NO_HOLIDAYS:
            said["holidays"] = None
        off = {*own.days_off, *(set(self.days_off) - set(own.working_days))}
        on = {*own.working_days, *(set(self.working_days) - set(own.days_off))}
        return self.model_copy(update={**said, "days_off": tuple(sorted(off)), "working_days": tuple(sorted(on))})

    @property
    def ordered(self) -> bool:
        return in_order(self.start, self.end)

    @property
    def overnight(self) -> bool:
        return self.start > self.end > Time()


OVERRIDDEN: Final = ("start", "end", "breaks", "weekdays", "holidays")


class TeamDay(Strict):
    """What differs from the floor's day; what is left out is the floor's. Its dates come on top of the floor's, and go first."""

    start: Clock | None = None
    end: Clock | None = None
    breaks: tuple[Span, ...] | None = None
    weekdays: tuple[Weekday, ...] | None = None
    holidays: Annotated[str, AfterValidator(_known_or_none)] | None = Field(
        None, description="Country code of a holiday calendar; none: no holidays, whatever the floor has"
    )
    days_off: tuple[Date, ...] = ()
    working_days: tuple[Date, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "TeamDay":
        _breaks(self.breaks or ())
        _either(self.days_off, self.working_days)
        return self


def _half_hour(value: Any) -> Any:
    if not (isinstance(value, str) and re.fullmatch(_HALF_HOUR_PATTERN, value)):
        raise ValueError(f'{value!r} is not the start of a half hour such as "09:30"')
    return value


_HALF_HOUR_PATTERN = r"([01][0-9]|2[0-3]):[03]0"
HalfHour = Annotated[
    str, BeforeValidator(_half_hour), WithJsonSchema({"type": "string", "pattern": rf"^{_HALF_HOUR_PATTERN}$"})
]


def _some_weight(value: dict[str, float]) -> dict[str, float]:
    if value and not any(value.values()):
        raise ValueError("a curve needs a weight above 0")
    return value


CurveWeights = Annotated[
    dict[HalfHour, Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]], AfterValidator(_some_weight)
]
