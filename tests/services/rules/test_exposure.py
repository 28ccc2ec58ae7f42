"""Exposure: the minutes of an agent that count, as stories of a day from 09:00 to 18:00 with lunch at 13:00."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import StateName
from services.rules.day import working_day
from services.rules.exposure import Exposure, exposure, scheduled
from services.rules.spans import EMPTY
from tests.services.rules.stories import MONDAY, floor, instant, monday, spans

SHIFT = spans("09:00-13:00", "14:00-18:00")


def left(
    *written: str, technical: tuple[str, ...] = (), plan: tuple[str, ...] = ("09:00-13:00", "14:00-18:00")
) -> Exposure:
    """Exposure after states written as ``"12:00 technical"``."""
    states: list[tuple[datetime, StateName]] = [
        (instant(clock), state)  # type: ignore[misc]
        for clock, state in (one.split() for one in written)
    ]
    return exposure(spans(*plan), monday(floor()), states, spans(*technical))


@pytest.mark.parametrize(
    ("states", "remaining"),
    [
        ((), ("09:00-13:00", "14:00-18:00")),
        (("12:00 technical",), ("09:00-12:00",)),
        (("12:00 technical", "15:30 available"), ("09:00-12:00", "15:30-18:00")),
        (("10:00 coaching", "10:45 on_call"), ("09:00-10:00", "10:45-13:00", "14:00-18:00")),
        (("10:00 coaching", "10:30 technical", "11:00 paused"), ("09:00-10:00", "11:00-13:00", "14:00-18:00")),
        (("10:00 paused", "11:00 offline"), ("09:00-13:00", "14:00-18:00")),
        (("13:10 technical", "13:50 available"), ("09:00-13:00", "14:00-18:00")),
        (("08:00 technical", "09:30 available"), ("09:30-13:00", "14:00-18:00")),
        (("15:30 available", "12:00 technical"), ("09:00-12:00", "15:30-18:00")),
    ],
    ids=[
        "none",
        "till the end",
        "till the next",
        "coaching",
        "both",
        "paused, offline",
        "at lunch",
        "before",
        "shuffled",
    ],
)
def test_states(states: tuple[str, ...], remaining: tuple[str, ...]) -> None:
    """Technical and coaching last until the next state or the end of the shift; paused and offline reduce nothing."""
    assert left(*states).net == spans(*remaining)


def test_a_state_ends_with_a_part_shift() -> None:
    """A part-timer in a technical state is not technical after going home."""
    part = left("14:30 technical", plan=("10:00-13:00", "14:00-15:00"))
    assert part.net == spans("10:00-13:00", "14:00-14:30")
    assert part.technical == spans("14:30-15:00")


def test_verdicts_and_states_overlap_once() -> None:
    """Minutes lost to a line and to a state at the same time are lost once."""
    both = left("10:30 technical", "11:30 available", technical=("10:00-11:00",))
    assert both.net == spans("09:00-10:00", "11:30-13:00", "14:00-18:00")
    assert both.minutes(instant("09:00"), instant("18:00")) == 480 - 90
    assert both.technical_share(instant("10:00"), instant("12:00")) == 0.75


def test_coaching_is_not_technical() -> None:
    """Time with the trainer is out of exposure but no reason to invalidate a task."""
    assert left("10:00 coaching", "12:00 available").technical_share(instant("09:00"), instant("13:00")) == 0.0


def test_the_technical_share_of_nothing() -> None:
    """Nobody is due at lunch: no share."""
    assert left("12:00 technical").technical_share(instant("13:00"), instant("14:00")) == 0.0


AGENT = """agents:
  - {id: ivan, team: hunters, since: 2026-11-23, until: 2026-11-24, absent: [2026-11-25]}
  - id: petr
    team: farmers
    shifts: [{weekdays: [mon], start: "10:00", end: "15:00"}, {weekdays: [mon, tue], start: "16:00", end: "17:00"}]
  - {id: zoya, team: farmers, absent: [2026-11-23]}
"""


def plan_of(agent: str, on: date = MONDAY) -> tuple[tuple[float, float], ...]:
    described = floor(AGENT)
    return scheduled(described, working_day(described, on), described.agent_by_id[agent])


def test_since_until_and_absence() -> None:
    """The first and the last day count; the days around them and days of absence do not."""
    first, last = date(2026, 11, 23), date(2026, 11, 24)
    assert plan_of("ivan", date(2026, 11, 20)) == EMPTY
    assert plan_of("ivan", first) == spans("09:00-13:00", "14:00-18:00")
    assert plan_of("ivan", last) == spans("09:00-13:00", "14:00-18:00", on=last)
    assert plan_of("ivan", date(2026, 11, 25)) == EMPTY
    assert plan_of("zoya") == EMPTY
    assert plan_of("zoya", last) != EMPTY


def test_part_shifts() -> None:
    """Own shifts replace the floor's day, on their weekdays only, with the floor's breaks taken out."""
    assert plan_of("petr") == spans("10:00-13:00", "14:00-15:00", "16:00-17:00")
    assert plan_of("petr", date(2026, 11, 24)) == spans("16:00-17:00", on=date(2026, 11, 24))
    assert plan_of("petr", date(2026, 11, 25)) == EMPTY
    assert plan_of("petr", date(2026, 11, 28)) == EMPTY


STATE = st.sampled_from(["available", "on_call", "paused", "technical", "coaching", "offline"])
CLOCK = st.integers(0, 23 * 60 + 59).map(lambda minute: instant(f"{minute // 60:02}:{minute % 60:02}"))


@given(st.lists(st.tuples(CLOCK, STATE), max_size=12, unique_by=lambda one: one[0]), st.randoms())
def test_order_of_states_never_matters(states: list[tuple[datetime, StateName]], chance: object) -> None:
    """However states arrive, exposure is the same, inside the shift, and with the technical part disjoint from it."""
    day = monday(floor())
    shuffled = list(states)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = exposure(SHIFT, day, states, EMPTY), exposure(SHIFT, day, shuffled, EMPTY)
    assert one == other
    starts, ends = instant("00:00"), instant("23:59")
    lost = one.technical_share(starts, ends) * 480
    assert 0 <= one.minutes(starts, ends) <= 480 - lost + 1e-6
