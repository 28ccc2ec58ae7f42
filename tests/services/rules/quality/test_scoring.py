"""Marks, scores, intervals, agreement, the listening queue."""

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.floor.default_card import DEFAULT_CARD
from schemas.floor.quality import Listening, Quality
from services.rules.quality.agreement import ac1, between_people, with_machine
from services.rules.quality.funnel import stage_funnel
from services.rules.quality.interval import mean_score, share
from services.rules.quality.listening import Heard, best_of, queue, sizes
from services.rules.quality.scoring import Mark, Sheet, call_score, marks_of, score

ITEMS = [item.id for item in DEFAULT_CARD.items]
CRITICAL = {item.id for item in DEFAULT_CARD.items if item.critical}
marks = st.fixed_dictionaries({item: st.sampled_from([0.0, 0.5, 1.0, None]) for item in ITEMS})

SURE = Quality().certainty


def full(**changed: Mark) -> dict[str, Mark]:
    return {**dict.fromkeys(ITEMS, 1.0), **changed}


@pytest.mark.parametrize(
    ("changed", "value", "zone", "reason"),
    [
        ({}, 100, "good", None),
        ({"contact": 0.5}, 95, "good", None),
        ({"objections": 0.0, "price": 0.0}, 75, "fair", None),
        ({"objections": None, "price": 0.0}, 100 * 75 / 85, "good", None),
        ({"diagnosis": 0.0}, 59, "poor", "critical"),
        ({"diagnosis": 0.0, "presentation": 0.0, "closing": 0.0}, 40, "poor", None),
        ({"diagnosis": None}, 100, "good", None),
    ],
)
def test_scores(changed: dict[str, Mark], value: float, zone: str, reason: str | None) -> None:
    """Not applicable leaves numerator and denominator; a critical 0 caps at 59."""
    found = score(DEFAULT_CARD, full(**changed))
    assert (found.value, found.zone, found.reason) == (pytest.approx(value), zone, reason)


def test_a_ban_makes_it_zero() -> None:
    """With the reason; even when not all is marked yet."""
    found = score(DEFAULT_CARD, full(), ["rude"])
    assert (found.value, found.reason, found.because) == (0, "ban", ("rude",))
    assert score(DEFAULT_CARD, {}, ["rude"]).value == 0


def test_no_score_before_all_is_marked() -> None:
    """What is open is named; nothing applicable is no score either."""
    assert score(DEFAULT_CARD, {"contact": 1.0}).open == tuple(ITEMS[1:])
    assert score(DEFAULT_CARD, dict.fromkeys(ITEMS)).value is None


@given(marks, st.sampled_from(ITEMS))
def test_a_better_mark_is_never_a_worse_score(given_: dict[str, Mark], item: str) -> None:
    """Monotone, within 0–100, and capped whenever a critical item is 0."""
    assume(given_[item] is not None)
    worse, better = score(DEFAULT_CARD, {**given_, item: 0.0}).value, score(DEFAULT_CARD, {**given_, item: 1.0}).value
    assert worse is not None
    assert better is not None
    assert 0 <= worse <= better <= 100
    if item in CRITICAL:
        assert worse <= 59


def test_a_person_stands_above_the_machine() -> None:
    """Item by item; what the machine did not see is no mark."""
    assert marks_of({"contact": 0.0}, {"contact": 1.0, "price": 1.0, "speech": None}) == {"contact": 0.0, "price": 1.0}


def sheet(by: str, **changed: Mark) -> Sheet:
    return Sheet(f"event-{by}", by, ("default", 1), full(**changed))


def test_two_people_make_one_call() -> None:
    """Their mean; it counts once."""
    assert call_score(DEFAULT_CARD, [sheet("anna"), sheet("oleg", contact=0.0)], {}) == 95


def test_five_calls_give_31_points() -> None:
    """Student's t with 4 degrees of freedom: 2.776 · 25 / √5 (DOMAIN §10)."""
    scores = [25.0, 75.0, 50.0, 50 - 25 * 1.5**0.5 / 1.224744871, 50 + 25 * 1.5**0.5 / 1.224744871]
    found = mean_score(scores, None, 25, SURE)
    assert found is not None
    assert (found.high - found.low) / 2 == pytest.approx(31, abs=0.1)


def test_equal_scores_are_not_certainty() -> None:
    """Five times 80 still leaves ±22; having heard every call there is leaves nothing; one call leaves the whole scale."""
    five = mean_score([80] * 5, 1000, 25, SURE)
    assert five is not None
    assert five.high == 100
    assert 80 - five.low == pytest.approx(21.9, abs=0.2)
    all_ = mean_score([70, 90], 2, 25, SURE)
    assert all_ is not None
    assert (all_.low, all_.high) == (80, 80)
    one = mean_score([80], 50, 25, SURE)
    assert one is not None
    assert (one.low, one.high) == (0, 100)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.integers(1, 400))
def test_an_interval_holds_its_mean(scores: list[float], of: int) -> None:
    """Within the scale, whatever the scores."""
    found = mean_score(scores, of, 25, SURE)
    assert found is not None
    assert -1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= 100 + 1e-9


@given(st.integers(0, 50), st.integers(1, 50))
def test_a_share_lies_in_its_interval(k: int, more: int) -> None:
    """Wilson's interval is never empty and never leaves 0–1."""
    found = share(k, k + more, SURE)
    assert found is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_stages() -> None:
    """Each stage by itself: a skipped one shows."""
    found = stage_funnel(("contact", "diagnosis", "closing"), [{"contact"}, {"contact", "closing"}], SURE)
    assert [(one.stage, one.reached, one.share.n) for one in found] == [
        ("contact", 2, 2),
        ("diagnosis", 0, 2),
        ("closing", 1, 2),
    ]


def test_agreement_of_people() -> None:
    """Nine of ten alike on a question where nearly all is 1: AC1 stays high where kappa would fall to 0."""
    pairs: list[tuple[Mark, Mark]] = [(1.0, 1.0)] * 9 + [(1.0, 0.0)]
    assert ac1(pairs) == pytest.approx(0.897, abs=0.001)
    assert ac1([(1.0, 1.0)]) == 1
    assert ac1([(1.0, 0.0), (0.0, 1.0)]) < 0
    (found,) = between_people(["price"], [[sheet("a"), sheet("b", price=None)], [sheet("a")]], SURE)
    assert (found.item, found.equal.value, found.equal.n) == ("price", 0, 1)


def test_agreement_with_the_machine() -> None:
    """How often people uphold its evidence, and how much of what people found it saw."""
    calls: list[tuple[dict[str, Mark], list[Sheet]]] = [
        ({"price": 1.0}, [sheet("a")]),
        ({"price": 1.0}, [sheet("a", price=0.0)]),
        ({"price": None}, [sheet("a")]),
    ]
    (found,) = with_machine(["price"], calls, SURE)
    assert found.upheld is not None
    assert found.seen is not None
    assert (found.upheld.value, found.seen.value) == (0.5, 0.5)


AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
RULE = Listening()
TEAMS = {"ivan": "hunters", "maria": "hunters"}
CALLS = [
    Heard(f"{agent}-{n}", agent, AT, 30.0 + 60 * n, long=n > 9, presented=n % 2 == 0)
    for agent in TEAMS
    for n in range(20)
]


def test_shares_of_the_queue() -> None:
    """40 / 40 / 20 of five calls an agent: 2, 2, 1; of three: 1, 1, 1."""
    assert sizes(RULE) == {"random": 2, "targeted": 2, "reference": 1}
    assert sizes(Listening(per_agent_week=3)) == {"random": 1, "targeted": 1, "reference": 1}
    picks = queue(RULE, CALLS, TEAMS, {"ivan": "presentations"}, {"hunters": ["maria"]})
    kinds = [pick.sample for pick in picks]
    assert (kinds.count("random"), kinds.count("targeted"), kinds.count("reference")) == (4, 4, 2)
    assert {pick.call.agent for pick in picks if pick.sample == "reference"} == {"maria"}
    assert {pick.rung for pick in picks if pick.why == "rung"} == {"presentations"}
    assert all(pick.call.talk_s >= 60 for pick in picks if pick.sample == "random")
    assert len({pick.call.call for pick in picks}) == len(picks)


@given(st.permutations(CALLS))
def test_the_queue_is_the_same_for_everybody(calls: list[Heard]) -> None:
    """Order of reading changes nothing."""
    assert queue(RULE, calls, TEAMS, {}, {"hunters": ["maria"]}) == queue(
        RULE, CALLS, TEAMS, {}, {"hunters": ["maria"]}
    )


def test_random_is_random() -> None:
    """Over many seeds every call is drawn about equally often."""
    drawn = dict.fromkeys((call.call for call in CALLS if call.agent == "ivan" and call.talk_s >= 60), 0)
    for seed in range(1000):
        for pick in queue(Listening(seed=seed), CALLS, {"ivan": "hunters"}, {}, {}):
            if pick.sample == "random":
                drawn[pick.call.call] += 1
    assert min(drawn.values()) > 70
    assert max(drawn.values()) < 145


def test_the_best() -> None:
    """Most presentations first; nobody without one."""
    assert best_of({"a": (3, 2.0), "b": (5, 3.0), "c": (0, 9.0)}, 0.3) == ["b"]
