"""Money at risk: causes in order, never negative, adding up exactly."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.floor.judgement import Judgement
from services.rules.money.risk import CAUSES, Claims, Planned, at_risk, claims

BY = Judgement()
amounts = st.floats(0, 1e4)


@given(
    st.integers(-(10**12), 10**12),
    st.builds(Claims, amounts, amounts, amounts, amounts),
    st.floats(0, 1e9),
    st.sampled_from([1, 100]),
)
def test_causes_add_up(total: int, claimed: Claims, worth: float, grain: int) -> None:
    found = at_risk(total, claimed, worth, grain)
    assert abs(found.total - max(0, total)) <= grain / 2
    assert all(minor % grain == 0 for minor in found.causes.values())
    assert tuple(found.causes) == CAUSES
    assert all(minor >= 0 for minor in found.causes.values())
    assert sum(found.causes.values()) == found.total


def steps(calls: int, longs: int, presentations: int, *, technical: float = 0.0) -> dict:  # type: ignore[type-arg]
    """Half a day of ten agents: 80 calls, 10 long, 8 presentations and 1 payment a day each."""
    shape = {"calls": 800.0, "long_calls": 100.0, "presentations": 80.0, "payments": 10.0}
    done = {"calls": calls, "long_calls": longs, "presentations": presentations, "payments": 3}
    return {step: Planned(done[step], whole / 2, technical * whole, whole) for step, whole in shape.items()}


def test_the_example_of_the_decision() -> None:
    """ADR 0024: short of 3 payments of 100 000; 40 of 800 calls' worth of minutes lost, presentations at half of longs' due."""
    found = claims(steps(380, 50, 20, technical=0.05), 0.0, BY)
    assert round(found.technical, 6) == 0.5
    assert found.broken == "presentations"
    assert round(found.conversion, 6) == 5.0
    risk = at_risk(300_000_00, found, 100_000_00)
    assert risk.causes == {
        "technical": 50_000_00,
        "number_list": 0,
        "conversion": 250_000_00,
        "volume": 0,
        "unexplained": 0,
    }


def test_volume_is_what_was_not_dialled_beyond_what_faults_took() -> None:
    """300 of 400 calls with 40 lost to a fault: 60 missing, 120 by the evening, a payment for every 80."""
    found = claims(steps(300, 50, 40, technical=0.05), 0.0, BY)
    assert (found.broken, round(found.volume, 6)) == (None, 1.5)


def test_a_little_below_is_not_broken() -> None:
    assert claims(steps(400, 50, 37), 0.0, BY).broken is None


def test_a_plan_without_norms_is_unexplained() -> None:
    found = at_risk(5, claims({}, 12.0, BY), 1)
    assert (found.causes["unexplained"], found.broken) == (5, None)


def test_answers_lost_on_bad_numbers() -> None:
    """Each is worth the payments its norm makes of one."""
    given_ = {"answered": Planned(10, 160, 0, 320), "payments": Planned(0, 5, 0, 10)}
    assert claims(given_, 32.0, BY).number_list == 1.0  # type: ignore[arg-type]


def test_nothing_is_at_risk_above_the_plan() -> None:
    assert set(at_risk(-5, Claims(1, 1, 1, 1), 100).causes.values()) == {0}
