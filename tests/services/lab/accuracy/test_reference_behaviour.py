"""The whole rule on chance alone: how often it gives tasks and calls the trainer (DOMAIN §7).

One normed step, four slices of ten expected, φ = 1, the limits of DOMAIN §6 off; Poisson counts from a fixed seed. Six
shares are held to their reference by a binomial test at ERROR two-sided, so of all seeds a right core fails less than one
in a million (6 × ERROR). Enumerating every day of four counts below 25 gives the core's exact shares, and they lie within
the reference as it is written in ``REFERENCE``: tasks 22.2, 83.4 and 99.5 %, trainer 0.4, 17.7 and 72.0 %.
"""

import pytest
from scipy import stats

from schemas.floor import Floor
from services.lab.accuracy.floors import ALONE, AT_50, AT_70, KINDS, ON_NORM, Kind, one_step
from services.lab.accuracy.trial import REFERENCE, Measure, Tally, try_one_step

ERROR = 1.5e-7
AGENTS = 300
DAYS = {ON_NORM: 24, AT_70: 12, AT_50: 5}
"""Enough to see cases of 1.1 instead of 0.4 % (without the second condition of ADR 0007) and of 23 instead of 18 %."""
DAY_MEASURES: tuple[Measure, ...] = ("task, day", "trainer, day")


def played(kind: Kind, floor: Floor, days: int) -> Tally:
    return try_one_step(floor, kind, days, seed=20261123).core


def assert_rates(kind: Kind, found: Tally) -> None:
    """What became of *kind* could come from the reference."""
    for measure in DAY_MEASURES:
        known, seen = REFERENCE[kind, measure], found.counted[measure]
        low = stats.binom.ppf(ERROR / 2, found.days, known.low)
        high = stats.binom.isf(ERROR / 2, found.days, known.high)
        print(f"{kind.name}, {measure}: {seen} of {found.days}, {low:.0f}–{high:.0f} allowed")
        assert low <= seen <= high, f"{kind.name}, {measure}: {seen / found.days:.1%} instead of {known.text} %"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_reference_behaviour(kind: Kind) -> None:
    """Tasks ≈ 22.5 / 83 / 99.5 %, trainer ≈ 0.3 / 17 / 72 % of agents in a day."""
    assert_rates(kind, played(kind, one_step(AGENTS), DAYS[kind]))


@pytest.mark.parametrize("probability", [0.65, 0.85])
def test_another_rule_does_not_pass_for_the_reference(probability: float) -> None:
    """A soft signal at P ≥ 0.65 or 0.85 instead of 0.75 is found out by people on norm."""
    judgement = ALONE.replace("{", f"{{soft: {{probability: {probability}}}, ", 1)
    found = played(ON_NORM, one_step(AGENTS, judgement), days=5)
    with pytest.raises(AssertionError, match="on norm, task, day"):
        assert_rates(ON_NORM, found)
