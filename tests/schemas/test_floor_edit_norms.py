"""Norms are put into a floor file where they stand, and nothing else of the file changes."""

from datetime import date as Date
from pathlib import Path

import pytest

from schemas.floor import FloorError, Segment, parse
from schemas.floor.edit_norms import Norm, Reviewed, give_norms
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


REVIEW = Reviewed(Date(2026, 9, 28), Date(2026, 11, 26), 40, 12, Date(2026, 11, 27))
TOLD = "{since: 2026-09-28, until: 2026-11-26, days: 40, members: 12, applied: 2026-11-27"


@pytest.mark.parametrize(
    ("norms", "expected"),
    [
        (
            "norms:\n  - {for: {team: a}, per_day: {calls: 90}}   # since May\n",
            [
                "-  - {for: {team: a}, per_day: {calls: 90}}   # since May",
                "+  - {for: {team: a}, per_day: {calls: 85.5}, reference: {calls: 100},",
                "+     from: {",
                f"+       calls: {TOLD}, per_day: 85.5, reference: 100}}}}}}   # since May",
            ],
        ),
        (
            "norms:\n  - for: {team: a}   # they\n    per_day:\n      calls: 90   # dials\n    reference: {calls: 110}\n",
            [
                "-      calls: 90   # dials",
                "-    reference: {calls: 110}",
                "+      calls: 85.5   # dials",
                "+    from:",
                f"+      calls: {TOLD}, per_day: 85.5, reference: 100}}",
                "+    reference: {calls: 100}",
            ],
        ),
        (
            "",
            [
                "+norms:",
                '+  - {for: {team: "a"}, per_day: {calls: 85.5}, reference: {calls: 100},',
                "+      from: {",
                f"+        calls: {TOLD}, per_day: 85.5, reference: 100}}}}}}",
            ],
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_where_a_norm_comes_from_stands_beside_it(norms: str, expected: list[str], newline: str) -> None:
    """A line a step, whatever way the entry is written; the second time, on whatever day, there is nothing to do."""
    before = f"{HEAD}{norms}".replace("\n", newline)
    after = give_norms(before, [Norm(A, None, "calls", 85.5, 100, REVIEW)])
    assert changed(before, after) == expected
    assert after.count(newline) == after.count("\n")
    entry = parse(after).norms[0]
    assert (entry.source("calls"), entry.source("calls", "reference"), entry.source("answered")) == (
        "review",
        "review",
        "hand",
    )
    assert give_norms(after, [Norm(A, None, "calls", 85.5, 100, REVIEW._replace(applied=Date(2026, 11, 30)))]) is after


@pytest.mark.parametrize(
    "written",
    [
        "    from: {calls: {since: 2026-06-01, until: 2026-06-30, days: 20, members: 3, applied: 2026-07-01, per_day: 90}}\n",
        "    from:\n      calls:\n        since: 2026-06-01   # summer\n        until: 2026-06-30\n"
        "        days: 20\n        members: 3\n        applied: 2026-07-01\n        per_day: 90\n",
    ],
)
def test_a_later_review_takes_the_place_of_an_earlier_one(written: str) -> None:
    """Step by step: what another review gave stays its own."""
    before = f"{HEAD}norms:\n  - for: {{team: a}}\n{written}    per_day: {{calls: 90, answered: 30}}\n"
    after = give_norms(before, [Norm(A, None, "answered", 31, 33, REVIEW), Norm(A, None, "calls", 92, 99, REVIEW)])
    found = parse(after).norms[0].from_
    assert (found["calls"].members, found["calls"].per_day, found["calls"].reference) == (12, 92, 99)
    assert found["answered"].per_day == 31
    only = parse(give_norms(before, [Norm(A, None, "answered", 31, 33, REVIEW)])).norms[0].from_
    assert (only["calls"].members, only["answered"].members) == (3, 12)


def test_a_number_changed_by_hand_is_no_reviews_any_more() -> None:
    """The review's own number is kept beside it; the next review, or the old number, mends it."""
    text = give_norms(
        f"{HEAD}norms:\n  - {{for: {{team: a}}, per_day: {{calls: 90}}}}\n", [Norm(A, None, "calls", 92, 99, REVIEW)]
    )
    by_hand = text.replace("per_day: {calls: 92}", "per_day: {calls: 80}")
    assert (parse(by_hand).norms[0].source("calls"), parse(by_hand).norms[0].source("calls", "reference")) == (
        "changed",
        "review",
    )
    again = give_norms(by_hand, [Norm(A, None, "calls", 92, 99, REVIEW._replace(applied=Date(2026, 12, 1)))])
    assert (parse(again).norms[0].source("calls"), parse(again).norms[0].from_["calls"].applied) == (
        "review",
        Date(2026, 12, 1),
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("days: 40", "days: 400", "line 6: norms.0.from.calls: there are 60 days from since to until, not 400"),
        ("since: 2026-09-28", "since: 2026-12-28", "line 6: norms.0.from.calls: since must not be after until"),
        ("members: 12", "members: 0", "line 6: norms.0.from.calls.members: Input should be greater than or equal to 1"),
        ("members: 12", "member: 12", "line 6: norms.0.from.calls.member: unknown key"),
        ("per_day: 92, reference: 99}", "x: 1}", "unknown key"),
        ("       calls: {since", "       call: {since", "line 6: norms.0.from.call"),
    ],
)
def test_a_wrong_origin_is_told_by_its_line(old: str, new: str, told: str) -> None:
    """As everything in the floor file."""
    text = give_norms(
        f"{HEAD}norms:\n  - {{for: {{team: a}}, per_day: {{calls: 90}}}}\n", [Norm(A, None, "calls", 92, 99, REVIEW)]
    )
    assert old in text
    with pytest.raises(FloorError) as wrong:
        parse(text.replace(old, new))
    assert told in str(wrong.value)
