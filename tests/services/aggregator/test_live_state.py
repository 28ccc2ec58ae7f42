"""Live state as a cache of facts: any order, repetition, crash, rebalance and reload, and every fact is in it once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schemas.facts import Fact
from schemas.floor import parse
from schemas.topics import partition_of
from services.aggregator.live.agent_day import AgentDay
from services.aggregator.live.counted import Counted, short_id
from services.aggregator.live.floors import Floors
from services.aggregator.live.funnels import Funnels
from tests.services.aggregator.feeding import PARTITIONS, an_id, call, day_of_facts, floor_text

FLOOR = parse(floor_text())
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
FACTS = day_of_facts(11, 120, NOW - timedelta(hours=30), timedelta(hours=30), agents=4)
FLOORS = Floors(lambda: [(1, NOW, FLOOR)], lambda: NOW)


def fold(found: Sequence[Fact]) -> AgentDay | None:
    """An agent-day by the facts stored, as the loader would bring it."""
    if not found:
        return None
    day = AgentDay(FLOORS.on(FLOORS.date_of(found[0].time)).counting(found[0].agent or ""))
    for fact in found:
        day.apply(fact)
    return day


class Worker(RuleBasedStateMachine):
    """The model is the list of stored facts: PostgreSQL. Kafka may bring any of them at any time, any number of times."""

    def __init__(self) -> None:
        super().__init__()
        self.stored: list[Fact] = []
        self.live = Funnels(FLOORS)
        self.owned: set[int] = set()
        self.reading: dict[tuple[int, tuple[object, str]], list[Fact]] = {}
        self.seen: set[str] = set()

    def of_day(self, date: object, agent: str) -> list[Fact]:
        return [fact for fact in self.stored if fact.agent == agent and FLOORS.date_of(fact.time) == date]

    def load(self, partition: int) -> None:
        keys = {(FLOORS.date_of(fact.time), fact.agent or "") for fact in self.stored}
        mine = [key for key in keys if partition_of(key[1], PARTITIONS) == partition]
        days = {key: fold(self.of_day(*key)) for key in mine}
        self.live.put(partition, {key: day for key, day in days.items() if day is not None})
        self.seen |= {fact.id for fact in self.stored if partition_of(fact.key, PARTITIONS) == partition}

    @initialize()
    def start(self) -> None:
        for partition in range(PARTITIONS):
            self.assign(partition)

    @rule(number=st.integers(0, len(FACTS) - 1))
    def store_and_deliver(self, number: int) -> None:
        fact = FACTS[number]
        if fact not in self.stored:
            self.stored.append(fact)
        self.deliver(number)

    @rule(number=st.integers(0, len(FACTS) - 1))
    def deliver(self, number: int) -> None:
        fact = FACTS[number]
        partition = partition_of(fact.key, PARTITIONS)
        if fact in self.stored:
            self.live.apply(partition, fact)
            if partition in self.owned:
                self.seen.add(fact.id)

    @rule(number=st.integers(0, len(FACTS) - 1))
    def store_only(self, number: int) -> None:
        """Committed, and not published yet."""
        if FACTS[number] not in self.stored:
            self.stored.append(FACTS[number])

    @rule(partition=st.integers(0, PARTITIONS - 1))
    def revoke(self, partition: int) -> None:
        self.live.drop([partition])
        self.owned.discard(partition)
        self.seen -= {fact.id for fact in FACTS if partition_of(fact.key, PARTITIONS) == partition}
        self.reading = {pair: read for pair, read in self.reading.items() if pair[0] != partition}

    @rule(partition=st.integers(0, PARTITIONS - 1))
    def assign(self, partition: int) -> None:
        self.revoke(partition)
        self.owned.add(partition)
        self.load(partition)

    @rule()
    def crash(self) -> None:
        self.live, owned = Funnels(FLOORS), set(self.owned)
        self.seen.clear()
        self.reading.clear()
        for partition in owned:
            self.load(partition)

    @rule(number=st.integers(0, len(FACTS) - 1))
    def begin_reload(self, number: int) -> None:
        """SQL takes its snapshot now; what is delivered before the answer arrives must not be lost."""
        fact = FACTS[number]
        partition, key = partition_of(fact.key, PARTITIONS), (FLOORS.date_of(fact.time), fact.agent or "")
        if partition in self.owned:
            self.live.begin_reload(partition, key)
            self.reading[partition, key] = self.of_day(*key)

    @rule()
    def end_reloads(self) -> None:
        for (partition, key), snapshot in self.reading.items():
            self.live.end_reload(partition, key, fold(snapshot))  # type: ignore[arg-type]
            self.seen |= {fact.id for fact in snapshot}
        self.reading.clear()

    @invariant()
    def every_fact_once(self) -> None:
        keys = {(partition_of(fact.key, PARTITIONS), FLOORS.date_of(fact.time), fact.agent or "") for fact in FACTS}
        for partition, date, agent in keys:
            held = self.live.partitions.get(partition)
            assert (held is not None) == (partition in self.owned)
            if held is None:
                continue
            expected = fold([fact for fact in self.of_day(date, agent) if fact.id in self.seen])
            actual = held.get((date, agent))
            if expected is not None or (actual is not None and len(actual.counted)):
                assert actual is not None
                assert expected is not None
                assert actual.message(agent, date, NOW) == expected.message(agent, date, NOW)


TestWorker = Worker.TestCase
TestWorker.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_events_are_remembered_compactly() -> None:
    """A thousand events are told apart, in any order, in less than ten kilobytes."""
    numbers = [short_id(an_id(number)) for number in range(1000)]
    counted = Counted()
    assert all(counted.add(number) for number in numbers)
    assert not any(counted.add(number) for number in reversed(numbers))
    assert len(counted) == 1000
    assert counted._settled.itemsize * len(counted._settled) + 64 * len(counted._recent or ()) < 12_000


def test_loaded_events_are_known() -> None:
    """Numbers packed by SQL, big-endian and ascending, are recognised."""
    numbers = sorted(short_id(an_id(number)) for number in range(100))
    counted = Counted(b"".join(number.to_bytes(8, "big") for number in numbers))
    assert not any(counted.add(number) for number in numbers)
    assert counted.add(short_id(an_id("new")))


def test_days_long_past_are_not_kept() -> None:
    """Facts of the day before yesterday change nothing live; SQL counts them."""
    live = Funnels(FLOORS)
    partition = partition_of("a1", PARTITIONS)
    live.put(partition, {})
    assert not live.apply(partition, call("a1", NOW - timedelta(days=2)))
    assert live.apply(partition, call("a1", NOW - timedelta(days=1)))
    assert not live.apply(partition, call(None, NOW))
