"""A real worker against a real PostgreSQL and broker: what it shows equals what is stored, whatever happens to it."""

import asyncio
import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from schemas.facts import Fact
from schemas.floor import Floor
from schemas.topics import FACTS, FUNNEL, HEALTH, LINES, SLICES
from services.kit.kafka import ensure_topics
from services.rules.funnel import steps_of, thresholds
from tests.services.aggregator.feeding import (
    PARTITIONS,
    apply_floor,
    day_of_facts,
    feed,
    floor,
    floor_text,
)
from tests.support.running import Service, Services, embedded_environment
from tests.support.waiting import wait_until

pytestmark = pytest.mark.integration
SAMPLE = re.compile(r'srez_funnel_today\{agent="([^"]+)",step="([^"]+)",team="[^"]+"\} (\S+)')


def shown(service: Service) -> dict[tuple[str, str], int]:
    text = httpx.get(f"{service.url}/metrics", timeout=5).text
    return {(agent, step): int(float(value)) for agent, step, value in SAMPLE.findall(text) if float(value)}


def recount(facts: Sequence[Fact], on: Floor) -> dict[tuple[str, str], int]:
    """Counted anew by the pure rules, each event once."""
    found: dict[tuple[str, str], int] = {}
    for fact in {fact.id: fact for fact in facts}.values():
        team = on.agent_by_id[fact.agent or ""].team
        for step in steps_of(fact.type, fact.data, thresholds(on, team)):
            key = (fact.agent or "", step)
            found[key] = found.get(key, 0) + 1
    return found


def prepare(dsn: str, bootstrap: str) -> tuple[Floor, list[Fact]]:
    """A floor, topics, and 2,000 facts of this day."""

    async def both() -> None:
        await apply_floor(dsn, floor_text(zone=zone))
        topics = (FACTS, LINES, FUNNEL, HEALTH, SLICES)
        await ensure_topics(bootstrap, topics, partitions=PARTITIONS, replication=1, durable=False)

    # A zone in which it is about noon: the day does not turn while the test runs.
    offset = 12 - datetime.now(UTC).hour
    zone = f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"
    asyncio.run(both())
    start = datetime.now(UTC) - timedelta(hours=3)
    return floor(zone=zone), day_of_facts(7, 2000, start, timedelta(hours=2))


def shuffled(facts: Sequence[Fact], seed: int) -> list[Fact]:
    """Out of order, a third of it twice."""
    chance = random.Random(seed)
    found = [*facts, *chance.sample(list(facts), len(facts) // 3)]
    chance.shuffle(found)
    return found


def test_a_killed_worker_counts_every_fact_once(postgres_dsn: str, broker: str, services: Services) -> None:
    """2,000 facts, shuffled and repeated; kill −9 in the middle; the counters equal a recount."""
    on, facts = prepare(postgres_dsn, broker)
    environment = embedded_environment(postgres_dsn, broker)
    first = services.start("aggregator", environment).wait_ready()
    feed(postgres_dsn, broker, shuffled(facts[:1000], 1), on)
    wait_until(lambda: sum(shown(first).values()) > 100, "some facts to be counted")
    first.kill()
    feed(postgres_dsn, broker, shuffled(facts[500:], 2), on)
    second = services.start("aggregator", environment, port=int(first.url.rsplit(":", 1)[1])).wait_ready()
    expected = recount(facts, on)
    wait_until(lambda: shown(second) == expected, "the counters to equal the recount")
    assert second.terminate() == 0


def test_workers_join_and_leave(postgres_dsn: str, broker: str, services: Services) -> None:
    """A second worker takes over half of the agents, and gives them back; nothing is counted twice or lost."""
    on, facts = prepare(postgres_dsn, broker)
    environment = embedded_environment(postgres_dsn, broker)
    first = services.start("aggregator", environment).wait_ready()
    feed(postgres_dsn, broker, shuffled(facts[:700], 1), on)
    second = services.start("aggregator", environment).wait_ready()
    wait_until(lambda: shown(first) and shown(second), "both to own partitions")
    feed(postgres_dsn, broker, shuffled(facts[300:1400], 2), on)
    expected = recount(facts[:1400], on)
    wait_until(lambda: shown(first) | shown(second) == expected, "both together to equal the recount")
    assert not shown(first).keys() & shown(second).keys()
    assert second.terminate() == 0
    feed(postgres_dsn, broker, shuffled(facts[1000:], 3), on)
    expected = recount(facts, on)
    wait_until(lambda: shown(first) == expected, "the first to have everything again")
