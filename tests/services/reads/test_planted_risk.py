"""Money at risk on planted days, each cause reckoned by hand from DOMAIN §11 alone.

Ten people; by the norms 800 calls, 300 answers, 100 long calls, 80 presentations, 60 invoices and 40 payments a day; a payment
brings 100,000. The plan of the day is 4,000,000.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from schemas.floor import parse
from schemas.steps import STEPS, Step
from services.reads.day import DayRead
from services.reads.risk import risk_of_day
from services.rules.day import working_day
from services.rules.exposure import exposure, scheduled
from services.rules.money.risk import AtRisk
from services.rules.norms import norms_of
from services.rules.spans import at

PEOPLE = 10
NORM: dict[Step, int] = {
    "calls": 80, "answered": 30, "long_calls": 10, "presentations": 8, "invoices": 6, "payments": 4,
}  # fmt: skip
FLOOR = parse(
    "timezone: UTC\ncurrency: RUB\nday: {start: '09:00', end: '17:00'}\nslices: ['11:00', '13:00', '17:00']\n"
    "teams: [{id: one}]\nagents:\n"
    + "".join(f"  - {{id: a{n}, team: one}}\n" for n in range(PEOPLE))
    + f"norms: [{{for: {{floor: main}}, per_day: {{{', '.join(f'{step}: {n}' for step, n in NORM.items())}}}}}]\n"
)
DAY = working_day(FLOOR, date(2026, 11, 24))
MINOR = 100_000_00
"""What a payment brings, in kopecks."""


@dataclass(frozen=True)
class Done:
    done: dict[Step, int]


def clock(hour: float) -> datetime:
    return datetime(2026, 11, 24, int(hour), round(60 * (hour % 1)), tzinfo=UTC)


def risk(share: dict[Step, float], lost_h: float = 0, now: float = 17, lost_answers: float = 0) -> AtRisk:
    """Everybody did *share* of the norm of the hours worked up to *now*, after *lost_h* hours of a fault from nine on."""
    worked = (now - 9) / 8
    whole = {step: round(PEOPLE * NORM[step] * worked * share.get(step, 1.0)) for step in STEPS}
    fault = ((at(clock(9)), at(clock(9 + lost_h))),) if lost_h else ()
    agents, exposures = {}, {}
    for place, agent in enumerate(FLOOR.agents):
        own = {step: whole[step] // PEOPLE + (place < whole[step] % PEOPLE) for step in STEPS}
        agents[agent.id] = Done(own)
        exposures[agent.id] = exposure(scheduled(FLOOR, DAY, agent), DAY, (), fault)
    norms = {agent.id: norms_of(FLOOR, agent, DAY.weekday) for agent in FLOOR.agents}
    today = DayRead(FLOOR, DAY, agents, exposures, norms, {}, {"one": lost_answers})
    found = risk_of_day(today, None, float(MINOR), clock(now))
    assert found is not None
    assert sum(found.causes.values()) == found.total
    assert all(minor >= 0 for minor in found.causes.values())
    return found


def of(found: AtRisk) -> dict[str, float]:
    """Cause → payments."""
    return {cause: minor / MINOR for cause, minor in found.causes.items() if minor}


def every(share: float) -> dict[Step, float]:
    return dict.fromkeys(STEPS, share)


def test_a_day_on_plan_risks_nothing() -> None:
    assert risk(every(1.0)).total == 0


def test_half_of_everything_is_volume() -> None:
    """400 calls too few, each worth 40/800 payment: all twenty missing ones."""
    assert of(risk(every(0.5))) == {"volume": 20}


def test_two_hours_of_a_fault_are_the_faults() -> None:
    """A quarter of the day was lost and everything else went by norm: ten payments, and nobody did too little."""
    assert of(risk(every(0.75), lost_h=2)) == {"technical": 10}


@pytest.mark.parametrize(("broken", "missing"), [("presentations", 20), ("invoices", 20), ("payments", 20)])
def test_the_first_broken_conversion_takes_what_it_breaks(broken: Step, missing: int) -> None:
    """From that step on half as much: 40 presentations, 30 invoices or 20 payments missing, each worth twenty payments."""
    place = STEPS.index(broken)
    found = risk({step: 1.0 if STEPS.index(step) < place else 0.5 for step in STEPS})
    assert (of(found), found.broken) == ({"conversion": missing}, broken)


def test_a_fault_goes_before_a_conversion() -> None:
    """A quarter lost: 30 payments were left to make, half of the presentations failed: 15 made. 10 are the fault's, 15 theirs."""
    place = STEPS.index("presentations")
    share = {step: 0.75 if STEPS.index(step) < place else 0.375 for step in STEPS}
    assert of(risk(share, lost_h=2)) == {"technical": 10, "conversion": 15}


def test_a_bad_number_goes_before_too_few_answers_downstream() -> None:
    """150 conversations lost on a labelled number, each worth 40/300 payment: the twenty that are missing."""
    share = {"calls": 1.0} | {step: 0.5 for step in STEPS if step != "calls"}
    assert of(risk(share, lost_answers=150)) == {"number_list": 20}


def test_what_nothing_explains_is_said_to_be_unexplained() -> None:
    """Everything by norm but three payments fewer: no conversion is significantly low, so nobody is charged."""
    assert of(risk({"payments": 0.925})) == {"unexplained": 3}


@pytest.mark.parametrize("now", [11, 13, 15, 16.5])
def test_causes_add_up_all_day(now: float) -> None:
    """Inside the day the rest is foretold; what is missing is still put down to the cause that was planted."""
    for found, cause in (
        (risk(every(0.5), now=now), "volume"),
        (risk({step: 1.0 if STEPS.index(step) < 3 else 0.4 for step in STEPS}, now=now), "conversion"),
    ):
        assert found.total > 0
        assert max(found.causes, key=lambda one: found.causes[one]) == cause, found
