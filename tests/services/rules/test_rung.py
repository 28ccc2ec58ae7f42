"""The first broken step: many signals, one task."""

import pytest

from schemas.floor.judgement import Judgement
from schemas.steps import STEPS, Level, Step
from services.rules.judging import Due, Judged
from services.rules.rung import answers_low_against, first_broken

BY = Judgement(overdispersion=1)
HEALTHY: dict[Step, int] = {
    "calls": 400,
    "answered": 160,
    "long_calls": 80,
    "presentations": 60,
    "invoices": 30,
    "payments": 15,
}
OWN: dict[Step, int] = {
    "calls": 40,
    "answered": 40,
    "long_calls": 20,
    "presentations": 15,
    "invoices": 8,
    "payments": 4,
}


def judged(step: Step, level: Level, sure: float = 0.9) -> Judged:
    return Judged(Due("ivan", "hunters", step, 1, 1, 5.0, True, True), 0.8, sure, sure, 0.5, 1.0, level)


def rung(
    levels: dict[Step, Level], done: dict[Step, int] | None = None, *, low: bool = False
) -> tuple[Step, str] | None:
    own = [judged(step, levels[step]) for step in reversed(STEPS) if step in levels]
    found = first_broken(own, done or OWN, HEALTHY, low, BY)
    return (found.judged.due.step, found.why) if found else None


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [
        ({"calls": "ok", "answered": "ok"}, None),
        ({"calls": "watch", "presentations": "not_enough_data"}, None),
        ({"calls": "soft", "answered": "hard", "long_calls": "hard"}, ("calls", "rate")),
        ({"calls": "ok", "long_calls": "soft", "presentations": "hard"}, ("long_calls", "rate")),
        ({"calls": "ok", "answered": "ok", "payments": "soft"}, ("payments", "rate")),
    ],
)
def test_the_earliest_signal_gets_the_task(levels: dict[Step, Level], wanted: tuple[Step, str] | None) -> None:
    """Only soft and hard are signals; one task goes to the earliest of them."""
    assert rung(levels) == wanted


def test_answered_alone_is_no_task_unless_the_answer_rate_is_low() -> None:
    """Few answered of normal dials is chance or the list, until peers on the same line do better."""
    assert rung({"calls": "ok", "answered": "hard"}) is None
    assert rung({"calls": "ok", "answered": "hard"}, low=True) == ("answered", "answer_rate")
    assert rung({"answered": "hard", "long_calls": "soft"}) == ("long_calls", "rate")
    assert rung({"answered": "hard", "long_calls": "soft"}, low=True) == ("answered", "answer_rate")
    assert rung({"calls": "ok", "answered": "ok"}, low=True) is None, "a low rate alone starts nothing"


def test_a_low_conversion_moves_the_task_up_the_ladder() -> None:
    """Invoices lag because long calls do not become presentations: the task is presentations."""
    levels: dict[Step, Level] = {
        "calls": "ok",
        "answered": "ok",
        "long_calls": "ok",
        "presentations": "ok",
        "invoices": "soft",
    }
    stuck: dict[Step, int] = {**OWN, "presentations": 4, "invoices": 1}
    assert rung(levels) == ("invoices", "rate")
    assert rung(levels, stuck) == ("presentations", "conversion")
    assert rung({**levels, "invoices": "ok"}, stuck) is None, "conversions never start a task"
    assert rung({**levels, "presentations": "not_enough_data"}, stuck) == ("invoices", "rate")


def test_a_conversion_needs_ten_trials() -> None:
    """Nine long calls without a presentation prove nothing about the conversion; ten do."""
    levels: dict[Step, Level] = {"presentations": "ok", "invoices": "soft"}
    assert rung(levels, {"long_calls": 9, "presentations": 0, "invoices": 0}) == ("invoices", "rate")
    assert rung(levels, {"long_calls": 10, "presentations": 0, "invoices": 0}) == ("presentations", "conversion")


def test_the_certainty_is_that_of_the_surest_signal() -> None:
    """Who gets a place in the budget is decided by the surest of the agent's signals."""
    found = first_broken([judged("calls", "soft", 0.8), judged("payments", "hard", 0.97)], OWN, HEALTHY, False, BY)
    assert found is not None
    assert (found.judged.due.step, found.certainty) == ("calls", 0.97)


@pytest.mark.parametrize(
    ("own", "peers", "low"),
    [
        ({"spring": (40, 4)}, {"spring": (400, 120)}, True),
        ({"spring": (40, 12)}, {"spring": (400, 120)}, False),
        ({"spring": (40, 4)}, {"spring": (400, 40)}, False),
        ({"spring": (40, 4)}, {"autumn": (400, 120)}, False),
        ({"spring": (40, 4)}, {"spring": (9, 9)}, False),
        ({"spring": (9, 0)}, {"spring": (400, 120)}, False),
        ({"good": (20, 6), "bad": (20, 1)}, {"good": (200, 60), "bad": (200, 10)}, False),
        ({}, {}, False),
    ],
    ids=["low", "as peers", "list is bad for all", "no peers there", "few peers", "under 3 due", "mixed", "none"],
)
def test_the_answer_rate_is_held_against_the_same_paths(
    own: dict[str, tuple[int, int]], peers: dict[str, tuple[int, int]], low: bool
) -> None:
    """An agent on a poor list is compared with peers on that list, never with an absolute rate."""
    assert answers_low_against(own, peers, BY) is low
