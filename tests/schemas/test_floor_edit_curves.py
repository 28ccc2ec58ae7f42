"""Curves put into a floor file: weights change in place, comments stay, what is there already changes nothing."""

import pytest

from schemas.floor import FloorError, parse
from schemas.floor.edit_curves import give_curves

HEAD = """# our floor
timezone: Europe/Moscow
teams: [{id: a}]  # one team
"""


def test_a_first_curve_stands_at_the_end() -> None:
    """The text before it is as it was."""
    after = give_curves(HEAD, {"calls": {"09:00": 1.25, "09:30": 1}})
    assert after == HEAD + 'curves:\n  calls: {"09:00": 1.25, "09:30": 1}\n'
    assert give_curves(after, {"calls": {"09:00": 1.25, "09:30": 1}}) is after


def test_weights_change_where_they_stand() -> None:
    """Comments stay; a half hour no longer named weighs 1; a further step and a further half hour are added."""
    before = HEAD + (
        'curves:\n  calls:\n    "09:00": 1.5  # eager\n    "20:00": 0.4  # the late shift\n'
        '  # money comes late\n  payments: {"09:00": 0.2}\nlanguage: ru  # read by people\n'
    )
    after = give_curves(
        before, {"calls": {"09:00": 1.25, "09:30": 0.75}, "payments": {"09:00": 0.3}, "invoices": {"12:00": 2}}
    )
    assert parse(after).curves == {
        "calls": {"09:00": 1.25, "09:30": 0.75, "20:00": 1},
        "payments": {"09:00": 0.3},
        "invoices": {"12:00": 2},
    }
    for comment in ("# our floor", "# eager", "# the late shift", "# money comes late", "# read by people"):
        assert comment in after


def test_a_step_that_is_not_proposed_keeps_its_curve() -> None:
    """Too little was known of it."""
    before = HEAD + 'curves: {payments: {"09:00": 0.2}}\n'
    after = give_curves(before, {"calls": {"09:00": 1.25}})
    assert parse(after).curves == {"payments": {"09:00": 0.2}, "calls": {"09:00": 1.25}}


def test_a_way_of_its_own_is_left_to_people() -> None:
    """An anchor used twice cannot be changed in one place."""
    before = HEAD + 'curves:\n  calls: &same {"09:00": 1.5}\n  answered: *same\n'
    with pytest.raises(FloorError, match="by hand"):
        give_curves(before, {"calls": {"09:00": 1.25}})


@pytest.mark.parametrize(
    ("curve", "what"),
    [
        ('{"9:00": 1}', "line 5: curves.calls.9:00: '9:00' is not the start of a half hour"),
        ('{"09:15": 1}', "line 5: curves.calls.09:15: '09:15' is not the start"),
        ('{"09:00": -1}', "line 5: curves.calls.09:00: Input should be greater than or equal to 0"),
        ('{"09:00": 0}', "line 5: curves.calls: a curve needs a weight above 0"),
        ('{"09:00": .nan}', "line 5: curves.calls.09:00: Input should be"),
    ],
)
def test_a_wrong_curve_is_told_by_its_line(curve: str, what: str) -> None:
    """Half hours are written with two digits; weights are numbers from 0."""
    with pytest.raises(FloorError) as caught:
        parse(HEAD + f"curves:\n  calls: {curve}\n")
    assert what in str(caught.value)


def test_an_unknown_step_is_refused() -> None:
    """Only steps have curves."""
    with pytest.raises(FloorError, match=r"line 5: curves\.dials"):
        parse(HEAD + 'curves:\n  dials: {"09:00": 1}\n')
