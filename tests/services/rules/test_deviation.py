"""The posterior against an independent computation, and against numbers worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from services.rules.deviation import multiplier, p_rate_below


@given(
    st.integers(0, 400),
    st.floats(0, 400),
    st.floats(0.1, 1.5),
    st.floats(1, 3),
    st.sampled_from([0.8, 0.9, 1.0]),
)
def test_the_posterior_is_a_gamma(done: int, expected: float, cv: float, phi: float, bound: float) -> None:
    """P(M < bound) of Gamma(1/CV² + X/φ, 1/CV² + Λ/φ), by scipy.stats."""
    found = multiplier(done, expected, cv=cv, overdispersion=phi)
    a = cv**-2
    other = stats.gamma(a + done / phi, scale=1 / (a + expected / phi))
    assert found.p_below(bound) == pytest.approx(other.cdf(bound), abs=1e-12)
    assert found.mean == pytest.approx(other.mean())


def test_by_hand() -> None:
    """CV 0.4 is a prior of 6.25 expected and 6.25 done: four of ten make (6.25 + 4) / (6.25 + 10)."""
    assert multiplier(4, 10, cv=0.4, overdispersion=1).mean == pytest.approx(10.25 / 16.25)
    assert multiplier(4, 10, cv=0.4, overdispersion=1.3).mean == pytest.approx((6.25 + 4 / 1.3) / (6.25 + 10 / 1.3))
    assert multiplier(0, 0, cv=0.4, overdispersion=1).mean == 1.0


@given(st.integers(0, 100), st.floats(0.1, 100), st.floats(0.1, 50))
def test_more_done_is_never_surer_to_be_below(done: int, expected: float, more: float) -> None:
    """One more done lowers P(M < 0.9); more due raises it."""
    now = multiplier(done, expected, cv=0.4, overdispersion=1.3).p_below(0.9)
    assert multiplier(done + 1, expected, cv=0.4, overdispersion=1.3).p_below(0.9) <= now
    assert multiplier(done, expected + more, cv=0.4, overdispersion=1.3).p_below(0.9) >= now


@given(st.integers(0, 30), st.integers(0, 30), st.floats(0.05, 0.8))
def test_a_conversion_is_a_beta(reached: int, missed: int, reference: float) -> None:
    """The prior is centred on the segment's conversion and has its CV; the posterior is Beta, by scipy.stats."""
    found = p_rate_below(reached, reached + missed, reference, 0.9, cv=0.4)
    weight = max(1.0, (1 - reference) / (0.16 * reference) - 1)
    prior = stats.beta(weight * reference, weight * (1 - reference))
    assert prior.mean() == pytest.approx(reference)
    if weight > 1:
        assert prior.std() / prior.mean() == pytest.approx(0.4)
    other = stats.beta(weight * reference + reached, weight * (1 - reference) + missed)
    assert found == pytest.approx(other.cdf(0.9 * reference), abs=1e-9)


@pytest.mark.parametrize("reference", [0.0, 1.0])
def test_nothing_is_low_against_nothing(reference: float) -> None:
    """A segment that converts nothing, or everything, says nothing about anybody."""
    assert p_rate_below(0, 20, reference, 0.9, cv=0.4) == 0.0
