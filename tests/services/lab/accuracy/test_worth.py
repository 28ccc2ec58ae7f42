"""What is worth a look points at honest people as seldom as is promised (DOMAIN §6, §12; docs/decisions/0016-worth-a-look.md).

Counts come from a fixed seed. Each rate is held to its bound by a one-sided test at ERROR: of all seeds right rules fail less
than one in a million (15 × ERROR). Slices of one day take the error of as many days, since they hang together.
"""

import pytest
from scipy import stats

from schemas.floor.judgement import Drift
from services.lab.accuracy.drifts import drifts, waits
from services.lab.accuracy.drops import COURSES, EVEN, EVEN_70, FALLS_50, Course, paces, tell
from services.lab.accuracy.floors import DATE, five_steps, one_step
from services.lab.accuracy.habits import HABITS, HONEST, OFFENDER, allowed, seen
from services.lab.accuracy.worth import work, worth, wrong
from services.lab.simulate.chance import poisson, stream
from services.rules.pace import Point

ERROR = 6e-8
SEED = 20261123
PEOPLE = 250
DAYS = 600


def test_drift_keeps_its_promise() -> None:
    """No more alarms on norm than one in 200 slices gives, on any step."""
    found = drifts(60, 40, SEED)
    assert len(found) == 6
    for one in found:
        allowed_alarms = stats.poisson.isf(ERROR, one.on_norm.slices / one.promised)
        assert one.on_norm.alarms <= allowed_alarms, f"{one.floor}, {one.step}: {one.on_norm}"
        assert (one.on_norm.mean or one.on_norm.low) > (one.at_70.mean or 0) > (one.at_50.mean or 0)


def test_a_lower_limit_does_not_keep_it() -> None:
    """That of one false alarm in 20 slices is found out."""
    by = one_step(1).judgement.model_copy(update={"drift": Drift(slices_per_false_alarm=20)})
    random = stream(SEED, "lower")
    found = waits([Point(DATE, "", poisson(random, 10.0), 10.0) for _ in range(16000)], by, by.of("", "calls"))
    assert found.alarms > stats.poisson.isf(ERROR, found.slices / 200)


@pytest.mark.parametrize("course", [EVEN, EVEN_70], ids=lambda course: course.name)
@pytest.mark.parametrize("name", ["one step", "five steps"])
def test_an_even_pace_is_seldom_a_drop(name: str, course: Course) -> None:
    """In at most 2 % of slices, whatever it is compared with: far under the 10 % that the rule's certainty allows."""
    floor = one_step(1) if name == "one step" else five_steps(1)
    told = tell(name, floor, course, DAYS, SEED)
    most = stats.binom.isf(ERROR / 2, DAYS, 0.02) / DAYS
    assert told.slices == 3 * DAYS
    assert told.today / told.slices <= most
    assert told.past / told.slices <= most


def test_a_fall_does_not_pass_for_an_even_pace() -> None:
    """Half the pace after the middle of the day is told more often than that."""
    told = tell("five steps", five_steps(1), FALLS_50, 200, SEED)
    most = stats.binom.isf(ERROR, 200, 0.02) / 200
    assert told.today / told.slices > most
    assert told.past / told.slices > most


def test_the_course_turns_in_the_middle() -> None:
    """Of four slices the last two."""
    assert [paces(one, 4) for one in COURSES] == [[1.0] * 4, [0.7] * 4, [1.0, 1.0, 0.7, 0.7], [1.0, 1.0, 0.5, 0.5]]


def test_honest_habits_are_left_alone_and_plain_offence_is_seen() -> None:
    """No check points at more honest people than its certainty allows; each sees most who offend."""
    floor = five_steps(1)
    honest, offender = seen(floor, HONEST, PEOPLE, SEED), seen(floor, OFFENDER, PEOPLE, SEED)
    for habit in HABITS:
        bound = allowed(floor, habit)
        if bound is not None:
            assert honest[habit] <= stats.binom.isf(ERROR, PEOPLE, bound.high), habit
        assert offender[habit] > PEOPLE / 2, habit


def test_all_of_it_is_told_and_added_up() -> None:
    """What is told on the way is what was announced; nothing is wrong; teams go through the close."""
    told: list[int] = []
    found = worth(20, 4, SEED, told.append)
    assert sum(told) == work(20, 4)
    assert list(wrong(found)) == []
    assert [one.course for one in found.drop.teams] == ["even, 100 %", "falls to 70 %", "falls to 50 %"]
    assert [one.habit for one in found.habits] == [*HABITS, "any"]
