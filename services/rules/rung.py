"""The first broken step: one task goes to the earliest rung that is significantly low (DOMAIN §6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from schemas.floor.judgement import Judgement
from schemas.steps import STEPS, Step
from services.rules.deviation import multiplier, p_rate_below
from services.rules.judging import Judged

Answers = Mapping[str, tuple[int, int]]
"""Path (line or campaign) → (attempts, answered) of one agent."""

CONVERSIONS: Final[Mapping[Step, Step]] = {
    "long_calls": "answered",
    "presentations": "long_calls",
    "invoices": "presentations",
    "payments": "invoices",
}
"""Step → the step it is converted from."""

MIN_TRIALS: Final = 10


@dataclass(frozen=True, slots=True)
class Rung:
    """The step a task goes to: by its own count, by its conversion, or by the answer rate."""

    judged: Judged
    why: Literal["rate", "conversion", "answer_rate"]
    certainty: float
    """P that moved the choice, of the step whose signal starts the task."""


def first_broken(
    own: Sequence[Judged],
    done: Mapping[Step, int],
    segment: Mapping[Step, int],
    answers_low: bool,
    by: Judgement,
) -> Rung | None:
    """The rung of one agent's task, or None when no signal starts one.

    Args:
        own: the agent's judged steps. done: the agent's counts since midnight.
        segment: counts of the agent's team without the agent. answers_low: see ``answers_low_against``.
    """
    signals = [one for one in own if one.level in ("soft", "hard") and (one.due.step != "answered" or answers_low)]
    if not signals:
        return None
    signals.sort(key=lambda one: STEPS.index(one.due.step))
    first = signals[0]
    certainty = max(one.p_soft for one in signals)
    for one in sorted(own, key=lambda one: STEPS.index(one.due.step)):
        if one.due.step == first.due.step:
            break
        if one.level != "not_enough_data" and _conversion_low(one.due.step, done, segment, by):
            return Rung(one, "conversion", certainty)
    return Rung(first, "answer_rate" if first.due.step == "answered" else "rate", certainty)


def _conversion_low(step: Step, done: Mapping[Step, int], segment: Mapping[Step, int], by: Judgement) -> bool:
    base = CONVERSIONS.get(step)
    if base is None:
        return False
    trials, peers = done.get(base, 0), segment.get(base, 0)
    if trials < MIN_TRIALS or peers < MIN_TRIALS:
        return False
    reference = segment.get(step, 0) / peers
    successes = min(done.get(step, 0), trials)
    return p_rate_below(successes, trials, reference, by.soft.below, cv=by.prior_cv) >= by.soft.probability_many


def answers_low_against(own: Answers, peers: Answers, by: Judgement) -> bool:
    """Whether the agent's answer rate is low against peers on the same lines or campaigns.

    Args:
        peers: the same paths' attempts and answers of everybody else.
    """
    expected = answered = 0.0
    for path, (attempts, reached) in own.items():
        others, theirs = peers.get(path, (0, 0))
        if others >= MIN_TRIALS:
            expected += attempts * theirs / others
            answered += reached
    if expected < by.min_expected:
        return False
    found = multiplier(answered, expected, cv=by.prior_cv, overdispersion=by.overdispersion)
    return found.p_below(by.soft.below) >= by.soft.probability
