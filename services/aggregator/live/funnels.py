"""Agent-days of the partitions owned, keyed (partition) → (date, agent)."""

from collections.abc import Iterable, Iterator
from datetime import date as Date

from schemas.facts import Fact
from services.aggregator.live.agent_day import AgentDay
from services.aggregator.live.floors import Floors

Key = tuple[Date, str]


class Funnels:
    """``changed`` gathers the keys to publish; ``reloading`` the facts that arrived while a key was being read anew."""

    def __init__(self, floors: Floors) -> None:
        self._floors = floors
        self.partitions: dict[int, dict[Key, AgentDay]] = {}
        self.changed: set[tuple[int, Key]] = set()
        self._reloading: dict[tuple[int, Key], list[Fact]] = {}

    def apply(self, partition: int, fact: Fact) -> bool:
        """Count a fact once; False when it was known, has no agent, or its day is not a live one."""
        agent = fact.agent
        held = self.partitions.get(partition)
        if agent is None or held is None:
            return False
        date = self._floors.live_date(fact.time)
        if date is None:
            return False
        key = (date, agent)
        found = held.get(key)
        if found is None:
            found = held[key] = AgentDay(self._floors.on(date).counting(agent))
        if self._reloading and (waiting := self._reloading.get((partition, key))) is not None:
            waiting.append(fact)
        if not found.apply(fact):
            return False
        self.changed.add((partition, key))
        return True

    def put(self, partition: int, days: dict[Key, AgentDay]) -> None:
        self.partitions[partition] = days

    def drop(self, partitions: Iterable[int]) -> None:
        gone = set(partitions)
        for partition in gone:
            self.partitions.pop(partition, None)
        self.changed = {pair for pair in self.changed if pair[0] not in gone}
        self._reloading = {pair: facts for pair, facts in self._reloading.items() if pair[0] not in gone}

    def begin_reload(self, partition: int, key: Key) -> None:
        """From now on facts of *key* are remembered, so that ``end_reload`` cannot lose what SQL did not see yet."""
        self._reloading[partition, key] = []

    def end_reload(self, partition: int, key: Key, fresh: AgentDay | None) -> None:
        waiting = self._reloading.pop((partition, key), None)
        held = self.partitions.get(partition)
        if waiting is None or held is None:
            return
        day = fresh or AgentDay(self._floors.on(key[0]).counting(key[1]))
        for fact in waiting:
            day.apply(fact)
        held[key] = day
        self.changed.add((partition, key))

    def of(self, date: Date) -> Iterator[tuple[str, AgentDay]]:
        for held in self.partitions.values():
            for (day, agent), found in held.items():
                if day == date:
                    yield agent, found

    def forget_before(self, date: Date) -> None:
        """Drop days that are no longer live."""
        for held in self.partitions.values():
            for key in [key for key in held if key[0] < date]:
                del held[key]
