"""The rule that Srez replaces: below the slice's target → task, below twice running → trainer (DOMAIN §6)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from schemas.steps import Step
from services.lab.accuracy.counts import AgentDay
from services.lab.accuracy.play import Played
from services.rules.deviation import EXACT


def play_naively(counts: Mapping[str, AgentDay], norms: Mapping[Step, float], parts: Sequence[float]) -> Played:
    """The same counts. *norms* are of the whole day, *parts* the share of it that is due in each slice."""
    below = {
        agent: [_below(own, norms, part) for own, part in zip(slices, parts, strict=True)]
        for agent, slices in counts.items()
    }
    return Played(
        tasked=[{agent for agent, own in below.items() if own[position]} for position in range(len(parts))],
        escalated={agent for agent, own in below.items() if any(one & after for one, after in pairwise(own))},
    )


def _below(own: Mapping[Step, int], norms: Mapping[Step, float], part: float) -> set[Step]:
    return {step for step, norm in norms.items() if own.get(step, 0) < norm * part - EXACT}
