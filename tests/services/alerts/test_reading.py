"""What a lead is sent in a day besides alerts, and whether the bound can be kept at all."""

from datetime import timedelta

import pytest

from schemas.floor import Floor
from services.alerts.reading import crowded, planned
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.payloads import floor as parse
from tests.services.alerts.rows import DAY

FOUR = 'slices: ["11:00", "13:00", "16:00", "18:00"]'


def floor(slices: int, notify: str = "") -> Floor:
    times = ", ".join(f'"{10 + n // 2:02}:{30 * (n % 2):02}"' for n in range(slices))
    assert FOUR in FLOOR
    return parse(FLOOR.replace(FOUR, f"slices: [{times}]").replace("notify:\n", f"notify:\n{notify}"))


@pytest.mark.parametrize(("slices", "found"), [(4, None), (7, None), (8, (8, 10)), (9, (9, 11))])
def test_too_many_slices_for_the_bound(slices: int, found: tuple[int, int] | None) -> None:
    """Nine messages a lead: with eight slices the two places that alerts always have are one too many."""
    own = floor(slices, "  head: {slack: U0HEAD}\n")
    assert planned(own, DAY) == slices
    assert crowded(own, DAY) == found


def test_the_fullest_day_of_a_week_counts() -> None:
    """Asked on a Saturday, it is Monday that is told."""
    own = floor(8, "  head: {slack: U0HEAD}\n")
    assert planned(own, DAY - timedelta(days=2)) == 0
    assert crowded(own, DAY - timedelta(days=2)) == (8, 10)


def test_without_a_budget_there_is_no_bound() -> None:
    """Whoever switched it off is not told of it."""
    assert crowded(floor(9, "  budget: null\n  head: {slack: U0HEAD}\n"), DAY) is None
