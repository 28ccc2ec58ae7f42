"""Do people mean the same by a question? Pairs of people who marked one call without seeing each other's marks.

Published: the share of equal marks with its interval, and Gwet's AC1, which takes off what chance would give. Not
Cohen's kappa: most marks of a good floor are 1, and there kappa falls to 0 while people agree in nine calls of ten.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from services.rules.quality.interval import Interval, share
from services.rules.quality.scoring import Mark, Sheet

CATEGORIES = 4
"""0, ½, 1, not applicable."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """``ac1``: 1 is full agreement, 0 is chance, below is worse than chance; None when everybody gave one and the same."""

    item: str
    equal: Interval
    ac1: float


@dataclass(frozen=True, slots=True)
class Machine:
    """``upheld``: of items where the machine has evidence, people gave 1; ``seen``: of people's 1, the machine has evidence."""

    item: str
    upheld: Interval | None
    seen: Interval | None


def between_people(items: Iterable[str], calls: Iterable[Sequence[Sheet]], sure: float) -> list[Agreement]:
    """*calls*: the sheets of each call, one a person, by one form."""
    listed = list(calls)
    found = []
    for item in items:
        pairs = [
            (one.marks[item], other.marks[item])
            for sheets in listed
            for one, other in combinations(sheets, 2)
            if item in one.marks and item in other.marks
        ]
        equal = share(sum(one == other for one, other in pairs), len(pairs), sure)
        if equal is not None:
            found.append(Agreement(item, equal, ac1(pairs)))
    return found


def ac1(pairs: Sequence[tuple[Mark, Mark]]) -> float:
    """Gwet's AC1 of two raters over the four marks. *pairs* is not empty."""
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    counts = Counter(mark for pair in pairs for mark in pair)
    shares = [count / (2 * len(pairs)) for count in counts.values()]
    chance = sum(p * (1 - p) for p in shares) / (CATEGORIES - 1)
    return (agreed - chance) / (1 - chance)


def with_machine(
    items: Iterable[str], calls: Iterable[tuple[Mapping[str, Mark], Sequence[Sheet]]], sure: float
) -> list[Machine]:
    """*calls*: the machine's marks of each call, and its sheets."""
    listed = list(calls)
    found = []
    for item in items:
        seen = [
            (machine.get(item) == 1, sheet.marks[item] == 1)
            for machine, sheets in listed
            for sheet in sheets
            if item in sheet.marks
        ]
        both = sum(by_machine and by_person for by_machine, by_person in seen)
        upheld = share(both, sum(by_machine for by_machine, _ in seen), sure)
        known = share(both, sum(by_person for _, by_person in seen), sure)
        if upheld or known:
            found.append(Machine(item, upheld, known))
    return found
