"""Who may do what."""

import pytest

from services.board.access import ACTS, Person, answering, may


def test_an_operator_may_do_everything() -> None:
    """Whoever sits at the machine."""
    assert all(may(Person("root", "operator"), act, team="b", agent="x") for act in ACTS["operator"])


def test_a_lead_acts_on_the_own_team_and_sees_the_others() -> None:
    """A lead of one team has no say in another's tasks."""
    anna = Person("anna", "lead", team="hunters")

    assert may(anna, "task", team="hunters", agent="ivan")
    assert not may(anna, "task", team="farmers", agent="petr")
    assert may(anna, "see", team="farmers")
    assert not may(anna, "intake")


@pytest.mark.parametrize("act", ["acknowledge", "dispute"])
def test_an_agent_acts_on_what_is_theirs(act: str) -> None:
    """Nobody acknowledges another's task, nor one of nobody."""
    ivan = Person("ivan", "agent", team="hunters", agent="ivan")

    assert may(ivan, act, team="hunters", agent="ivan")  # type: ignore[arg-type]
    assert not may(ivan, act, team="hunters", agent="maria")  # type: ignore[arg-type]
    assert not may(ivan, act)  # type: ignore[arg-type]
    assert not may(ivan, "task", team="hunters", agent="ivan")


def test_a_viewer_only_looks() -> None:
    """The wall's account."""
    assert {act for act in ACTS["operator"] if may(Person("tv", "viewer"), act)} == {"see"}


ANNA, OLEG, TRAINER = Person("anna", "lead", team="hunters"), Person("oleg", "head"), Person("tanya", "trainer")
BORIS, ROOT = Person("boris", "lead", team="farmers"), Person("root", "operator")


@pytest.mark.parametrize(
    ("who", "marked_by", "others", "expected"),
    [
        (OLEG, "anna", [ANNA, OLEG], "free"),
        (ROOT, "anna", [ANNA, ROOT], "free"),
        (ANNA, "anna", [ANNA, OLEG], "own"),
        (ANNA, "anna", [ANNA, TRAINER], "own"),
        (ANNA, "anna", [ANNA], "alone"),
        (ANNA, "anna", [], "alone"),
        # The lead of another team may not, the operator is not waited for, a viewer never.
        (ANNA, "anna", [ANNA, BORIS, ROOT, Person("tv", "viewer")], "alone"),
        (BORIS, "anna", [ANNA, BORIS], "none"),
        (Person("ivan", "agent", agent="ivan"), "anna", [ANNA], "none"),
    ],
)
def test_nobody_judges_their_own_marks(who: Person, marked_by: str, others: list[Person], expected: str) -> None:
    """Somebody else answers a dispute, unless there is nobody."""
    assert answering(who, (marked_by, "ivan"), others, team="hunters", agent="ivan") == expected
