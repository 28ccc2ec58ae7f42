"""How the forecast of the month moved day by day, and how finished months came out, as values a template places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Final

from services.board.words import Words
from services.rules.money.months import MonthKept, MonthsTold, Told
from services.rules.money.outlook import last_of_month
from services.rules.money.record import exact_interval

WIDTH: Final = 300
HEIGHT: Final = 96
ENOUGH: Final = 6
"""So many finished months make a share worth saying; before that only each by itself."""

Say = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class DayTold:
    day: str
    done: str
    median: str
    interval: str
    chance: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The current month. ``band``, ``line``: points of SVG in a box of ``width`` × ``height``; ``dots``: (x, y) of each day;
    ``plan``: its height."""

    band: str
    line: str
    dots: tuple[tuple[float, float], ...]
    plan: float | None
    label: str
    begins: str
    ends: str
    days: tuple[DayTold, ...]
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class MonthShown:
    month: str
    end: str
    plan: str
    first: str
    middle: str
    late: str
    days: str


@dataclass(frozen=True, slots=True)
class MonthsShown:
    """``said``: the whole record in a sentence, or why there is none."""

    moved: Moved | None
    kept: tuple[MonthShown, ...]
    said: str


def months_view(found: MonthsTold, today: Date, say: Say, w: Words) -> MonthsShown:
    """
    Args:
        say: a sum or a count of ``found.unit``.
    """
    return MonthsShown(
        moved=_moved(found.current, say, w) if found.current else None,
        kept=tuple(_kept(one, say, w) for one in found.kept),
        said=_said(found, today, w),
    )


def _said(found: MonthsTold, today: Date, w: Words) -> str:
    if not found.kept:
        return w("forecast.months.none", day=w.day_short(last_of_month(today) + timedelta(days=1)))
    told = [(one.middle, one.end) for one in found.kept if one.middle is not None]
    if len(told) < ENOUGH:
        return w("forecast.months.hint", n=len(found.kept))
    hit = sum(one.holds(end) for one, end in told)
    low, high = exact_interval(hit, len(told))
    return w(
        "forecast.months.share",
        hit=w("forecast.months.times", n=hit),
        of=w.num(len(told)),
        share=w.share(hit / len(told)),
        low=w.share(low),
        high=w.share(high),
    )


def _moved(told: Sequence[Told], say: Say, w: Words) -> Moved:
    first, last = told[0], told[-1]
    top = 1.08 * max(max(one.high for one in told), last.plan or 0.0, 1.0)
    days = last_of_month(last.date).day

    def x(date: Date) -> float:
        return round(WIDTH * (date.day - 1) / max(1, days - 1), 1)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - max(0.0, value) / top), 1)

    highs = [f"{x(one.date)},{y(one.high)}" for one in told]
    lows = [f"{x(one.date)},{y(one.low)}" for one in reversed(told)]
    label = w(
        "forecast.moved.label_bare" if last.plan is None else "forecast.moved.label",
        first=w.day_short(first.date),
        from_=say(first.median),
        last=w.day_short(last.date),
        to=say(last.median),
        plan="" if last.plan is None else say(last.plan),
    )
    return Moved(
        band=" ".join([*highs, *lows]),
        line=" ".join(f"{x(one.date)},{y(one.median)}" for one in told),
        dots=tuple((x(one.date), y(one.median)) for one in told),
        plan=None if last.plan is None else y(last.plan),
        label=label,
        begins=w.day_short(first.date.replace(day=1)),
        ends=w.day_short(last_of_month(first.date)),
        days=tuple(_day(one, say, w) for one in reversed(told)),
    )


def _day(one: Told, say: Say, w: Words) -> DayTold:
    return DayTold(
        day=w.day_short(one.date),
        done=say(one.done),
        median=say(one.median),
        interval=_between(one, say),
        chance=w("forecast.no_plan") if one.p_plan is None else w.sure(one.p_plan),
    )


def _kept(one: MonthKept, say: Say, w: Words) -> MonthShown:
    plan = "—"
    if one.plan is not None:
        plan = w("forecast.months.met" if one.met else "forecast.months.missed", plan=say(one.plan))
    first, middle, late = (_told(told, one.end, say, w) for told in (one.first, one.middle, one.late))
    return MonthShown(
        month=w("month.name", month=w(f"month.whole.{one.month.month}"), year=one.month.year),
        end=say(one.end),
        plan=plan,
        first=f"{w.day_short(one.first.date)}: {first}",
        middle=middle,
        late=late,
        days=w("forecast.months.of", inside=w.num(one.inside), days=w.num(one.days)),
    )


def _told(one: Told | None, end: int, say: Say, w: Words) -> str:
    if one is None:
        return "—"
    key = "forecast.months.hit" if one.holds(end) else "forecast.months.miss"
    return w(key, median=say(one.median), low=say(one.low), high=say(one.high))


def _between(one: Told, say: Say) -> str:
    low, high = say(one.low), say(one.high)
    return low if low == high else f"{low} – {high}"
