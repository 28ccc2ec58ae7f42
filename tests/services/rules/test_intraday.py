"""Curves of the day, calculated by hand."""

from datetime import date as Date
from datetime import timedelta

import pytest

from schemas.floor import parse
from services.rules.day import bin_edges, working_day
from services.rules.history import AgentDay, bin_of, clock_of, standard_bins
from services.rules.intraday import Curve, curves
from services.rules.spans import at
from tests.services.rules.stories import instant

MONDAY = Date(2026, 9, 7)
FLOOR = parse("""
timezone: Europe/Moscow
day: {start: "09:00", end: "11:00", breaks: ["09:30-09:45"]}
judgement: {overdispersion: 1}
teams: [{id: a}]
agents: [{id: x, team: a}]
""")
NINE = {18: 30.0, 19: 15.0, 20: 30.0, 21: 30.0}
"""The standard shift: 09:00 … 11:00 without a quarter of an hour."""


def days(counts: dict[int, int], exposed: dict[int, float] = NINE, number: int = 20) -> list[AgentDay]:
    return [AgentDay("x", MONDAY + timedelta(days=n), {"calls": counts}, exposed) for n in range(number)]


def calls(found: list[Curve]) -> Curve:
    return next(one for one in found if one.step == "calls")


def test_bins_of_the_shift() -> None:
    """Half hours of the wall clock, breaks taken out."""
    day = working_day(FLOOR, Date(2026, 11, 23))
    assert standard_bins(day, FLOOR.zone) == NINE
    assert [clock_of(number) for number in (0, 18, 47)] == ["00:00", "09:00", "23:30"]
    assert bin_of(instant("09:29"), FLOOR.zone) == 18
    assert bin_of(instant("09:30"), FLOOR.zone) == 19


@pytest.mark.parametrize(("date", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)])
def test_bins_fill_the_day_when_the_clock_changes(date: str, hours: int) -> None:
    """No bin is negative, and together they are the day."""
    berlin = FLOOR.model_copy(update={"timezone": "Europe/Berlin"})
    berlin.__dict__.pop("zone", None)
    day = working_day(berlin, Date.fromisoformat(date))
    edges = bin_edges(day.date, berlin.zone)
    assert list(edges) == sorted(edges)
    assert (edges[0], edges[-1]) == (at(day.starts), at(day.ends))
    assert (edges[-1] - edges[0]) / 3600 == hours


def test_a_curve_by_hand() -> None:
    """20 days of 30, 15, 30, 60 calls: 2700 in 2100 minutes. Pace per minute against 9/7: 7/9, 7/9, 7/9, 14/9; hardly
    shrunk by so many; the mean over the shift is 1."""
    found = calls(curves(FLOOR, days({18: 30, 19: 15, 20: 30, 21: 60}), NINE))
    raw = [
        (6.25 + done * 20) / (6.25 + 2700 / 2100 * NINE[n] * 20) for n, done in ((18, 30), (19, 15), (20, 30), (21, 60))
    ]
    mean = sum(weight * minutes for weight, minutes in zip(raw, NINE.values(), strict=True)) / 105
    assert list(found.weights) == ["09:00", "09:30", "10:00", "10:30"]
    assert list(found.weights.values()) == pytest.approx([weight / mean for weight in raw])
    assert list(found.weights.values()) == pytest.approx([7 / 9, 7 / 9, 7 / 9, 14 / 9], abs=0.01)
    assert (found.days, found.events, found.flat) == (20, 2700, ())


def test_the_norm_of_a_whole_day_stays() -> None:
    """Σ w·a° = Σ a°: a full standard shift owes the whole norm whatever the curve."""
    found = calls(curves(FLOOR, days({18: 3, 20: 1, 21: 9}), NINE))
    assert sum(w * minutes for w, minutes in zip(found.weights.values(), NINE.values(), strict=True)) == pytest.approx(
        105
    )


def test_part_shifts_do_not_bend_the_curve() -> None:
    """Half of the people go home at ten: the later half hours have half the calls and half the minutes; flat."""
    half = {18: 30.0, 19: 15.0}
    found = calls(curves(FLOOR, days({18: 30, 19: 15, 20: 30, 21: 30}) + days({18: 30, 19: 15}, half), NINE))
    assert list(found.weights.values()) == pytest.approx([1.0] * 4)


def test_a_bin_without_exposure_stays_flat() -> None:
    """Nobody worked from 10:30: nothing is known of it, so it is as the rest."""
    found = calls(curves(FLOOR, days({18: 30, 19: 15, 20: 30}, {18: 30.0, 19: 15.0, 20: 30.0}), NINE))
    assert list(found.weights.values()) == pytest.approx([1.0] * 4)


@pytest.mark.parametrize(
    ("number", "count", "why"), [(19, 50, ("few_days",)), (20, 4, ("few_events",)), (2, 1, ("few_days", "few_events"))]
)
def test_flat_until_learned(number: int, count: int, why: tuple[str, ...]) -> None:
    """Too few days or results make no curve."""
    found = calls(curves(FLOOR, days({18: count}, number=number), NINE))
    assert (set(found.weights.values()), found.flat) == ({1.0}, why)
