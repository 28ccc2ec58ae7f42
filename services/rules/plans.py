"""Who is fed by which call sources and due to work when: people alike are counted together, once for a floor and day."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from schemas.floor import Floor
from services.rules.day import WorkingDay
from services.rules.exposure import scheduled
from services.rules.sources import Feeders
from services.rules.spans import Spans


@dataclass(frozen=True, slots=True)
class Plans:
    """``at_work``: (call sources, planned spans) → people. ``fed``: call sources → agents."""

    feeders: Feeders
    at_work: Counter[tuple[tuple[str, ...], Spans]]
    fed: dict[tuple[str, ...], frozenset[str]]


class _Same:
    """The very same object: floors and days are not compared field by field."""

    __slots__ = ("it",)

    def __init__(self, it: object) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.it is other.it


def plans(floor: Floor, day: WorkingDay) -> Plans:
    return _plans(_Same(floor), _Same(day))


@lru_cache(maxsize=8)
def _plans(floor: _Same, day: _Same) -> Plans:
    assert isinstance(floor.it, Floor)
    assert isinstance(day.it, WorkingDay)
    feeders = Feeders(floor.it)
    at_work: Counter[tuple[tuple[str, ...], Spans]] = Counter()
    fed: dict[tuple[str, ...], set[str]] = {}
    for agent in floor.it.agents:
        own = feeders.of(agent, "calls")
        fed.setdefault(own, set()).add(agent.id)
        at_work[own, tuple(scheduled(floor.it, day.it, agent))] += 1
    return Plans(feeders, at_work, {own: frozenset(agents) for own, agents in fed.items()})
