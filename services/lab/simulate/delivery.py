"""How facts reach us: seconds later as a rule, a few much later, some twice, and now and then something broken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final, Literal, get_args

import msgspec

from schemas.facts import Fact
from services.lab.simulate.scenario import Scenario

OddKind = Literal["garbage", "empty", "truncated", "unknown_event"]
ODD_KINDS: Final[tuple[OddKind, ...]] = get_args(OddKind)
LATE_S: Final = (240.0, 2400.0)
"""A late webhook comes this much after its event: beyond the default grace."""
AGAIN_S: Final = (2.0, 240.0)


@dataclass(frozen=True, slots=True)
class Odd:
    """An authentic request that is not a fact."""

    at: datetime
    source: str
    kind: OddKind


@dataclass(frozen=True, slots=True)
class Delivered:
    """``deliveries`` in order of arrival, duplicates included; ``late`` and ``duplicated`` are event ids, in that order."""

    deliveries: tuple[Fact, ...]
    odd: tuple[Odd, ...]
    late: tuple[str, ...]
    duplicated: tuple[str, ...]

    def with_more(self, other: "Delivered") -> "Delivered":
        arrived = sorted((*self.deliveries, *other.deliveries), key=lambda fact: (fact.received_at, fact.id))
        late, duplicated = (*self.late, *other.late), (*self.duplicated, *other.duplicated)
        return Delivered(tuple(arrived), (*self.odd, *other.odd), late, duplicated)


def deliver(random: Random, facts: Sequence[Fact], scenario: Scenario) -> Delivered:
    """Args: facts: in a settled order; their received_at is set here."""
    arrived: list[Fact] = []
    odd: list[Odd] = []
    late, duplicated = [], []
    for fact in facts:
        received = fact.time + timedelta(seconds=round(0.3 + min(60.0, random.expovariate(1 / 1.5)), 3))
        if random.random() < scenario.late_share:
            received = fact.time + timedelta(seconds=round(random.uniform(*LATE_S)))
            late.append(fact.id)
        arrived.append(msgspec.structs.replace(fact, received_at=received))
        if random.random() < scenario.duplicate_share:
            again = received + timedelta(seconds=round(random.uniform(*AGAIN_S)))
            arrived.append(msgspec.structs.replace(fact, received_at=again))
            duplicated.append(fact.id)
        if random.random() < scenario.odd_share:
            odd.append(Odd(received + timedelta(seconds=1), fact.source, random.choice(ODD_KINDS)))
    arrived.sort(key=lambda fact: (fact.received_at, fact.id))
    return Delivered(tuple(arrived), tuple(odd), tuple(late), tuple(duplicated))
