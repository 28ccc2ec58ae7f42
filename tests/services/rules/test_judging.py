"""Levels at their edges, common cause, false-discovery rate, budget. Probabilities are recomputed with scipy.stats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import stats

from schemas.floor.judgement import Fdr, Judgement, Soft, TeamJudgement
from schemas.steps import Level, Step
from services.rules.judging import Due, common_causes, judge, still_deviating

PLAIN = Judgement(overdispersion=1, fdr=None, task_budget_share=None)
KEY = ("ivan", "calls")


def due(done: int, expected: float | None, agent: str = "ivan", step: Step = "calls", **more: object) -> Due:
    plain = Due(agent, "hunters", step, done, done, expected, exposed=True, trusted=True)
    return replace(plain, **more)  # type: ignore[arg-type]


def p_below(done: int, expected: float, bound: float = 0.9, phi: float = 1.0, cv: float = 0.4) -> float:
    a = cv**-2
    return float(stats.gamma.cdf(bound, a + done / phi, scale=1 / (a + expected / phi)))


def level(done: int, expected: float, by: Judgement = PLAIN, *, before: bool = False) -> Level:
    return judge([due(done, expected)], frozenset([KEY] if before else []), by)[0].level


def test_soft_and_hard_by_hand() -> None:
    """Of 20 due: 15 are fine (P = 0.72), 14 soft (0.78), 9 hard (P(M < 0.8) = 0.93)."""
    assert [round(p_below(done, 20), 2) for done in (15, 14)] == [0.72, 0.78]
    assert [level(done, 20) for done in (15, 14, 10, 9)] == ["ok", "soft", "soft", "hard"]
    assert p_below(10, 20, 0.8) < 0.90 <= p_below(9, 20, 0.8)


@given(st.integers(0, 60), st.floats(3, 60), st.booleans(), st.sampled_from([1.0, 1.3, 2.0]))
def test_every_level_is_what_the_rule_says(done: int, expected: float, before: bool, phi: float) -> None:
    """hard: P(M < 0.8) ≥ 0.90; soft: P(M < 0.9) ≥ 0.75 and one whole unit short; watch: earlier and still ≥ 0.5; ok."""
    soft, hard = p_below(done, expected, 0.9, phi), p_below(done, expected, 0.8, phi)
    short = expected - done >= 1 - 1e-9
    if short and hard >= 0.90:
        wanted = "hard"
    elif short and soft >= 0.75:
        wanted = "soft"
    elif before and soft >= 0.5:
        wanted = "watch"
    else:
        wanted = "ok"
    assert level(done, expected, PLAIN.model_copy(update={"overdispersion": phi}), before=before) == wanted


def test_the_limits_themselves_belong_to_the_level() -> None:
    """A probability exactly at its limit is enough; the next number above is not."""
    soft, hard = p_below(14, 20), p_below(9, 20, 0.8)
    for limit, wanted in ((soft - 1e-9, "soft"), (soft + 1e-9, "ok")):
        assert level(14, 20, PLAIN.model_copy(update={"soft": Soft(probability=limit)})) == wanted
    for limit, wanted in ((hard - 1e-9, "hard"), (hard + 1e-9, "soft")):
        changed = PLAIN.hard.model_copy(update={"probability": limit})
        assert level(9, 20, PLAIN.model_copy(update={"hard": changed})) == wanted


def test_a_shortfall_is_at_least_one_whole_unit() -> None:
    """However sure: half a unit short is not lagging."""
    eager = PLAIN.model_copy(update={"soft": Soft(probability=0.3)})
    assert level(3, 3.9, eager) == "ok"
    assert level(3, 4, eager) == "soft"
    assert level(3, 4 - 1e-10, eager) == "soft"


def test_watch_needs_an_earlier_signal_and_ends_below_a_half() -> None:
    """The same numbers are ok for somebody who never lagged, and watch for somebody who did."""
    assert 0.5 <= p_below(16, 20) < 0.75
    assert level(16, 20) == "ok"
    assert level(16, 20, before=True) == "watch"
    assert p_below(19, 20) < 0.5
    assert level(19, 20, before=True) == "ok"


def test_who_is_still_deviating() -> None:
    """Soft, hard and watch stay in; ok leaves; a slice without data changes nothing."""
    after = still_deviating(frozenset(), {("a", "calls"): "soft", ("b", "calls"): "hard", ("c", "calls"): "ok"})
    assert after == {("a", "calls"), ("b", "calls")}
    after = still_deviating(after, {("a", "calls"): "not_enough_data", ("b", "calls"): "ok"})
    assert after == {("a", "calls")}
    assert still_deviating(after, {("a", "calls"): "watch"}) == {("a", "calls")}
    assert still_deviating(after, {("a", "calls"): "ok"}) == frozenset()


@pytest.mark.parametrize(
    ("expected", "phi", "wanted"),
    [
        (3, 1.0, "hard"),
        (3 - 0.5e-9, 1.0, "hard"),
        (3 - 1e-6, 1.0, "not_enough_data"),
        (3, 1.3, "ok"),
        (None, 1.0, "not_enough_data"),
    ],
)
def test_less_than_three_due_is_no_verdict(expected: float | None, phi: float, wanted: Level) -> None:
    """Λ is compared before overdispersion, with a tolerance of 1e-9 for minutes that do not divide evenly."""
    by = PLAIN.model_copy(update={"overdispersion": phi, "hard": PLAIN.hard.model_copy(update={"probability": 0.65})})
    assert judge([due(0, expected)], frozenset(), by)[0].level == wanted


def test_index_and_p_below_are_given_without_a_verdict_too() -> None:
    """Plain arithmetic is shown to everybody; only a step without a norm has neither."""
    few, untrusted, nothing = judge(
        [due(0, 2, "a"), due(0, 20, "b", trusted=False), due(5, None, "c")], frozenset(), PLAIN
    )
    assert (few.level, untrusted.level, nothing.level) == ("not_enough_data",) * 3
    assert few.index == pytest.approx(6.25 / 8.25)
    assert untrusted.p_below == pytest.approx(p_below(0, 20))
    assert (nothing.index, nothing.p_below) == (None, None)


def test_more_steps_need_more_certainty() -> None:
    """One judged step: 0.75 is enough. Two: 0.85. A second step under three due does not count as judged."""
    sure = p_below(14, 20)
    assert 0.75 <= sure < 0.85
    one = due(14, 20)
    for second, wanted in ((due(20, 20, step="answered"), "ok"), (due(0, 2, step="answered"), "soft")):
        assert judge([one, second], frozenset(), PLAIN)[0].level == wanted
    assert judge([one, due(20, 20, "maria", step="answered")], frozenset(), PLAIN)[0].level == "soft"
    assert judge([due(12, 20), due(20, 20, step="answered")], frozenset(), PLAIN)[0].level == "soft"


def test_hard_signals_are_held_to_the_false_discovery_rate() -> None:
    """Taken by certainty while the mean doubt stays within 5 %; the rest are soft."""
    crowd = [due(done, 20, f"a{done}{n}", team=f"t{done}{n}") for done in (8, 9) for n in range(3)]
    free = judge(crowd, frozenset(), PLAIN)
    held = judge(crowd, frozenset(), PLAIN.model_copy(update={"fdr": Fdr(hard=0.05)}))
    assert {one.level for one in free} == {"hard"}
    doubts = sorted(1 - p_below(one.due.done, 20, 0.8) for one in free)
    taken = max(n for n in range(len(doubts) + 1) if n == 0 or sum(doubts[:n]) / n <= 0.05)
    assert 0 < taken < len(crowd)
    assert [one.level for one in held].count("hard") == taken
    assert [one.level for one in held].count("soft") == len(crowd) - taken
    surest = sorted(held, key=lambda one: -one.p_hard)
    assert [one.level for one in surest] == ["hard"] * taken + ["soft"] * (len(crowd) - taken)


def test_a_single_doubtful_hard_signal_is_soft() -> None:
    """P(M < 0.8) of 0.93 alone is a doubt of 7 %."""
    assert 0.90 <= p_below(9, 20, 0.8) < 0.95
    assert level(9, 20, PLAIN.model_copy(update={"fdr": Fdr(hard=0.05)})) == "soft"


@given(st.lists(st.tuples(st.integers(0, 12), st.floats(8, 30)), min_size=1, max_size=12), st.floats(0.01, 0.2))
def test_the_mean_doubt_of_hard_signals_stays_within_the_limit(people: list[tuple[int, float]], limit: float) -> None:
    """Whatever the numbers, the mean of 1 − P over the hard ones is within the limit, and none more could be taken."""
    dues = [due(done, expected, f"a{n}", team=f"t{n}") for n, (done, expected) in enumerate(people)]
    free = judge(dues, frozenset(), PLAIN)
    held = judge(dues, frozenset(), PLAIN.model_copy(update={"fdr": Fdr(hard=limit)}))
    doubts = [1 - one.p_hard for one in held if one.level == "hard"]
    assert sum(doubts) <= limit * len(doubts) + 1e-6
    refused = [1 - now.p_hard for was, now in zip(free, held, strict=True) if was.level != now.level]
    if refused:
        assert (sum(doubts) + min(refused)) / (len(doubts) + 1) > limit


def team(*done: int, expected: float = 20) -> list[Due]:
    return [due(one, expected, f"a{n}") for n, one in enumerate(done)]


def test_a_common_cause_is_the_teams_multiplier() -> None:
    """Sums of done and due against a prior with CV 0.15; found at P(M_T < 0.9) ≥ 0.9."""
    (cause,) = common_causes(team(12, 13, 14, 12), PLAIN)
    assert (cause.done, cause.expected, cause.agents) == (51, 80, 4)
    assert cause.p_below == pytest.approx(p_below(51, 80, cv=0.15))
    assert cause.found
    (fine,) = common_causes(team(18, 17, 18, 19), PLAIN)
    assert p_below(72, 80, cv=0.15) < 0.9
    assert not fine.found


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [({}, 1), ({"exposed": False}, 0), ({"trusted": False}, 0), ({"expected": None}, 0), ({"expected": 0.0}, 0)],
)
def test_a_team_is_at_least_four_at_work(changes: dict[str, object], wanted: int) -> None:
    """Without the fourth — away, unjudgeable, or with nothing due — three are no team."""
    people = team(12, 13, 14, 12)
    people[3] = replace(people[3], **changes)  # type: ignore[arg-type]
    assert len(common_causes(people, PLAIN)) == wanted


def test_with_a_common_cause_agents_are_judged_by_their_own_team() -> None:
    """Where all are at 60 %, nobody lags behind the team; the one at 20 % does. The scale leaves the agent out."""
    people = team(12, 12, 12, 12, 12, 4)
    together = judge(people, frozenset(), PLAIN)
    assert [one.level for one in together] == ["ok"] * 5 + ["hard"]
    a = 0.15**-2
    assert together[5].scale == pytest.approx((a + 60) / (a + 100))
    assert together[0].scale == pytest.approx((a + 52) / (a + 100))
    assert together[0].p_below == pytest.approx(p_below(12, 20)), "shown against the unscaled target"
    assert together[0].p_soft == pytest.approx(p_below(12, 20 * (a + 52) / (a + 100)))
    assert [judge([one], frozenset(), PLAIN)[0].level for one in people[:5]] == ["soft"] * 5


def test_a_common_cause_reaches_the_later_steps() -> None:
    """Fewer answer everybody: long calls, 15 of 20 due and no common cause of their own, are judged by the team too; calls,
    the step before, are not; a later step in which the team is well asks no more than the norm."""
    answered = [replace(one, step="answered") for one in team(11, 12, 11, 12)]
    long_calls = [replace(one, step="long_calls") for one in team(7, 7, 8, 6, expected=9)]
    payments = [replace(one, step="payments") for one in team(9, 9, 9, 9, expected=5)]
    dialled = team(20, 13, 20, 20)
    causes = {cause.step: cause for cause in common_causes([*dialled, *answered, *long_calls, *payments], PLAIN)}
    assert {step for step, cause in causes.items() if cause.found} == {"answered"}
    judged = judge([*dialled, *answered, *long_calls, *payments], frozenset(), PLAIN)
    rest = (0.15**-2 + 22) / (0.15**-2 + 27)  # the others: 7 + 8 + 7 of 27, seen by the agent with 6
    scales = {(one.due.agent, one.due.step): one.scale for one in judged}
    assert scales["a3", "long_calls"] == pytest.approx(rest)
    assert {scales[f"a{n}", "calls"] for n in range(4)} == {1.0}
    assert {scales[f"a{n}", "payments"] for n in range(4)} == {1.0}
    assert all(scales[f"a{n}", "answered"] < 0.9 for n in range(4))


def test_without_a_common_cause_nobody_is_scaled() -> None:
    """One weak agent among good ones is that agent's own matter."""
    mixed = judge(team(20, 21, 19, 20, 20, 4), frozenset(), PLAIN)
    assert {one.scale for one in mixed} == {1.0}
    assert mixed[5].level == "hard"


def test_who_has_nothing_due_is_no_part_of_the_team() -> None:
    """An agent with a norm of zero neither lowers the others nor is scaled."""
    people = [*team(12, 12, 12, 12), due(50, 0.0, "idle")]
    judged = judge(people, frozenset(), PLAIN)
    assert judged[4].scale == 1.0
    assert judged[0].scale == pytest.approx((0.15**-2 + 36) / (0.15**-2 + 60))


def test_min_expected_is_compared_before_the_common_cause() -> None:
    """A target scaled below three is still judged when three were due."""
    people = team(1, 1, 1, 1, 0, expected=3.2)
    by = PLAIN.model_copy(update={"team": TeamJudgement(probability=0.5)})
    judged = judge(people, frozenset(), by)
    assert judged[4].scale * 3.2 < 3
    assert "not_enough_data" not in {one.level for one in judged}


@given(st.permutations(range(6)))
def test_the_order_of_agents_never_matters(order: list[int]) -> None:
    """Levels belong to agents, not to their place in the list."""
    people = team(12, 5, 0, 14, 9, 20)
    plain = {one.due.agent: one for one in judge(people, frozenset(), Judgement())}
    turned = {one.due.agent: one for one in judge([people[n] for n in order], frozenset(), Judgement())}
    assert {agent: one.level for agent, one in plain.items()} == {agent: one.level for agent, one in turned.items()}
