"""What is learned of people: recovered on made-up floors whose truth is known, and harmless when it is right."""

from datetime import date as Date
from datetime import timedelta

import numpy as np
import pytest

from schemas.floor import Floor, parse
from schemas.floor.judgement import Judgement
from schemas.floor.learned import Prior
from schemas.steps import Step
from services.rules.calibration import calibrate, moments
from services.rules.deviation import of_agent
from services.rules.history import AgentDay
from services.rules.judging import Due, judge

FLOORS, AGENTS, DAYS = 200, 20, 40


def people(
    chance: np.random.Generator, cv: float, phi: float, mean: float, due: float
) -> list[list[tuple[int, float]]]:
    """Counts of mean M·due and variance φ·M·due, M from Gamma(1/CV², mean)."""
    pace = chance.gamma(cv**-2, mean * cv**2, AGENTS)
    m = np.repeat(pace[:, None], DAYS, axis=1) * due
    counts = chance.poisson(m) if phi == 1 else chance.negative_binomial(m / (phi - 1), 1 / phi)
    return [[(int(count), due) for count in own] for own in counts]


@pytest.mark.parametrize("due", [1.0, 8.0, 80.0])
@pytest.mark.parametrize(("cv", "phi", "mean"), [(0.4, 1.0, 1.0), (0.2, 1.3, 0.85), (0.6, 2.5, 1.2), (0.3, 1.8, 0.7)])
def test_the_truth_is_found_again(cv: float, phi: float, mean: float, due: float) -> None:
    """200 floors of 20 people and 40 days: on average within 4 standard errors (an error in 16,000), and 3 % of bias that
    bounds and few people leave; one floor is off by no more than what 20 people can tell."""
    chance = np.random.default_rng(2611)
    found = np.array([moments(people(chance, cv, phi, mean, due)) for _ in range(FLOORS)])
    sure = 4 * found.std(axis=0) / FLOORS**0.5
    for at, truth in enumerate((mean, phi, cv)):
        assert abs(found[:, at].mean() - truth) < sure[at] + 0.03 * truth
    spread = cv / AGENTS**0.5
    assert np.quantile(np.abs(found[:, 0] / mean - 1), 0.95) < 2.5 * (spread**2 + phi / (AGENTS * DAYS * due)) ** 0.5


def test_people_who_do_not_differ_are_not_told_apart() -> None:
    """The noise of counting is no difference: the least CV there is."""
    chance = np.random.default_rng(7)
    found = [moments([[(int(n), 8.0) for n in chance.poisson(8.0, DAYS)] for _ in range(AGENTS)]) for _ in range(50)]
    assert np.median([cv for _, _, cv in found]) == 0.1
    assert np.mean([phi for _, phi, _ in found]) == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize(("cv", "phi", "mean"), [(0.2, 1.3, 0.95), (0.25, 2.2, 1.0), (0.3, 1.8, 0.85), (0.5, 1.0, 1.1)])
def test_right_values_make_no_more_false_tasks(cv: float, phi: float, mean: float) -> None:
    """Of 40,000 agent-days at one cut-off: tasks to people who are at 0.9 of the norm or above, by what was learned against
    the defaults; and of those given one, at least three quarters (less 4 standard errors) are below, whatever was learned.

    Where people differ more or scatter less than the defaults say, more is seen: more tasks, and no greater share in vain."""
    chance = np.random.default_rng(5)
    expected, n = 20.0, 40_000
    pace = chance.gamma(cv**-2, mean * cv**2, n)
    m = pace * expected
    counts = chance.poisson(m) if phi == 1 else chance.negative_binomial(m / (phi - 1), 1 / phi)

    def tasks(prior: Prior) -> np.ndarray:
        limit = next((x for x in range(100) if of_agent(x, expected, prior).p_below(0.9) < 0.75), 100)
        return np.asarray((counts < limit) & (counts <= expected - 1))

    ours, defaults = tasks(Prior(cv, phi, mean)), tasks(Judgement().of("a", "calls"))
    false_now, false_before = (ours & (pace >= 0.9)).sum(), (defaults & (pace >= 0.9)).sum()
    wrong = false_now / max(1, ours.sum())
    assert wrong <= 0.25 + 4 * (0.25 * 0.75 / max(1, ours.sum())) ** 0.5
    if cv <= 0.4 and phi >= 1.3 and mean >= 0.95:
        assert false_now <= false_before + 4 * float(false_before) ** 0.5


def floor(agents: int = 6, more: str = "") -> Floor:
    roster = "\n".join(f"  - {{id: a{n}, team: a}}" for n in range(agents))
    return parse(f"""
timezone: Europe/Moscow
day: {{start: "09:00", end: "17:00", weekdays: [mon, tue, wed, thu, fri, sat, sun]}}
teams: [{{id: a}}]
agents:
{roster}
norms: [{{for: {{team: a}}, per_day: {{calls: 8, payments: 0.1}}}}]
{more}
""")


def history(described: Floor, days: int, chance: np.random.Generator) -> list[AgentDay]:
    steps: tuple[tuple[Step, float], ...] = (("calls", 6.4), ("payments", 0.05))
    return [
        AgentDay(
            agent.id,
            Date(2026, 9, 7) + timedelta(days=ahead),
            {step: {20: int(chance.poisson(rate))} for step, rate in steps},
            {20: 480.0},
        )
        for ahead in range(days)
        for agent in described.agents
    ]


def test_too_little_is_said_and_nothing_learned() -> None:
    """Twenty days, a hundred results, five people; else the defaults."""
    chance = np.random.default_rng(1)
    described = floor()
    calls, payments = calibrate(described, history(described, 30, chance), 480)
    assert calls.lacks == ()
    assert calls.mean == pytest.approx(0.8, abs=0.06)
    assert (payments.lacks, payments.prior_cv) == (("few_events",), None)
    assert calibrate(described, history(described, 10, chance), 480)[0].lacks == ("few_days",)
    few = floor(4)
    assert calibrate(few, history(few, 30, chance), 480)[0].lacks == ("few_agents",)


def test_judging_goes_by_what_was_learned_of_team_and_step() -> None:
    """Ten against fifteen: a scattering step says less; another step is as it was."""
    more = "judgement: {learned: [{for: {team: a}, step: calls, prior_cv: 0.2, overdispersion: 3, mean: 0.9}]}"
    learned, default = floor(more=more).judgement, Judgement()
    dues = [Due("a0", "a", step, 10, 10, 15.0, True, True) for step in ("calls", "payments")]
    ours, theirs = judge(dues, frozenset(), learned), judge(dues, frozenset(), default)
    assert ours[1] == theirs[1]
    assert ours[0].index == pytest.approx((25 + 10 / 3) / (25 / 0.9 + 15 / 3))
    assert theirs[0].index == pytest.approx((6.25 + 10 / 1.3) / (6.25 + 15 / 1.3))


def test_a_team_of_like_people_still_sees_who_fell_today() -> None:
    """Weeks on which nobody differed say little about today: half of the norm is a task by lunch and the trainer's by the
    evening, 70 % a task by the evening; and who is one call in ten short is left alone."""
    chance = np.random.default_rng(3)
    found = calibrate(floor(), history(floor(), 30, chance), 480)[0]
    assert found.overdispersion is not None
    prior = Prior(found.prior_cv or 0, found.overdispersion, 1.0)
    lunch, evening, later = of_agent(20, 40, prior), of_agent(40, 80, prior), of_agent(56, 80, prior)
    by = Judgement()
    assert lunch.p_below(by.soft.below) >= by.soft.probability
    assert evening.p_below(by.hard.below) >= by.hard.probability
    assert later.p_below(by.soft.below) >= by.soft.probability
    assert of_agent(72, 80, prior).p_below(by.soft.below) < by.soft.probability
