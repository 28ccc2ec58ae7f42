"""Norms proposed from what was done, calculated by hand."""

from collections.abc import Iterable
from datetime import date as Date
from datetime import timedelta
from math import ceil
from math import floor as whole
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.floor import Floor, parse
from schemas.steps import Step
from services.rules.history import AgentDay
from services.rules.proposal import Proposal, limited, propose, rounded, window

MONDAY = Date(2026, 9, 7)
SHIFT = 480.0
HEAD = """
timezone: Europe/Moscow
day: {start: "09:00", end: "18:00", breaks: ["13:00-14:00"]}
judgement: {overdispersion: 1}
teams: [{id: hunters}, {id: farmers}]
"""


def floor(agents: str = "abcd", norms: str = "", more: str = "") -> Floor:
    people = "\n".join(f"  - {{id: {one}, team: hunters}}" for one in agents)
    return parse(f"{HEAD}agents:\n{people}\n  - {{id: z, team: farmers}}\nnorms:\n{norms or ' []'}\n{more}")


NORM = "  - {for: {team: hunters}, per_day: {calls: 90}, reference: {calls: 110}}"


def working_days(count: int) -> list[Date]:
    found = [MONDAY + timedelta(days=ahead) for ahead in range(count * 2)]
    return [date for date in found if date.weekday() < 5][:count]


def did(
    agent: str,
    date: Date,
    calls: int,
    minutes: float = SHIFT,
    *,
    step: Step = "calls",
    technical: float = 0.0,
    untrusted: Iterable[Step] = (),
    facts: bool = True,
) -> AgentDay:
    return AgentDay(
        agent, date, {step: {20: calls}} if calls else {}, {20: minutes} if minutes else {}, facts, technical,
        frozenset(untrusted),
    )  # fmt: skip


def story(dates: Iterable[Date], **calls: tuple[int, int] | int) -> list[AgentDay]:
    """Everybody's whole days; a pair is (odd day, even day)."""
    found = []
    for number, date in enumerate(dates):
        for agent, each in calls.items():
            found.append(did(agent, date, each if isinstance(each, int) else each[number % 2]))
    return found


def of(found: list[Proposal], step: Step = "calls", whom: str = "hunters") -> Proposal:
    return next(one for one in found if one.step == step and whom in (one.for_.team, one.for_.agent, one.for_.role))


def test_a_quarter_of_the_way_to_the_best() -> None:
    """Twenty whole days of a 120, b 100, c 80, d 60: the mean is 90, a alone holds a quarter of the time, so the
    reference is 120; the norm is 90 + 0.25 × 30 = 97.5, and from 95 that is less than 5 %."""
    one = of(propose(floor(norms=NORM.replace("90", "95")), story(working_days(20), a=120, b=100, c=80, d=60), SHIFT))
    assert (one.mean, one.reference, one.exact) == (90.0, 120.0, 97.5)
    assert (one.now, one.per_day, one.capped, one.reference_now) == (95, 97.5, False, 110)
    assert [(best.agent, best.count, best.hours) for best in one.performers] == [("a", 1200, 80.0)]
    assert (one.members, one.days, one.events, one.hours) == (("a", "b", "c", "d"), 20, 7200, 640.0)
    # Γ posterior of odd days: a = 1/0.4² = 6.25; (6.25 + 1200) / (6.25 + 900)
    assert one.performers[0].index == pytest.approx(1206.25 / 906.25)


def test_a_norm_moves_by_a_twentieth_at_most() -> None:
    """97.5 would be right; from 90 a review goes to 94.5, and from 120 down to 114."""
    days = story(working_days(20), a=120, b=100, c=80, d=60)
    up = of(propose(floor(norms=NORM), days, SHIFT))
    assert (up.exact, up.per_day, up.capped) == (97.5, 94.5, True)
    down = of(propose(floor(norms=NORM.replace("calls: 90", "calls: 120")), days, SHIFT))
    assert (down.exact, down.per_day, down.capped) == (97.5, 114.0, True)


def test_luck_of_the_ranking_days_is_not_pooled() -> None:
    """a shines on odd days only: ranked first by them, a counts with the even ones, where a is as everybody."""
    days = story(working_days(20), a=(150, 90), b=90, c=90, d=90)
    one = of(propose(floor(norms=NORM), days, SHIFT))
    assert [best.agent for best in one.performers] == ["a"]
    assert one.reference == 90.0
    assert one.mean == pytest.approx((120 + 90 * 3) / 4)  # 97.5
    assert one.exact == pytest.approx(97.5 - 0.25 * 7.5)


def test_equal_people_have_no_best() -> None:
    """Twenty people who differ by chance alone, 8 results a day: over many windows the reference is their mean. Taken and
    counted on the same days, the best of them would look 4 % and more better than they are."""
    chance, team = Random(7), "abcdefghijklmnopqrst"
    described = floor(team, NORM.replace("calls", "presentations"))
    fair, flattering = [], []
    for _ in range(60):
        days = [
            did(agent, date, sum(chance.random() < 0.02 for _ in range(400)), step="presentations")
            for date in working_days(20)
            for agent in team
        ]
        one = of(propose(described, days, SHIFT), "presentations")
        assert one.mean is not None
        assert one.reference is not None
        fair.append(one.reference / one.mean)
        totals = sorted(
            (sum(d.count("presentations") for d in days if d.agent == agent) for agent in team), reverse=True
        )
        flattering.append(sum(totals[:3]) / 3 / 20 / one.mean)
    assert mean(fair) == pytest.approx(1, abs=0.02)
    assert mean(flattering) > 1.04


def test_the_best_are_taken_until_they_hold_their_share() -> None:
    """Ten people: one holds 10 % of the time, so two are the reference: (120 + 110) / 2."""
    team = "abcdefghij"
    calls: dict[str, tuple[int, int] | int] = {one: 120 - 10 * number for number, one in enumerate(team)}
    one = of(propose(floor(team, NORM), story(working_days(20), **calls), SHIFT))
    assert [best.agent for best in one.performers] == ["a", "b"]
    assert one.reference == 115.0
    assert one.mean == pytest.approx(75.0)


def test_a_rate_of_few_hours_is_shrunk() -> None:
    """e dials at the pace of 128 a day, for one hour: 22.25 / 17.5 of the mean after shrinking, which is less than a's
    1206.25 / 906.25 of many days."""
    dates = working_days(20)
    days = [*story(dates, a=120, b=100, c=80, d=60), did("e", dates[0], 16, 60)]
    one = of(propose(floor("abcde", NORM), days, SHIFT))
    assert one.mean == pytest.approx((7200 + 16) / (20 * 4 * 480 + 60) * 480)
    assert [best.agent for best in one.performers] == ["a"]


def test_a_short_hero_is_pooled_with_those_who_fill_the_share() -> None:
    """e is first, by 24 calls in an hour, and holds next to no time: a fills the share, and has all the even days."""
    dates = working_days(20)
    days = [*story(dates, a=120, b=100, c=80, d=60), did("e", dates[0], 24, 60)]
    one = of(propose(floor("abcde", NORM), days, SHIFT))
    assert [(best.agent, best.hours) for best in one.performers] == [("e", 0.0), ("a", 80.0)]
    assert one.reference == 120.0


def test_a_reference_without_even_days_is_none() -> None:
    """Who is best on odd days and never there on even ones cannot be pooled: the floor's median instead."""
    days = [
        one
        for n, date in enumerate(working_days(20))
        for one in (did("a", date, 200), did("b", date, 90))
        if n % 2 == 0 or one.agent == "b"
    ]
    one = of(propose(floor("ab", NORM), days, SHIFT))
    assert one.fallback == ("reference_away",)
    assert one.reference == rounded((200 + 90) / 2 * 1.1)


def test_exposure_not_days_is_what_counts() -> None:
    """Half days count for half: c works four hours and makes 40, the pace of 80 a day."""
    days = [one for date in working_days(20) for one in (did("a", date, 120), did("c", date, 40, 240))]
    one = of(propose(floor("ac", NORM), days, SHIFT))
    assert one.mean == pytest.approx(160 / 720 * 480)
    assert one.hours == 20 * 12


def test_days_that_say_nothing_are_left_out_and_counted() -> None:
    """Technical and short days, absences nobody recorded, doubtful data: out of the norm, and told."""
    dates = working_days(25)
    days = story(dates[:20], a=100, b=80)
    days += [
        did("a", dates[20], 20, 300, technical=0.25), did("a", dates[21], 30, 59), did("a", dates[22], 0, facts=False),
        did("a", dates[23], 3, untrusted=["calls"]), did("a", dates[24], 7, 0),
    ]  # fmt: skip
    one = of(propose(floor("ab", NORM), days, SHIFT))
    assert one.left_out == {"technical": 1, "short": 1, "no_facts": 1, "untrusted": 1, "unscheduled": 1}
    assert (one.mean, one.days, one.events) == (90.0, 20, 3600)


def test_doubtful_data_of_another_step_does_not_matter() -> None:
    """A silent CRM says nothing against the calls of the day."""
    dates = working_days(20)
    days = [did(agent, date, 90, untrusted=["payments"]) for date in dates for agent in "ab"]
    assert of(propose(floor("ab", NORM), days, SHIFT)).left_out == {}


def test_days_before_a_source_was_connected_are_no_zeros() -> None:
    """Presentations come since the sixth day: five days are left out, not counted as nothing done."""
    dates = working_days(25)
    days = [
        did(agent, date, 6 if n >= 5 else 0, step="presentations") for n, date in enumerate(dates) for agent in "ab"
    ]
    one = of(propose(floor("ab", NORM.replace("calls", "presentations")), days, SHIFT), "presentations")
    assert (one.mean, one.days, one.left_out) == (6.0, 20, {"no_facts": 10})


@pytest.mark.parametrize(
    ("count", "each", "agents", "why"),
    [
        (19, 90, "ab", ("few_days",)), (20, 2, "ab", ("few_events",)), (20, 90, "a", ("few_agents",)),
        (4, 1, "a", ("few_days", "few_events", "few_agents")),
    ],
)  # fmt: skip
def test_too_little_falls_back_to_the_floors_median(count: int, each: int, agents: str, why: tuple[str, ...]) -> None:
    """Without a reference of their own: the median agent of the floor, a tenth more, and a quarter of the way there."""
    dates = working_days(count)
    calls: dict[str, tuple[int, int] | int] = dict.fromkeys(agents, each)
    days = story(dates, **calls, z=each * 3)
    one = of(propose(floor(agents, NORM), days, SHIFT))
    median = {1: each * 2, 2: each}[len(agents)]
    assert (one.fallback, one.performers, one.mean) == (why, (), each)
    assert one.reference == rounded(median * 1.1)
    assert one.exact == pytest.approx(each + 0.25 * (median * 1.1 - each))


def test_a_norm_of_fridays_is_proposed_from_fridays() -> None:
    """An entry with weekdays learns from them alone, and takes them from the other; a fifth of the days is enough."""
    dates = working_days(20)
    days = [did(agent, date, 60 if date.weekday() == 4 else 100) for date in dates for agent in "ab"]
    norms = f"{NORM}\n  - {{for: {{team: hunters}}, weekdays: [fri], per_day: {{calls: 60}}}}"
    usual, friday = propose(floor("ab", norms), days, SHIFT)[:2]
    assert (usual.mean, usual.days, usual.weekdays, usual.fallback) == (100.0, 16, None, ())
    assert (friday.mean, friday.days, friday.weekdays, friday.fallback) == (60.0, 4, ("fri",), ())


def test_who_has_a_norm_of_their_own_is_not_in_the_teams() -> None:
    """A newcomer's norm is a person's decision: kept, and not mixed into the norm of the others."""
    norms = f"{NORM}\n  - {{for: {{agent: d}}, per_day: {{calls: 40}}}}"
    found = propose(floor(norms=norms), story(working_days(20), a=100, b=100, c=100, d=10), SHIFT)
    assert of(found).members == ("a", "b", "c")
    assert of(found).mean == 100.0
    assert (of(found, whom="d").kept, of(found, whom="d").per_day) == ("personal", None)


def test_a_first_norm_has_no_limit() -> None:
    """A team without a norm for a step gets one; there is nothing to move from."""
    one = of(propose(floor("abcd"), story(working_days(20), a=120, b=100, c=80, d=60), SHIFT))
    assert (one.now, one.per_day, one.capped) == (None, 97.5, False)


def test_what_is_kept_says_why() -> None:
    """A zero norm means none is due; a step nobody was counted for, and a norm that governs nobody, stay."""
    norms = (
        "  - {for: {team: hunters}, per_day: {calls: 0, payments: 1}}\n  - {for: {floor: main}, per_day: {payments: 3}}\n"
        "  - {for: {team: farmers}, per_day: {payments: 2}}"
    )
    found = propose(floor("ab", norms), story(working_days(20), a=100, b=90), SHIFT)
    assert [(one.step, one.kept) for one in found[:4]] == [
        ("calls", "zero"), ("payments", "no_facts"), ("payments", "nobody"), ("payments", "nobody"),
    ]  # fmt: skip
    assert all(one.per_day is None for one in found[:4])


def test_the_window_is_the_last_sixty_working_days() -> None:
    """Older days are not looked at."""
    dates = working_days(70)
    assert window(floor(), dates) == tuple(dates[10:])
    assert window(floor(more="review: {window_days: [5, 30]}"), dates) == tuple(dates[40:])


@pytest.mark.parametrize(
    ("exact", "now", "expected"),
    [
        (97.5, 90, (94.5, True)), (84.37, 90, (85.5, True)), (88.61, 90, (88.7, False)), (91.29, 90, (91.2, False)),
        (200, 110, (115, True)), (1, 110, (105, True)), (1.5, 1, (1.05, True)), (0.0, 0.1, (0.095, True)),
        (90.52, 90.55, (90.55, False)), (90.55, 90.55, (90.55, False)), (84.37, None, (84.4, False)),
        (1234.5, None, (1230, False)),
    ],
)  # fmt: skip
def test_limits_and_rounding_by_hand(exact: float, now: float | None, expected: tuple[float, bool]) -> None:
    """Three digits, rounded towards the present norm; 115.5 would be 116 otherwise, more than 5 %."""
    assert limited(exact, now, 0.05) == expected


@given(st.floats(0, 1e4), st.floats(0.01, 1e4))
def test_no_review_ever_moves_a_norm_further(exact: float, now: float) -> None:
    """Whatever was done, rounding included; and never away from what is right."""
    proposed, _ = limited(exact, now, 0.05)
    assert now * 0.95 - 1e-6 * now <= proposed <= now * 1.05 + 1e-6 * now
    assert (proposed - now) * (exact - now) >= 0


@given(st.floats(0.001, 1e5))
def test_rounding_brackets_the_value(value: float) -> None:
    """Down is below, up is above, by less than a hundredth."""
    assert rounded(value, whole) <= value * (1 + 1e-6) <= rounded(value, ceil) * (1 + 2e-6)
    assert rounded(value, ceil) - rounded(value, whole) <= value * 0.0101
