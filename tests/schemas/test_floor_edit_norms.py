"""Norms are put into a floor file where they stand, and nothing else of the file changes."""

from pathlib import Path

import pytest

from schemas.floor import FloorError, Segment, parse
from schemas.floor.edit_norms import Norm, give_norms
from tests.schemas.test_floor_edit import changed

EXAMPLE = Path(__file__).parents[2] / "deploy" / "floor.example.yaml"
HEAD = """\
timezone: Europe/Moscow   # the wall clock
teams: [{id: a}, {id: b}]
"""
A, B = Segment(team="a"), Segment(team="b")


@pytest.mark.parametrize(
    ("norms", "expected"),
    [
        (
            "norms:\n  - {for: {team: a}, per_day: {calls:  90, answered: 30}, reference: {calls: 110}}   # since May\n",
            [
                "-  - {for: {team: a}, per_day: {calls:  90, answered: 30}, reference: {calls: 110}}   # since May",
                "+  - {for: {team: a}, per_day: {calls:  85.5, answered: 30}, reference: {calls: 100}}   # since May",
            ],
        ),
        (
            "norms:\n  - for: {team: a}   # they\n    per_day:\n      calls: 90   # dials\n      # talks\n      answered: 30\n",
            [
                "+    reference: {calls: 100}",
                "-      calls: 90   # dials",
                "+      calls: 85.5   # dials",
            ],
        ),
        (
            "norms:\n  - for: {team: a}\n    per_day: {answered: 30}\n    reference:\n      answered: 40   # best\n",
            [
                "-    per_day: {answered: 30}",
                "+    per_day: {answered: 30, calls: 85.5}",
                "+      calls: 100",
            ],
        ),
        (
            "norms:\n  - {for: {team: b}, per_day: {calls: 90}}\n  - {for: {team: a}, weekdays: [fri], per_day: {calls: 1}}\n",
            ['+  - {for: {team: "a"}, per_day: {calls: 85.5}, reference: {calls: 100}}'],
        ),
        ("norms: []   # none yet\n", [
            "-norms: []   # none yet",
            '+norms: [{for: {team: "a"}, per_day: {calls: 85.5}, reference: {calls: 100}}]   # none yet',
        ]),
        ("", ["+norms:", '+  - {for: {team: "a"}, per_day: {calls: 85.5}, reference: {calls: 100}}']),
        (
            "norms:\n  - {for: {team: a}, per_day: {calls: 90}}\n  - {for: {team: a}, per_day: {}, reference: {calls: 7}}\n",
            [
                "-  - {for: {team: a}, per_day: {calls: 90}}",
                "-  - {for: {team: a}, per_day: {}, reference: {calls: 7}}",
                "+  - {for: {team: a}, per_day: {calls: 85.5}}",
                "+  - {for: {team: a}, per_day: {}, reference: {calls: 100}}",
            ],
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_numbers_change(norms: str, expected: list[str], newline: str) -> None:
    """Whatever way the norms are written, comments, alignment and line ends stay."""
    before = f"{HEAD}{norms}".replace("\n", newline)
    after = give_norms(before, [Norm(A, None, "calls", 85.5, 100)])
    assert changed(before, after) == expected
    assert after.count(newline) == after.count("\n")


def test_weekdays_are_entries_of_their_own() -> None:
    """Friday's number is Friday's, in whatever order the days are written."""
    before = (
        f"{HEAD}norms:\n  - {{for: {{team: a}}, per_day: {{calls: 90}}}}\n"
        "  - {for: {team: a}, weekdays: [fri, mon], per_day: {calls: 50}}\n"
    )
    after = give_norms(before, [Norm(A, ("mon", "fri"), "calls", 52)])
    assert [entry.per_day for entry in parse(after).norms] == [{"calls": 90}, {"calls": 52}]


def test_many_at_once() -> None:
    """Two steps and a new segment in one go."""
    before = f"{HEAD}norms:\n  - {{for: {{team: a}}, per_day: {{calls: 90}}}}\n"
    after = give_norms(
        before, [Norm(A, None, "calls", 92), Norm(A, None, "answered", 31, 40), Norm(B, ("fri",), "payments", 0.105)]
    )
    entries = {next(name for _, name in one.for_ if name): one for one in parse(after).norms}
    assert (entries["a"].per_day, entries["a"].reference) == ({"calls": 92, "answered": 31}, {"answered": 40})
    assert (entries["b"].per_day, entries["b"].weekdays) == ({"payments": 0.105}, ("fri",))


def test_what_is_there_already_changes_nothing() -> None:
    """The same text comes back, so that no version is made of it."""
    text = f"{HEAD}norms:\n  - {{for: {{team: a}}, per_day: {{calls: 90}}}}\n"
    assert give_norms(text, [Norm(A, None, "calls", 90)]) is text


def test_the_example_stays_as_it_is() -> None:
    """One line of the shipped example changes."""
    before = EXAMPLE.read_text()
    after = give_norms(before, [Norm(Segment(team="farmers"), ("fri",), "calls", 51)])
    assert len(changed(before, after)) == 2
    assert "per_day: {calls: 51, answered: 19}}   # Friday: fewer dials" in after


def test_what_cannot_be_written() -> None:
    """A number that stands for two segments at once is a person's to take apart."""
    norms = "norms:\n  - {for: {team: b}, per_day: &one {calls: 90}}\n  - {for: {team: a}, per_day: *one}\n"
    with pytest.raises(FloorError, match="by hand"):
        give_norms(HEAD + norms, [Norm(A, None, "calls", 85.5)])
