"""Habits worth a look."""

from dataclasses import replace

import pytest
from scipy.stats import binom

from schemas.floor.gaming import Gaming
from services.rules.gaming import Habits, Look, looks, others, p_share_above

BY = Gaming()
HONEST = Habits(
    "ivan",
    "hunters",
    just_above=9,
    around=72,
    same_number=3,
    answered=400,
    quick=60,
    presentations=100,
    unheard=5,
    linked_marks=60,
    late_marks=6,
    invoices=40,
    paid=20,
)
TEAM = Habits("", "", invoices=200, paid=110)


def test_honest_work_is_left_alone() -> None:
    """A ninth of the talks around the limit, a few quick calls, some late marks."""
    assert looks(HONEST, TEAM, BY) == []


@pytest.mark.parametrize(
    ("own", "found"),
    [
        (replace(HONEST, just_above=30, around=60), Look("pile", 30, 90, 10.0)),
        (replace(HONEST, same_number=12), Look("same_number", 12, 1)),
        (replace(HONEST, quick=160), Look("quick", 160, 400, 120.0)),
        (replace(HONEST, unheard=45), Look("unheard", 45, 100, 30.0)),
        (replace(HONEST, late_marks=30), Look("late_marks", 30, 60, 18.0)),
        (replace(HONEST, paid=3), Look("unpaid", 37, 40, 18.0)),
    ],
)
def test_what_stands_out_is_told_with_its_counts(own: Habits, found: Look) -> None:
    """One habit at a time."""
    assert looks(own, TEAM, BY) == [found]


@pytest.mark.parametrize(
    "own",
    [
        Habits("a", "t", just_above=7, around=0),
        Habits("a", "t", answered=29, quick=29),
        Habits("a", "t", presentations=7, unheard=7, linked_marks=7, late_marks=7),
        Habits("a", "t", invoices=9, paid=0),
    ],
)
def test_little_is_not_judged(own: Habits) -> None:
    """Below the least numbers nothing is said, however odd they look."""
    assert looks(own, TEAM, BY) == []


def test_unpaid_invoices_are_compared_with_colleagues() -> None:
    """Where nobody's invoices are paid (no source says so), nobody stands out."""
    assert looks(replace(HONEST, paid=0), replace(TEAM, paid=0), BY) == []


def test_a_pile_comes_by_chance_once_in_a_thousand_agents() -> None:
    """Of 90 talks around the limit, honest ones fall into the bin above it with 1/9: the tail at the least count told."""
    told = next(k for k in range(91) if looks(Habits("a", "t", just_above=k, around=90 - k), TEAM, BY))

    assert binom.sf(told - 1, 90, 1 / 9) < BY.pile_p <= binom.sf(told - 2, 90, 1 / 9)


def test_a_share_at_its_limit_is_rarely_told() -> None:
    """Of people whose true share is the limit itself, about one in twenty."""
    told = next(k for k in range(401) if p_share_above(k, 400, BY.quick_share) >= BY.sure)

    assert binom.sf(told - 1, 400, BY.quick_share) == pytest.approx(0.05, abs=0.015)


def test_the_others_are_the_team_without_the_agent() -> None:
    """Nobody is compared with themselves."""
    team = {"ivan": HONEST, "maria": Habits("maria", "hunters", invoices=10, paid=7)}

    assert (others(team, "ivan").invoices, others(team, "ivan").paid) == (10, 7)
