"""Tasks: when the next slice is, the order of verification, the last chance, escalation."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from scipy import stats

from schemas.floor import Floor
from schemas.floor.judgement import Judgement
from schemas.steps import Step, TaskResult
from services.rules.day import CutOff, working_day
from services.rules.tasks import (
    Case,
    Since,
    Task,
    Verified,
    escalate,
    is_last_chance,
    next_due,
    open_task,
    recheck_on,
    required,
    verify,
)
from tests.services.rules.stories import MONDAY, floor, instant

FRIDAY, NEXT_MONDAY = date(2026, 11, 27), date(2026, 11, 30)
BY = Judgement(overdispersion=1)

PEOPLE = """agents:
  - {id: ivan, team: hunters}
  - {id: petr, team: farmers, shifts: [{weekdays: [mon, wed], start: "10:00", end: "12:00"}]}
  - {id: zoya, team: hunters, absent: [2026-11-30, 2026-12-01]}
  - {id: last, team: hunters, until: 2026-11-27}
"""


def cut_of(of: Floor, name: str, on: date = MONDAY) -> CutOff:
    return next(cut for cut in working_day(of, on).cut_offs if cut.name == name)


@pytest.mark.parametrize(
    ("agent", "on", "after", "wanted"),
    [
        ("ivan", MONDAY, "11:00", (instant("13:00"), 20.0)),
        ("ivan", MONDAY, "13:00", (instant("16:00"), 20.0)),
        ("ivan", MONDAY, "18:00", (instant("11:00", date(2026, 11, 24)), 20.0)),
        ("ivan", FRIDAY, "18:00", (instant("11:00", NEXT_MONDAY), 20.0)),
        ("petr", MONDAY, "11:00", (instant("13:00"), 10.0)),
        ("petr", MONDAY, "13:00", (instant("11:00", date(2026, 11, 25)), 10.0)),
        ("petr", date(2026, 11, 25), "18:00", (instant("11:00", NEXT_MONDAY), 10.0)),
        ("zoya", FRIDAY, "18:00", (instant("11:00", date(2026, 12, 2)), 20.0)),
        ("last", FRIDAY, "16:00", (instant("18:00", FRIDAY), 20.0)),
        ("last", FRIDAY, "18:00", None),
    ],
)
def test_the_next_slice_of_an_agent(agent: str, on: date, after: str, wanted: tuple[datetime, float] | None) -> None:
    """Later today, else the first slice of the next day the agent works: over weekends, part-time and leave."""
    described = floor(PEOPLE)
    found = next_due(
        described, described.agent_by_id[agent], working_day(described, on), cut_of(described, after, on), "calls"
    )
    assert found == (wanted and (wanted[0], pytest.approx(wanted[1])))


def test_holidays_are_passed_over() -> None:
    """Tuesday evening before Unity Day: the next slice is on Thursday."""
    described = floor(day='start: "09:00", end: "18:00", holidays: RU')
    tuesday = date(2026, 11, 3)
    found = next_due(
        described, described.agents[0], working_day(described, tuesday), cut_of(described, "18:00", tuesday), "calls"
    )
    assert found is not None
    assert found[0] == instant("11:00", date(2026, 11, 5))


def test_lunch_alone_is_no_slice() -> None:
    """A slice in which nobody is due is not the next one."""
    described = floor(slices='["11:00", "13:00", "14:00", "18:00"]')
    found = next_due(
        described, described.agents[0], working_day(described, MONDAY), cut_of(described, "13:00"), "calls"
    )
    assert found == (instant("18:00"), pytest.approx(40.0))


@pytest.mark.parametrize(
    ("per_day", "target"), [(80, 20), (81, 21), (8, 2), (2, 1), (0.4, 1), (0, None), (120.000000001, 30)]
)
def test_a_target_is_the_next_slices_norm_rounded_up(per_day: float, target: int | None) -> None:
    """ceil(Λ of the next interval), at least one; a ceil of a rounding error is none; nothing due makes no task."""
    described = floor(norms=f"norms: [{{for: {{floor: main}}, per_day: {{calls: {per_day}}}}}]")
    task = open_task(
        described,
        described.agents[0],
        working_day(described, MONDAY),
        cut_of(described, "11:00"),
        "calls",
        {"why": "rate"},
    )
    assert (task and task.target) == target
    if task:
        assert (task.opened, task.due, task.date, task.slice) == (instant("11:00"), instant("13:00"), MONDAY, "11:00")
        assert task.evidence["why"] == "rate"


def task(target: int = 11, step: Step = "calls") -> Task:
    return Task("t1", MONDAY, "11:00", "ivan", "hunters", step, instant("11:00"), instant("13:00"), target)


def p_below(done: int, expected: float) -> float:
    return float(stats.gamma.cdf(0.9, 6.25 + done, scale=1 / (6.25 + expected)))


@pytest.mark.parametrize(
    ("done", "expected", "technical", "result"),
    [
        (11, 10, 0.25, "invalidated"),
        (0, 1, 0.25, "invalidated"),
        (11, 10, 0.2499, "done"),
        (11, 2.9, 0.0, "done"),
        (10, 2.9, 0.0, "not_enough_data"),
        (10, 3 - 1e-10, 0.0, "done"),
        (0, 3 - 1e-6, 0.0, "not_enough_data"),
        (0, 3, 0.0, "not_done"),
        (11, 30, 0.0, "done"),
        (10, 10, 0.0, "done"),
        (9, 10, 0.0, None),
        (7, 10, 0.0, None),
        (6, 10, 0.0, "not_done"),
        (0, 10, 0.0, "not_done"),
    ],
)
def test_the_order_of_verification(done: int, expected: float, technical: float, result: TaskResult | None) -> None:
    """invalidated → not_enough_data unless the issued target is met → done → not_done → carried."""
    found = verify(task(), Since(done, expected, technical), instant("13:00"), trusted=True, last_chance=False, by=BY)
    assert found == result


def test_the_probabilities_behind_the_order() -> None:
    """Done at P(M ≥ 0.9) ≥ 0.6 without the target, not done at P(M < 0.9) ≥ 0.75, in between carried."""
    assert 1 - p_below(10, 10) >= 0.6 > 1 - p_below(9, 10)
    assert p_below(7, 10) < 0.75 <= p_below(6, 10)


@pytest.mark.parametrize(
    ("done", "result"), [(10, "done"), (9, "not_enough_data"), (7, "not_enough_data"), (6, "not_done")]
)
def test_the_last_chance_ends_what_would_be_carried(done: int, result: TaskResult) -> None:
    """At the end of the next working day an open question is closed without a verdict; clear ones keep theirs."""
    assert verify(task(), Since(done, 10, 0), instant("13:00"), trusted=True, last_chance=True, by=BY) == result


@pytest.mark.parametrize(
    ("done", "technical", "last", "result"),
    [
        (11, 0.0, False, "done"),
        (10, 0.0, False, None),
        (0, 0.0, False, None),
        (0, 0.0, True, "not_enough_data"),
        (0, 0.3, False, "invalidated"),
    ],
)
def test_nobody_fails_on_bad_data(done: int, technical: float, last: bool, result: TaskResult | None) -> None:
    """Without trust a met target is believed; a missed one is carried, and at the last chance left open."""
    assert (
        verify(task(), Since(done, 10, technical), instant("13:00"), trusted=False, last_chance=last, by=BY) == result
    )


def test_a_carried_task_asks_for_what_has_become_due() -> None:
    """The target grows with the time it is carried, and never falls below the issued one."""
    assert required(task(10), Since(0, 25.5, 0), instant("13:00")) == 10
    assert required(task(10), Since(0, 25.5, 0), instant("16:00")) == 26
    assert required(task(10), Since(0, 4.0, 0), instant("16:00")) == 10


@pytest.mark.parametrize(
    ("agent", "opened", "now", "slice_", "last"),
    [
        ("ivan", MONDAY, MONDAY, "18:00", False),
        ("ivan", MONDAY, date(2026, 11, 24), "16:00", False),
        ("ivan", MONDAY, date(2026, 11, 24), "18:00", True),
        ("ivan", MONDAY, date(2026, 11, 25), "11:00", True),
        ("ivan", FRIDAY, NEXT_MONDAY, "16:00", False),
        ("ivan", FRIDAY, NEXT_MONDAY, "18:00", True),
        ("petr", MONDAY, date(2026, 11, 24), "18:00", False),
        ("petr", MONDAY, date(2026, 11, 25), "18:00", True),
        ("zoya", FRIDAY, NEXT_MONDAY, "18:00", False),
        ("zoya", FRIDAY, date(2026, 12, 2), "18:00", True),
    ],
)
def test_the_last_chance(agent: str, opened: date, now: date, slice_: str, last: bool) -> None:
    """The last cut-off of the agent's own next working day, and ever after."""
    described = floor(PEOPLE)
    given = replace(task(), date=opened)
    day = working_day(described, now)
    found = is_last_chance(described, described.agent_by_id[agent], given, day, cut_of(described, slice_, now))
    assert found is last


def test_who_left_the_roster_has_no_further_chance() -> None:
    """A task of somebody unknown is closed at once."""
    described = floor()
    assert is_last_chance(described, None, task(), working_day(described, MONDAY), cut_of(described, "13:00"))


def verified(result: TaskResult) -> Verified:
    return Verified(task(), instant("13:00"), result, 4, 10.0, result == "done", 0.7)


def case(
    result: TaskResult,
    *,
    hard: bool = False,
    lagging: bool = False,
    not_done: int = 0,
    in_vain: int = 0,
    open_: bool = False,
) -> Case | None:
    described = floor()
    cut = cut_of(described, "13:00")
    return escalate(verified(result), hard, lagging, not_done, in_vain, open_, floor=described, date=MONDAY, cut=cut)


def test_two_failures_and_hard_call_the_trainer() -> None:
    """Two tasks not done on the step, and hard at that moment; re-check in five working days."""
    found = case("not_done", hard=True, lagging=True, not_done=2)
    assert found is not None
    assert (found.reason, found.step, found.agent) == ("not_done_twice", "calls", "ivan")
    assert (found.opened, found.recheck_on) == (instant("13:00"), NEXT_MONDAY)


def test_done_without_result_calls_the_trainer() -> None:
    """A target met twice running, and still soundly below."""
    found = case("done", lagging=True, in_vain=2)
    assert found is not None
    assert found.reason == "done_without_result"


@pytest.mark.parametrize(
    "found",
    [
        case("not_done", hard=True, lagging=True, not_done=1),
        case("not_done", hard=False, lagging=True, not_done=3),
        case("not_done", hard=True, lagging=True, not_done=2, open_=True),
        case("invalidated", hard=True, lagging=True, not_done=2),
        case("not_enough_data", hard=True, lagging=True, not_done=2),
        case("done", hard=True, lagging=True, not_done=2),
        case("done", lagging=True, in_vain=1),
        case("done", lagging=True, in_vain=2, open_=True),
        case("done", lagging=False, in_vain=2),
    ],
)
def test_what_calls_no_trainer(found: Case | None) -> None:
    """One failure, two without being hard, an open case, a task that was not failed, a target met once."""
    assert found is None


@pytest.mark.parametrize(
    ("on", "days", "wanted"),
    [
        (MONDAY, 5, NEXT_MONDAY),
        (FRIDAY, 1, NEXT_MONDAY),
        (date(2026, 11, 3), 1, date(2026, 11, 5)),
        (date(2026, 12, 31), 1, date(2027, 1, 11)),
    ],
)
def test_the_re_check_is_in_working_days(on: date, days: int, wanted: date) -> None:
    """Weekends and the country's holidays do not count."""
    assert recheck_on(floor(day='start: "09:00", end: "18:00", holidays: RU'), on, days) == wanted


@pytest.mark.parametrize(
    ("agent", "on", "days", "wanted"),
    [
        ("ivan", MONDAY, 5, NEXT_MONDAY),
        ("petr", MONDAY, 1, date(2026, 11, 25)),
        ("petr", MONDAY, 5, date(2026, 12, 9)),
        ("zoya", FRIDAY, 1, date(2026, 12, 2)),
        ("last", MONDAY, 5, NEXT_MONDAY),
    ],
    ids=["the team's days", "monday and wednesday", "five of them", "after leave", "who leaves: the team's days"],
)
def test_the_re_check_waits_for_the_agents_own_days(agent: str, on: date, days: int, wanted: date) -> None:
    """Somebody who works twice a week has had five chances after two and a half weeks."""
    described = floor(PEOPLE)
    assert recheck_on(described, on, days, agent=described.agent_by_id[agent]) == wanted


def test_a_case_is_re_checked_on_the_agents_own_days() -> None:
    """The case of a part-timer carries that date."""
    described = floor(PEOPLE)
    failed = replace(task(), agent="petr", team="farmers")
    seen = Verified(failed, instant("13:00"), "not_done", 0, 20.0, met=False, index=0.5)
    found = escalate(*(seen, True, True, 2, 0, False), floor=described, date=MONDAY, cut=cut_of(described, "13:00"))
    assert found is not None
    assert found.recheck_on == date(2026, 12, 9)
