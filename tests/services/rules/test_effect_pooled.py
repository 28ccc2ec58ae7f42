"""Tasks given to people who were on norm and unlucky have no effect, however much better they look afterwards."""

import random

import pytest

from schemas.floor.judgement import Judgement
from services.rules.effect import Episode, episode_of, pooled

BY = Judgement(overdispersion=1.0).of("hunters", "calls")
LAMBDA = 5.0


def poisson(chance: random.Random, mean: float) -> int:
    total, count = chance.expovariate(1.0), 0
    while total < mean:
        total += chance.expovariate(1.0)
        count += 1
    return count


def flagged(chance: random.Random, many: int, help_: float = 1.0, cv: float = 0.4) -> list[Episode]:
    """Agents whose true rates spread by *cv* and who did at most 3 of 5 due: those of whom a task is made."""
    found: list[Episode] = []
    while len(found) < many:
        rate = chance.gammavariate(1 / cv**2, cv**2)
        before = poisson(chance, rate * LAMBDA)
        if before <= 3:
            since = poisson(chance, rate * help_ * LAMBDA)
            found.append(Episode(f"a{len(found)}", before, LAMBDA, since, LAMBDA, BY))
    return found


def test_the_unlucky_come_back_by_themselves() -> None:
    """Without any help: the fair effect is about nothing, before and after tell of tens of percent."""
    found = pooled(flagged(random.Random(5), 4000))
    assert found.effect == pytest.approx(0.0, abs=0.03)
    assert found.naive is not None
    assert found.naive > 0.3


def test_the_interval_holds_what_it_says() -> None:
    """Over many small floors the 80 % interval holds the true effect in about 80 of 100, with help and without."""
    chance = random.Random(11)
    for help_ in (1.0, 1.3):
        held = 0
        for _ in range(600):
            found = pooled(flagged(chance, 25, help_))
            assert found.low is not None
            assert found.high is not None
            held += found.low <= help_ - 1 <= found.high
        assert 0.75 <= held / 600 <= 0.90


def test_help_is_seen() -> None:
    """A third more is told as about a third more."""
    found = pooled(flagged(random.Random(3), 4000, 1.33))
    assert found.effect == pytest.approx(0.33, abs=0.05)


def test_the_same_agent_again_and_again_is_one_agent() -> None:
    """Ten tasks of one low agent are no ten witnesses: the interval is wider than of ten agents."""
    ten = [Episode(f"a{n}", 1, 5.0, 9 if n % 2 else 1, 5.0, BY) for n in range(10)]
    two = [Episode("low" if one.done_since < 5 else "high", 1, 5.0, one.done_since, 5.0, BY) for one in ten]
    many, few = pooled(ten), pooled(two)
    assert (many.agents, few.agents, many.effect) == (10, 2, few.effect)
    assert few.high is not None
    assert many.high is not None
    assert few.high > many.high


def test_little_is_said_to_be_little() -> None:
    """Four tasks, or a handful expected, give numbers but no effect; nothing due gives nothing."""
    few = pooled([Episode(f"a{n}", 1, 5.0, 4, 5.0, BY) for n in range(4)])
    assert (few.episodes, few.effect, few.low) == (4, None, None)
    rare = pooled([Episode(f"a{n}", 0, 0.5, 1, 0.5, BY) for n in range(6)])
    assert (rare.effect, rare.naive) == (None, None)
    assert pooled([Episode("a", 1, 5.0, 0, 0.0, BY)]).episodes == 0


def test_what_a_task_has_to_say() -> None:
    """A verified one; an invalidated one says nothing of people."""
    evidence = {"done": 2, "target": 6.0, "verified": {"done": 4, "expected": 5.0}}
    assert episode_of("ivan", evidence, "not_done", BY) == Episode("ivan", 2, 6.0, 4, 5.0, BY)
    assert episode_of("ivan", evidence, "invalidated", BY) is None
    assert episode_of("ivan", evidence, None, BY) is None
    assert episode_of("ivan", {"done": 2}, "done", BY) is None
