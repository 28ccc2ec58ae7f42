"""What detectors look at in full is never less than what they would call bad, and "enough traffic" is said alike (ADR 0036)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.floor import Floor, parse
from services.rules import paths
from services.rules.baselines import Baselines, DaySummary, learn, summary
from services.rules.detectors import answer_rate, bad_numbers, no_progress, short_calls, workplace_audio
from services.rules.detectors.answer_rate import Totals
from services.rules.detectors.windowed import Prospects, Signal
from services.rules.paths import ANSWERED, ATTEMPTS, FAILED, Call, Cells, Path
from services.rules.series import Series, series_of

TEXT = """
timezone: UTC
day: {start: "09:00", end: "18:00"}
slices: ["11:00", "14:00", "18:00"]
teams: [{id: t}]
agents: [{id: a0, team: t}, {id: a1, team: t}, {id: a2, team: t}, {id: a3, team: t}]
sources:
  - {id: pbx, provider: generic, secrets: {signing: {env: S}}, feeds: [calls]}
outages: {OUTAGES}
"""
PLAIN = parse(TEXT.replace("OUTAGES", ""))
OTHER = parse(
    TEXT.replace(
        "OUTAGES",
        "short_calls: {bins: 2, thin_bins: 1, min_answered: 5}, no_progress: {min_attempts: 8, min_answered: 9},"
        " answer_rate: {bins: [2, 5], rest_bins: 3, min_attempts: 20, rest_attempts: 10}",
    )
)
TODAY = date(2026, 11, 23)
KNOWN = ("pbx/l0", "pbx/l1")


def cells_of(seed: int, when: date, lines: tuple[str, ...], gap_s: int, wild: bool) -> Cells:
    """Three hours of four agents; a *wild* day changes its ways every quarter of an hour, line by line."""
    random, cells = Random(f"{seed}|{when}"), Cells()
    starts, ways = datetime(when.year, when.month, when.day, 9, tzinfo=UTC), dict[tuple[str, int], tuple[float, ...]]()
    calls = []
    for second in range(1, 3 * 3600, gap_s):
        line = random.choice(lines)
        usual = (0.3, 0.02, 0.02, 0.25, 5.0)
        way = ways.setdefault((line, second // 900), tuple(random.choice((u, u, 0.0, 3 * u)) for u in usual))
        answered, failed, stuck, short, ring = way if wild else usual
        took = random.random() < answered
        calls.append(
            Call(
                at=starts + timedelta(seconds=second), line=line, did=f"d{random.randrange(2)}" + line[-1],
                campaign=f"c{random.randrange(2)}", agent=f"a{random.randrange(4)}", answered=took,
                failed=not took and random.random() < failed, stuck=not took and random.random() < stuck,
                short=took and random.random() < short, long=False,
                bad=not took and random.random() < (0.3 if wild and way[1] else 0.03),
                ring=min(13, int(random.expovariate(1 / (ring + 0.1)))) if took else -1,
            )
        )  # fmt: skip
    paths.put(cells, calls)
    return cells


def learned(floor: Floor) -> Baselines:
    days = [TODAY - timedelta(days=n) for n in range(1, 15)]
    return learn(floor, {one: DaySummary(summary(floor, cells_of(0, one, KNOWN, 20, False), UTC)) for one in days})


USUAL = {"plain": learned(PLAIN), "other": learned(OTHER), "none": learn(PLAIN, {})}


def alike(seen: Prospects, signal: Callable[[int], Signal | None], own: Series, bins: range) -> None:
    for number in bins:
        place, found = number - own.first, signal(number)
        assert (found is not None) == seen.enough[place]
        assert found is None or not found.bad or seen.bad[place]


@pytest.mark.parametrize("usual", USUAL)
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32), gap_s=st.sampled_from((5, 15, 40)), lines=st.sampled_from((KNOWN, (*KNOWN, "pbx/new")))
)
def test_no_bad_window_is_passed_over(usual: str, seed: int, gap_s: int, lines: tuple[str, ...]) -> None:
    by = USUAL[usual]
    cells = cells_of(seed, TODAY, lines, gap_s, True)
    bins = range(min(cells), max(cells) + 1)
    series = series_of(cells, bins[0], bins[-1])
    hours = [paths.hour_of(number, UTC) for number in bins]
    shared: list[Path] = [path for path in series if path[0] != "agent"]
    for path in shared:
        answer_rate.expectation(path, series[path], by, hours)
    totals = totals_of(series)
    for path in shared:
        own = series[path]
        seen: Any = answer_rate.prospects(path, own, totals, by)
        alike(seen, lambda n, p=path, o=own: answer_rate.signal(p, o, totals, n, by, 1), own, bins)  # type: ignore[misc]
        if path[0] == "campaign":
            seen = bad_numbers.prospects(path, own, hours, by)
            alike(seen, lambda n, p=path, o=own: bad_numbers.signal(p, o, cells, n, by, 1), own, bins)  # type: ignore[misc]
        if path[0] == "line":
            seen = no_progress.prospects(path, own, hours, by)
            alike(seen, lambda n, p=path, o=own: no_progress.signal(p, o, n, by), own, bins)  # type: ignore[misc]
            seen = short_calls.prospects(path, own, hours, by)
            alike(seen, lambda n, p=path, o=own: short_calls.signal(p, o, cells, n, by, 1), own, bins)  # type: ignore[misc]
    for path in (path for path in series if path[0] == "agent"):
        own, line = series[path], lines[0]
        seen = workplace_audio.prospects(path, own, line, hours, by)
        for number in np.flatnonzero(np.diff(own.total[:, ANSWERED])).tolist():
            found = workplace_audio.signal(path, own, series["line", line], line, bins[number], by)
            assert (found is not None) == seen.enough[number]
            assert found is None or not found.bad or seen.bad[number]


def totals_of(series: dict[Path, Series]) -> Totals:
    lines = [one for path, one in series.items() if path[0] == "line"]
    zero = np.zeros(len(lines[0].total))
    return Totals(
        sum(((one.total[:, ATTEMPTS] - one.total[:, FAILED]).astype(np.float64) for one in lines), zero),
        sum((one.total[:, ANSWERED].astype(np.float64) for one in lines), zero),
        sum((one.expected["answered"] for one in lines), zero),
    )
