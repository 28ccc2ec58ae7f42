"""Deviation of an agent from the norm, with how sure we may be (DOMAIN §6).

M is the agent's multiplier of the norm: prior Gamma(a, a) with 1/a = CV²; with X done against expected Λ, both divided
by the overdispersion φ, M ~ Gamma(a + X, a + Λ).
"""

import msgspec
from scipy.special import betainc, gammainc

from schemas.floor.learned import Prior

EXACT = 1e-9


class Multiplier(msgspec.Struct, frozen=True, gc=False):
    """Posterior of M, Gamma(shape, rate)."""

    shape: float
    rate: float

    @property
    def mean(self) -> float:
        """The index: 1 is on norm."""
        return self.shape / self.rate

    def p_below(self, bound: float) -> float:
        """P(M < bound)."""
        return float(gammainc(self.shape, self.rate * bound))


def multiplier(done: float, expected: float, *, cv: float, overdispersion: float, mean: float = 1.0) -> Multiplier:
    """*mean* is that of the prior Gamma(a, a/mean): where people like these lie against the norm."""
    a = 1 / cv**2
    return Multiplier(a + done / overdispersion, a / mean + expected / overdispersion)


def of_agent(done: float, expected: float, prior: Prior) -> Multiplier:
    """Posterior of an agent whose team's people are as *prior* says (``judgement.of``)."""
    return multiplier(done, expected, cv=prior.prior_cv, overdispersion=prior.overdispersion, mean=prior.mean)


def p_rate_below(successes: int, trials: int, reference: float, bound: float, *, cv: float) -> float:
    """P(rate < bound · reference) of a beta-binomial rate whose prior is centred on *reference* with that CV.

    Returns 0 where the reference is 0: nothing can be low against nothing.
    """
    if not 0 < reference < 1:
        return 0.0
    weight = max(1.0, (1 - reference) / (cv**2 * reference) - 1)
    alpha, beta = weight * reference + successes, weight * (1 - reference) + trials - successes
    return float(betainc(alpha, beta, bound * reference))
