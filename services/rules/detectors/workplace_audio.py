"""One agent's answered calls are over at once while peers on the same lines talk (DOMAIN §8, ``workplace``).

Enter: over the last two hours at most, the agent's newest answered calls, 6 or more, binomial p < 1e-4 of short ones
against the larger of the agent's own share and that of the others on the same line; the others within their limit. Leave:
2 of 3 looks whose last calls are long enough again. The lost time ends where the calls since then say most surely that it
did: a usual short call after the mend moves it no further (ADR 0045).
"""

from collections.abc import Sequence
from math import log
from typing import Any, Final

import numpy as np
from scipy.special import bdtrc

from services.rules.baselines import Baselines
from services.rules.detectors.short_calls import since
from services.rules.detectors.windowed import SLACK, Prospects, Signal, window_of
from services.rules.paths import ANSWERED, SHORT, Path, hour_of
from services.rules.series import Series

DEAF_SHARE: Final = 0.9
"""Share of short calls of a workplace that cannot be heard: the others are counted as talks before the customer hangs up."""


def possible(path: Path, own: Series, line_name: str, hours: Sequence[tuple[int, int]], by: Baselines) -> bool:
    """Whether any window of the day could be bad: its limit is never below that of the most short calls in the longest."""
    limits = by.floor.outages.short_calls
    short, size = own.total[:, SHORT], limits.agent_bins
    most = int((short[1:] - short[[max(0, end - size) for end in range(1, len(short))]]).max(initial=0))
    least = min(max(by.short(path, *hour), by.short(("line", line_name), *hour)) for hour in set(hours))
    return most > 0 and float(bdtrc(most - 1, max(most, limits.agent_answered), least)) < limits.agent_p


def prospects(path: Path, own: Series, line_name: str, hours: Sequence[tuple[int, int]], by: Baselines) -> Prospects:
    """Likewise of each bin with an answer: no window that ends with it holds more short calls than the longest."""
    limits = by.floor.outages.short_calls
    counts = own.windows(limits.agent_bins)
    short, answered = counts[:, SHORT], counts[:, ANSWERED]
    rates = {hour: max(by.short(path, *hour), by.short(("line", line_name), *hour)) for hour in set(hours)}
    usual = np.array([rates[hour] for hour in hours])
    p = bdtrc(short - 1.0, np.maximum(short, limits.agent_answered), usual)
    enough = answered >= limits.agent_answered
    return Prospects(np.diff(own.total[:, ANSWERED]) > 0, enough & (short > 0) & (p < limits.agent_p * SLACK))


def signal(path: Path, own: Series, line: Series, line_name: str, last: int, by: Baselines) -> Signal | None:
    """
    Args:
        line: the line that the agent uses most; its traffic holds the agent's own.
    """
    limits = by.floor.outages.short_calls
    if not own.at(last)[ANSWERED]:
        return None
    # Two answers more than it takes, where the longest window has them.
    bins, counts = own.shortest(last, ANSWERED, limits.agent_answered + 2, 1, limits.agent_bins)
    n, short = counts[ANSWERED], counts[SHORT]
    hour = hour_of(last, by.floor.zone)
    usual = max(by.short(path, *hour), by.short(("line", line_name), *hour))
    around = line.window(last, bins)
    peers_n, peers_short = max(0, around[ANSWERED] - n), max(0, around[SHORT] - short)
    peers_bad = peers_n >= limits.agent_answered and float(bdtrc(peers_short - 1, peers_n, usual)) < 0.05
    p = float(bdtrc(short - 1, n, usual)) if short else 1.0
    enough = n >= limits.agent_answered  # to be found, not to be over: who answers little would never be well again
    bad = enough and p < limits.agent_p and peers_n >= limits.agent_answered and not (peers_short and peers_bad)
    newest = own.at(last)
    evidence: dict[str, Any] = {
        "answered": n,
        "short": short,
        "base": round(usual, 6),
        "p_value": p,
        "peers_answered": peers_n,
        "peers_short": peers_short,
        "line": line_name,
        **window_of(last - bins + 1, last),
    }
    half = max(0.5, (usual + short / n) / 2)
    long_again = newest[SHORT] < newest[ANSWERED]
    weight = _weight(newest[SHORT], newest[ANSWERED], usual)
    return Signal(bad, long_again, not long_again, since(own, last, bins, half), evidence, weight)


def _weight(short: int, answered: int, usual: float) -> float:
    """Log-likelihood of so many short calls of a deaf workplace against those of the agent as usual."""
    base = min(0.8, max(0.05, usual))
    return short * log(DEAF_SHARE / base) + (answered - short) * log((1 - DEAF_SHARE) / (1 - base))
