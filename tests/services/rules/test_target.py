"""What is due by an instant: by hand, by laws, and the same number everywhere."""

from datetime import UTC, datetime
from datetime import date as Date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.floor import Floor, parse
from services.rules.day import WorkingDay, working_day
from services.rules.exposure import Exposure, exposure, scheduled
from services.rules.forecast import course
from services.rules.sources import loads
from services.rules.spans import EMPTY, Spans, at
from services.rules.target import due, dues
from services.rules.tasks import next_due

MONDAY = Date(2026, 9, 7)


def described(curve: str = "", zone: str = "Europe/Moscow", more: str = "") -> Floor:
    return parse(f"""
timezone: {zone}
day: {{start: "09:00", end: "13:00", breaks: ["10:00-10:30"], weekdays: [mon, tue, wed, thu, fri, sat, sun]}}
slices: ["10:00", "11:15", "13:00"]
{curve}
teams: [{{id: a}}]
agents:
  - {{id: x, team: a, identities: {{pbx: "1"}}{more}}}
norms: [{{for: {{team: a}}, per_day: {{calls: 70, payments: 7}}}}]
sources: [{{id: pbx, provider: generic}}]
""")


CURVE = 'curves: {calls: {"09:00": 2, "11:00": 0.5}}'
"""Minutes of the shift: 60 at 2 and 1, none, 30 each at 1, 0.5, 1, 1, 1: weighted 60 + 30 + 30 + 15 + 90 = 225."""


def local(clock: str, date: Date = MONDAY, zone: str = "Europe/Moscow") -> datetime:
    return datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=described(zone=zone).zone).astimezone(UTC)


def calls(day: WorkingDay, clock: str, spans: Spans | None = None) -> float:
    return due(70, "calls", day.standard if spans is None else spans, day, day.starts, local(clock))


@pytest.mark.parametrize(
    ("clock", "weighted"),
    [("09:00", 0), ("09:15", 30), ("09:30", 60), ("10:15", 90), ("11:15", 127.5), ("12:00", 165), ("23:00", 225)],
)
def test_a_curve_by_hand(clock: str, weighted: float) -> None:
    """A bin cut by the instant counts in part, a half hour nobody names weighs 1, breaks weigh nothing."""
    day = working_day(described(CURVE), MONDAY)
    assert day.standard_of("calls") == 225
    assert calls(day, clock) == pytest.approx(70 * weighted / 225)
    assert due(7, "payments", day.standard, day, day.starts, day.ends) == 7.0


def test_a_part_shift_owes_what_its_half_hours_weigh() -> None:
    """Who comes at 11:00 owes less than half: the best hour is gone."""
    floor = described(CURVE, more=', shifts: [{weekdays: [mon], start: "11:00", end: "12:00"}]')
    day = working_day(floor, MONDAY)
    spans = scheduled(floor, day, floor.agents[0])
    assert calls(day, "23:00", spans) == pytest.approx(70 * 45 / 225)


@pytest.mark.parametrize(
    ("date", "minutes", "weighted"),
    [
        (Date(2026, 3, 29), 180, 180 + 30),
        (Date(2026, 10, 25), 300, 300 + 30),
        (Date(2026, 10, 26), 240, 240 + 30),
    ],
    ids=["hour skipped", "hour repeated", "ordinary"],
)
def test_days_on_which_the_clock_is_changed(date: Date, minutes: float, weighted: float) -> None:
    """01:00–05:00 in Berlin lasts three hours in March, five in October; a half hour that weighs 2 is still that half hour."""
    floor = parse("""
timezone: Europe/Berlin
day: {start: "01:00", end: "05:00", weekdays: [mon, sun]}
slices: ["02:30", "03:30", "05:00"]
curves: {calls: {"04:00": 2}}
teams: [{id: a}]
""")
    day = working_day(floor, date)
    assert (day.standard_min, day.standard_of("calls")) == (minutes, weighted)
    assert due(8, "calls", day.standard, day, day.starts, day.ends) == 8.0
    four = datetime.fromisoformat(f"{date}T04:00").replace(tzinfo=floor.zone)
    assert due(8, "calls", day.standard, day, day.starts, four) == pytest.approx(8 * (minutes - 60) / weighted)


def test_a_flat_curve_is_no_curve() -> None:
    """Weights of 1 give what no weights give."""
    flat = working_day(described('curves: {calls: {"09:00": 1, "12:30": 1}}'), MONDAY)
    none = working_day(described(), MONDAY)
    for clock in ("09:10", "10:10", "12:59"):
        assert calls(flat, clock) == pytest.approx(calls(none, clock))


def test_a_shift_in_which_nothing_weighs_is_shared_out_evenly() -> None:
    """A curve that is 0 for the whole shift says nothing about it."""
    zeros = ", ".join(f'"{hour:02}:{half}": 0' for hour in range(9, 13) for half in ("00", "30"))
    day = working_day(described(f"curves: {{calls: {{{zeros}, 15:00: 1}}}}"), MONDAY)
    assert calls(day, "23:00") == 70.0


@pytest.mark.parametrize(
    ("per_day", "clock", "expected"),
    [(70, "09:30", 10), (70, "10:00", 20), (70, "10:30", 20), (7, "09:12", 0.4), (0, "13:00", 0), (70, "13:00", 70)],
)
def test_even_targets_by_hand(per_day: float, clock: str, expected: float) -> None:
    """Seventy a day of 210 minutes are one in three minutes; nothing is rounded."""
    day = working_day(described(), MONDAY)
    assert due(per_day, "calls", day.standard, day, day.starts, local(clock)) == pytest.approx(expected)


WEIGHTS = st.dictionaries(
    st.sampled_from([f"{hour:02}:{half}" for hour in range(8, 14) for half in ("00", "30")]),
    st.floats(0, 5),
    max_size=8,
)


@given(WEIGHTS, st.floats(0, 240), st.floats(0, 240))
def test_laws(weights: dict[str, float], one: float, other: float) -> None:
    """The whole shift owes the norm; intervals add up; nothing is ever due backwards."""
    floor = described().model_copy(update={"curves": {"calls": weights}})
    day = working_day(floor, MONDAY)
    first, second = sorted((one, other))
    nine = at(local("09:00"))
    instants = [datetime.fromtimestamp(nine + 60 * after, UTC) for after in (first, second)]
    parts = [
        due(70, "calls", day.standard, day, start, end)
        for start, end in ((day.starts, instants[0]), (instants[0], instants[1]), (instants[1], day.ends))
    ]
    assert all(part >= 0 for part in parts)
    assert sum(parts) == pytest.approx(70)


def test_everything_says_the_same() -> None:
    """Dues of all steps, course of the forecast, next task and load of the source go by the curve."""
    floor = described(CURVE)
    day, agent, now = working_day(floor, MONDAY), floor.agents[0], local("10:00")
    own: Exposure = exposure(scheduled(floor, day, agent), day, (), EMPTY)
    norms = {"calls": 70.0, "payments": 7.0}
    by_ten = dues(norms, own.net, day, day.starts, now)  # type: ignore[arg-type]
    assert by_ten == {"calls": pytest.approx(70 * 90 / 225), "payments": pytest.approx(7 * 60 / 210)}
    found = course(10, 70, own, day, now, "calls")
    assert (found.expected, found.ahead, found.planned) == pytest.approx((28, 42, 70))
    assert course(10, 70, own, day, now).expected == pytest.approx(20)
    ahead = next_due(floor, agent, day, day.cut_offs[0], "calls")
    assert ahead is not None
    assert ahead[1] == pytest.approx(70 * 37.5 / 225)
    assert loads(floor, day)["pbx"].expected(day.starts, now) == pytest.approx(28)
