"""How finished months came out, by hand; and the month as it is foretold at the day's last close."""

from datetime import date, timedelta

import pytest

from schemas.floor import Floor, parse
from services.rules.closing import Evidence, close
from services.rules.day import working_day
from services.rules.memory import Memory
from services.rules.money.books import Books, InvoiceGroup, PaymentGroup
from services.rules.money.months import Told, months_told
from services.rules.money.outlook import lag_of, last_of_month, outlooks, scheduled_min
from tests.services.rules.stories import MONDAY, floor

TODAY = date(2026, 11, 23)


def told(day: date, median: int, width: int = 10, plan: float | None = 100.0) -> Told:
    return Told(day, 0, plan, median, median - width, median + width, None if plan is None else 0.5)


def test_a_finished_month_by_hand() -> None:
    """October ended at 95: the first forecast missed it, the middle and the late one held it; the plan was not reached."""
    october = [
        told(date(2026, 10, 1), 120),
        told(date(2026, 10, 14), 100),
        told(date(2026, 10, 16), 140),
        told(date(2026, 10, 23), 98),
        told(date(2026, 10, 30), 95, 0),
    ]
    found = months_told("payments", [*october, told(TODAY, 70)], {date(2026, 10, 1): 95}, TODAY)

    assert [one.date for one in found.current] == [TODAY]
    (one,) = found.kept
    assert (one.month, one.end, one.days, one.inside, one.met) == (date(2026, 10, 1), 95, 5, 3, False)
    assert (one.first, one.middle, one.late) == (october[0], october[1], october[3])


def test_a_month_that_runs_is_not_judged() -> None:
    """Whatever was foretold: nothing is over."""
    found = months_told("minor", [told(date(2026, 11, 2), 5), told(TODAY, 6)], {}, TODAY)
    assert (len(found.current), found.kept) == (2, ())


def test_months_are_told_the_newest_first_and_one_that_began_late_has_no_middle() -> None:
    """Forecasts since the 20th of September; nothing was paid in August: the end is 0."""
    kept = [told(date(2026, 8, 3), 50, plan=None), told(date(2026, 9, 20), 5)]
    found = months_told("minor", kept, {date(2026, 9, 1): 7}, TODAY)
    september, august = found.kept
    assert (september.month.month, september.end, september.middle, september.late) == (9, 7, None, kept[1])
    assert (august.end, august.met, august.inside) == (0, None, 0)


def test_minutes_of_people_alike_are_counted_once_and_rightly() -> None:
    """Ten of eight hours, one of two on Mondays and Wednesdays, one on leave, one who has left."""
    described = floor(
        "agents: ["
        + ", ".join(f"{{id: a{n}, team: hunters}}" for n in range(10))
        + ', {id: part, team: hunters, shifts: [{weekdays: [mon, wed], start: "10:00", end: "12:00"}]}'
        + ", {id: away, team: farmers, absent: [2026-11-23]}, {id: gone, team: farmers, until: 2026-11-20}]"
    )
    found = scheduled_min(described, date(2026, 11, 20), MONDAY + timedelta(days=1))
    assert found == {
        date(2026, 11, 20): {"hunters": 4800.0, "farmers": 960.0},
        MONDAY: {"hunters": 4920.0, "farmers": 0.0},
        MONDAY + timedelta(days=1): {"hunters": 4800.0, "farmers": 480.0},
    }


@pytest.mark.parametrize(("day", "last"), [(date(2026, 2, 3), 28), (date(2028, 2, 29), 29), (date(2026, 12, 31), 31)])
def test_the_last_of_a_month(day: date, last: int) -> None:
    assert last_of_month(day) == day.replace(day=last)


FLOOR: Floor = parse(
    """
timezone: Europe/Moscow
currency: RUB
day: {start: "09:00", end: "18:00", breaks: ["13:00-14:00"]}
slices: ["11:00", "13:00", "16:00", "18:00"]
teams: [{id: hunters}, {id: farmers}]
agents: [{id: ivan, team: hunters}, {id: olga, team: farmers}]
norms: [{for: {floor: main}, per_day: {payments: 3}}]
plan: [{for: {floor: main}, month: 2026-11, payments: 200}]
"""
)


def books(payments: int = 3) -> Books:
    """Three weeks of ten invoices a day, half of them paid next day."""
    days = [MONDAY - timedelta(days=ago) for ago in range(1, 22)]
    return Books(
        [InvoiceGroup("hunters", day, day + timedelta(days=1), "RUB", None, 5) for day in days]
        + [InvoiceGroup("hunters", day, None, "RUB", 10_000, 5) for day in days],
        [PaymentGroup("hunters", day, "RUB", payments, payments, 10_000 * payments, 1e8 * payments, 0) for day in days],
    )


def test_the_last_close_of_a_day_foretells_the_month() -> None:
    """Of the floor and its teams, in count and in money, as the outlook says at the cut-off; other closes keep nothing."""
    day, known = working_day(FLOOR, MONDAY), books()
    at_last = close(FLOOR, MONDAY, day.cut_offs[-1], Evidence({}, {}, books=known), Memory())
    before = close(FLOOR, MONDAY, day.cut_offs[0], Evidence({}, {}), Memory())

    assert before.months == []
    assert [(row.scope, row.unit) for row in at_last.months] == [
        (scope, unit) for scope in ("floor:main", "team:hunters") for unit in ("payments", "minor")
    ]
    whole = outlooks(FLOOR, day, {}, known, lag_of(known, MONDAY), day.cut_offs[-1].at)[0].month.count
    row = at_last.months[0]
    assert whole is not None
    assert (row.median, row.low, row.high, row.plan, row.p_plan) == (
        whole.median,
        whole.low,
        whole.high,
        200.0,
        pytest.approx(whole.p_plan, abs=1e-6),
    )
    assert close(FLOOR, MONDAY, day.cut_offs[-1], Evidence({}, {}, books=known), Memory()).months == at_last.months


def test_what_is_too_little_is_the_floor_files_to_say() -> None:
    """With ten payments asked for, six tell no amounts; with five they do."""
    few = Books(books().invoices, [PaymentGroup("hunters", MONDAY - timedelta(days=1), "RUB", 6, 6, 60_000, 6e8, 0)])
    less = FLOOR.model_copy(update={"forecast": FLOOR.forecast.model_copy(update={"min_payments": 5})})
    day = working_day(FLOOR, MONDAY)
    found = [outlooks(of, day, {}, few, lag_of(few, MONDAY), day.cut_offs[-1].at)[0].month for of in (FLOOR, less)]
    assert [one.missing for one in found] == [("amounts",), ()]
    assert found[0].count == found[1].count
