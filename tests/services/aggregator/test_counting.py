"""Counting by SQL equals counting by the pure rules, for the closer and for what live state starts from."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import facts
from schemas.facts import DISPOSITIONS, Fact
from schemas.floor import parse
from schemas.steps import STEPS
from schemas.topics import partition_of
from services.aggregator.live.floors import Floors
from services.aggregator.live.funnels import Funnels
from services.aggregator.storage import evidence
from services.aggregator.storage.agent_days import AgentDays
from services.rules.funnel import steps_of, thresholds
from tests.services.aggregator.feeding import PARTITIONS, call, event, floor_text, state, store

pytestmark = pytest.mark.integration
FLOOR = parse(floor_text(count_inbound=True, zone="Europe/Moscow"))
NOON = datetime(2026, 11, 23, 12, tzinfo=FLOOR.zone)
STARTS, CUT, KNOWN_BY = NOON - timedelta(hours=1), NOON, NOON + timedelta(minutes=3)
AGENTS = st.sampled_from([f"a{n}" for n in range(6)])
INSTANTS = st.sampled_from(
    [
        *(STARTS, STARTS + timedelta(microseconds=1), CUT, CUT + timedelta(microseconds=1)),
        *(CUT - timedelta(hours=2), CUT + timedelta(hours=2), CUT - timedelta(days=1), CUT - timedelta(minutes=7)),
    ]
)
LATENESS = st.sampled_from(
    [timedelta(0), timedelta(minutes=3), timedelta(minutes=3, microseconds=1), timedelta(hours=1)]
)


@st.composite
def a_fact(draw: st.DrawFn) -> Fact:
    agent, at, key = draw(AGENTS), draw(INSTANTS).astimezone(UTC), draw(st.integers(0, 10**6))
    kind = draw(
        st.sampled_from(["call", "call", facts.PRESENTATION, facts.INVOICE, facts.PAYMENT, facts.REFUND, "state"])
    )
    if kind == "state":
        return state(agent, at, "paused")
    if kind != "call":
        return event(kind, agent, at, key=key, amount_minor=key)
    return call(
        agent,
        at,
        key=key,
        talk_s=draw(st.sampled_from([0, 29.999, 30, 299.5, 300, 599.9, 600, 4000])),
        disposition=draw(st.sampled_from(DISPOSITIONS)),
        inbound=draw(st.booleans()),
        line=draw(st.sampled_from(["pbx/1", "pbx/2"])),
        received_at=at + draw(LATENESS),
    )


@pytest.fixture(scope="module")
def dsn(module_postgres_dsn: str) -> str:
    return module_postgres_dsn


def recount(found: list[Fact], since: datetime, until: datetime, known_by: datetime) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = {}
    for fact in {fact.id: fact for fact in reversed(found)}.values():
        assert fact.received_at is not None
        assert fact.agent is not None
        if since < fact.time <= until and fact.received_at <= known_by:
            own = counted.setdefault(fact.agent, {})
            for step in steps_of(fact.type, fact.data, thresholds(FLOOR, FLOOR.agent_by_id[fact.agent].team)):
                own[step] = own.get(step, 0) + 1
    return {agent: own for agent, own in counted.items() if own}


async def emptied(dsn: str, found: list[Fact]) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("TRUNCATE facts")
    await connection.close()
    await store(dsn, found, FLOOR)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(a_fact(), max_size=40))
def test_slice_counts_equal_the_rules(dsn: str, found: list[Fact]) -> None:
    """Counts since midnight and in the slice, of what was known at cut-off + grace, are those of rules.funnel."""

    async def counted() -> Any:
        await emptied(dsn, found)
        connection = await asyncpg.connect(dsn)
        try:
            on = Floors(lambda: [(1, NOON, FLOOR)], lambda: NOON).on(NOON.date())
            return await evidence.step_counts(connection, on, STARTS, CUT, KNOWN_BY)
        finally:
            await connection.close()

    done, in_slice = asyncio.run(counted())
    midnight = datetime.combine(NOON.date(), datetime.min.time(), FLOOR.zone) - timedelta(microseconds=1)
    assert {agent: own for agent, own in done.items() if own} == recount(found, midnight, CUT, KNOWN_BY)
    assert {agent: own for agent, own in in_slice.items() if own} == recount(found, STARTS, CUT, KNOWN_BY)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(a_fact(), max_size=40))
def test_loaded_agent_days_equal_folded_ones(dsn: str, found: list[Fact]) -> None:
    """An agent-day loaded from SQL says the same as one folded fact by fact, and knows the same events."""
    floors = Floors(lambda: [(1, NOON, FLOOR)], lambda: NOON)

    async def loaded() -> Any:
        await emptied(dsn, found)
        pool = await asyncpg.create_pool(dsn, min_size=1, max_size=1)
        try:
            days = AgentDays(pool, PARTITIONS)
            return [
                await days.of_partitions(floors.on(date), frozenset(range(PARTITIONS))) for date in floors.live_dates()
            ]
        finally:
            await pool.close()

    folded = Funnels(floors)
    for partition in range(PARTITIONS):
        folded.put(partition, {})
    distinct = {fact.id: fact for fact in reversed(found)}.values()
    for fact in distinct:
        folded.apply(partition_of(fact.key, PARTITIONS), fact)
    read = Funnels(floors)
    for partition in range(PARTITIONS):
        read.put(partition, {})
    for answer in asyncio.run(loaded()):
        for partition, own in answer.items():
            read.partitions[partition].update(own)
    for partition in range(PARTITIONS):
        one, other = read.partitions[partition], folded.partitions[partition]
        assert {key: day.message(key[1], key[0], NOON) for key, day in one.items()} == {
            key: day.message(key[1], key[0], NOON) for key, day in other.items()
        }
    assert not any(read.apply(partition_of(fact.key, PARTITIONS), fact) for fact in distinct)


def test_every_step_is_counted() -> None:
    """Every step of the funnel has its condition in SQL."""
    from services.aggregator.storage.counting import CONDITIONS

    assert tuple(CONDITIONS) == STEPS
