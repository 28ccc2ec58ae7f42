"""Plays the scenarios and counts: time to detect, false alarms, verdicts; and the same by naive limits."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from math import ceil
from statistics import median
from typing import Final

import msgspec
from scipy.special import gammaincinv

from schemas.floor import Floor
from schemas.rows import AlertRow
from services.lab.backtest.alerts import outages
from services.lab.backtest.day import Day
from services.lab.backtest.read import Version
from services.lab.backtest.silent import Silent
from services.lab.outages.naive import naive_alarms
from services.lab.outages.story import SCENARIOS, Scenario, day_of, floor
from services.rules.baselines import Baselines, learn
from services.rules.day import working_day

TODAY: Final = Date(2026, 11, 27)
HISTORY: Final = 28
WEEK_DAYS: Final = 5


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Of one scenario. Minutes from the beginning of the fault; ``verdicts``: verdict of the first right alert → days."""

    scenario: str
    right: str
    days: int
    detected: int
    median_min: float | None
    p90_min: float | None
    verdicts: dict[str, int]
    false_alarms: int
    naive_detected: int
    naive_median_min: float | None
    naive_false_alarms: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """False alarms a floor-week with an exact 95 % interval; of the days and times in which nothing was wrong."""

    seed: int
    days: int
    found: list[Found]
    false_per_week: float
    false_low: float
    false_high: float
    naive_false_per_week: float


def measure(days: int, seed: int, advance: Callable[[int], object] = lambda _: None) -> Report:
    described = floor()
    usual, of_fridays = _learn(described, seed), None
    found = []
    for scenario in SCENARIOS:
        if scenario.name == "quiet Friday":  # here Fridays are like that
            of_fridays = of_fridays or _learn(described, seed, scenario)
        by, past = of_fridays if scenario.name == "quiet Friday" and of_fridays else usual
        found.append(_of(described, scenario, by, past, days, seed))
        advance(days)
    false, naive = sum(one.false_alarms for one in found), sum(one.naive_false_alarms for one in found)
    weeks = days * len(SCENARIOS) / WEEK_DAYS
    low = float(gammaincinv(false, 0.025)) if false else 0.0
    return Report(
        seed=seed,
        days=days,
        found=found,
        false_per_week=false / weeks,
        false_low=low / weeks,
        false_high=float(gammaincinv(false + 1, 0.975)) / weeks,
        naive_false_per_week=naive / weeks,
    )


def _learn(described: Floor, seed: int, fridays: Scenario | None = None) -> tuple[Baselines, list[Version]]:
    days, past = {}, []
    for ago in range(HISTORY, 0, -1):
        date = TODAY - timedelta(days=ago)
        day = working_day(described, date)
        if day.working:
            versions = day_of(seed, date, fridays if date.weekday() == TODAY.weekday() else None)
            days[date] = Day(described, day, versions).traffic.summary(day.ends)
            past = versions
    return learn(described, days), past


def _of(described: Floor, scenario: Scenario, by: Baselines, past: list[Version], days: int, seed: int) -> Found:
    verdicts: Counter[str] = Counter()
    times: list[float] = []
    naive_times: list[float] = []
    false = naive_false = 0
    start = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) + timedelta(minutes=scenario.span[0])
    end = start + timedelta(minutes=scenario.span[1] - scenario.span[0] + 30)
    for number in range(days):
        versions = day_of(seed + 1 + number, TODAY, scenario)
        rows = outages(
            described,
            Day(described, working_day(described, TODAY), versions, {}, by),
            Silent(described, [*past, *versions], lambda _: by),
        )
        own = sorted((row for row in rows if scenario.verdict and start <= row.fired_at <= end), key=_first(scenario))
        if own:
            verdicts[own[0].verdict] += 1
            times.append((own[0].fired_at - start).total_seconds() / 60)
        elif scenario.verdict:
            verdicts["nothing"] += 1
        false += len(rows) - len(own)
        alarms = naive_alarms(versions)
        hits = [at for at in alarms if scenario.verdict and start <= at <= end]
        naive_times += [(min(hits) - start).total_seconds() / 60] if hits else []
        naive_false += len(alarms) - len(hits)
    return Found(
        scenario=scenario.name,
        right=scenario.verdict or "nothing",
        days=days,
        detected=len(times),
        median_min=median(times) if times else None,
        p90_min=sorted(times)[ceil(0.9 * len(times)) - 1] if times else None,
        verdicts=dict(sorted(verdicts.items())),
        false_alarms=false,
        naive_detected=len(naive_times),
        naive_median_min=median(naive_times) if naive_times else None,
        naive_false_alarms=naive_false,
    )


def _first(scenario: Scenario) -> Callable[[AlertRow], tuple[datetime, bool]]:
    """The earliest alert is the one that is heard; of several at one moment the right one."""
    return lambda row: (row.fired_at, row.verdict != scenario.verdict)
