"""A week of mixed traffic: every provider, in disorder, with repetitions and late retries; the counts are the truth."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from datetime import time as Time
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import msgspec
import pytest

from schemas.facts import CALL, CallEnded, Fact, event_id
from schemas.floor import Floor, dump
from schemas.steps import STEPS
from services.aggregator.storage.counting import LIMITS, counts, limits
from services.kit.clock import Clock
from services.lab.feeder import FeedReport, Planned, send
from services.lab.senders import SENDERS
from services.lab.senders.account import accounts
from services.lab.simulate import FloorDay, scenario_named, simulate
from services.lab.simulate.paths import call_name
from services.lab.simulate.scenario import Outage, Scenario, Technical
from services.local.floors import apply
from services.rules.funnel import thresholds
from tests.support.every_provider import environment, everybody, floor_of
from tests.support.running import Services, embedded_environment
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

THURSDAY = date(2026, 10, 22)
"""The clocks go back on the Sunday after it, while people work."""
NIGHT = ("01:00", "09:00")
WEEK = Scenario(
    "week",
    "a line fails, a workplace breaks, a stranger calls",
    overdispersion=1.3,
    outages=(Outage("line", Time(2, 30), Time(3, 30)),),
    technical=(Technical((0, 1), Time(4, 0), Time(5, 0), "headset"),),
    unknown_calls=5,
)
PAIRS = (
    ("mango", "bitrix24"), ("freeswitch", "asterisk"), ("zadarma", "bitrix24"), ("uis", "megafon"),
    ("telnyx", "generic"), ("beeline", "wazo"), ("ringcentral", "aircall"), ("3cx", "vonage"), ("twilio", "plivo"),
)  # fmt: skip
"""Systems that tell the same calls: a PBX and the portal it is joined to, an old PBX and its successor."""
NOBODY_LISTENS = "127.0.0.1:9"
"""Kafka is not there: ingest does without."""


def in_disorder(floor: Floor, facts: Iterable[Fact], url: str, seed: int) -> list[Planned]:
    """Each fact's requests within minutes or hours of it, every one on its own; a tenth twice, some again a day later."""
    random = Random(seed)
    known = accounts(floor.source_by_id, environment(), url)
    found: list[Planned] = []
    for fact in facts:
        account = known[fact.source]
        requests = SENDERS[account.source.provider](fact, account)
        assert requests, fact
        window_s = random.choice([60, 600, 7200, 21600])
        for request in requests:
            first = fact.time + timedelta(seconds=random.uniform(0, window_s))
            again = [timedelta(seconds=random.uniform(0, 7200))] if random.random() < 0.1 else []
            again += [timedelta(days=1, seconds=random.uniform(0, 7200))] if random.random() < 0.03 else []
            found += [Planned(at, account, request, fact) for at in (first, *(first + later for later in again))]
    return sorted(found, key=lambda one: one.at)


class Running:
    """Ingest on a floor, at a time when all is over."""

    def __init__(self, services: Services, dsn: str, floor: Floor, folder: Path, at: datetime) -> None:
        apply(dsn, dump(floor), at)
        self.clock = Clock(at, 1.0, time.time())
        self.floor, self.dsn, self.folder = floor, dsn, folder
        settings = {
            **embedded_environment(dsn, NOBODY_LISTENS),
            **environment(),
            "SREZ_INGEST_PARSERS": "2",
            "SREZ_CLOCK": at.isoformat(),
            "SREZ_CLOCK_ANCHOR": f"{self.clock.anchor}",
        }
        self.url = services.start("ingest", settings).wait_ready().url

    async def told(self, planned: list[Planned]) -> FeedReport:
        """Sends all and waits until everything is parsed."""
        report = await send(planned, self.url, self.clock, self.folder / "ledger.ndjson")
        await eventually(self._parsed, "the journal to be parsed", 120)
        return report

    async def _parsed(self) -> bool:
        return not await self.rows("SELECT FROM journal WHERE state = 'new' LIMIT 1")

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    async def counted(self) -> dict[tuple[str, str], dict[str, int]]:
        """(date, agent) → step → count, of agent-days with anything, as the closer counts."""
        by = {agent.id: thresholds(self.floor, agent.team) for agent in self.floor.agents}
        sql = f"SELECT f.day, f.agent, {counts()} FROM facts f JOIN {LIMITS} ON b.agent = f.agent GROUP BY 1, 2"
        rows = await self.rows(sql, *limits(by))
        return {(day.isoformat(), agent): dict(zip(STEPS, found, strict=True)) for day, agent, *found in rows}


def differences(found: Mapping[tuple[str, str], Mapping[str, int]], day: FloorDay) -> dict[tuple[str, ...], Any]:
    """(date, agent, step) → (counted, true), where they are not the same."""
    truth = {
        (date_, agent, step): count.day
        for date_, agents in day.truth.counts.items()
        for agent, steps in agents.items()
        for step, count in steps.items()
    }
    told = {(*key, step): count for key, steps in found.items() for step, count in steps.items()}
    both = {key: (told.get(key, 0), truth.get(key, 0)) for key in truth.keys() | told.keys()}
    return {key: pair for key, pair in sorted(both.items()) if pair[0] != pair[1]}


async def test_the_counts_are_the_truth(tmp_path: Path, postgres_dsn: str, services: Services) -> None:
    """Seven days of every provider: per agent, day and step what happened; nothing rejected, lost or doubled."""
    floor = floor_of(everybody(), NIGHT)
    week = simulate(floor, WEEK, seed=4, date=THURSDAY, days=7)
    assert {fact.source for fact in week.deliveries} == set(SENDERS)
    at = week.days[-1].ends + timedelta(days=2)
    ingest = await asyncio.to_thread(Running, services, postgres_dsn, floor, tmp_path, at)
    report = await ingest.told(in_disorder(floor, week.deliveries, ingest.url, seed=4))
    assert report.well, report
    bad = "SELECT source, state, reason, detail, count(*) FROM journal WHERE state = 'rejected' GROUP BY 1, 2, 3, 4"
    assert await ingest.rows(bad) == []
    assert differences(await ingest.counted(), week) == {}
    assert await ingest.rows("SELECT count(*), count(*) FILTER (WHERE agent IS NULL) FROM facts") == [
        (week.truth.facts, len(week.truth.unattributed))
    ]


def told_by_the_other(fact: Fact, floor: Floor) -> Fact:
    """The same call as the agent's other system tells it, under an id of its own."""
    assert isinstance(fact.data, CallEnded)
    identities = floor.agent_by_id[fact.agent or ""].identities
    (other,) = identities.keys() - {fact.source}
    name = call_name(other, Random(fact.id), int(fact.data.started_at.timestamp()))
    data = msgspec.structs.replace(
        fact.data, call_id=f"{other}:{name}", identity=identities[other][0], line=f"{other}/7495000"
    )
    return Fact(id=event_id(other, CALL, name), type=CALL, source=other, time=fact.time, data=data)


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_two_systems_tell_counts_once(
    tmp_path: Path, postgres_dsn: str, services: Services, seed: int
) -> None:
    """Each call is told by both, in any order and repeatedly: calls, answered and long calls are the truth."""
    agents = {
        f"agent-{number}": {source: str(number + 10 * side) for side, source in enumerate(pair)}
        for number, pair in enumerate(PAIRS, 301)
    }
    floor = floor_of(agents)
    days = simulate(floor, scenario_named("normal"), seed=seed, date=THURSDAY, days=2)
    calls = [fact for fact in {fact.id: fact for fact in days.deliveries}.values() if fact.type == CALL]
    at = days.days[-1].ends + timedelta(days=2)
    ingest = await asyncio.to_thread(Running, services, postgres_dsn, floor, tmp_path, at)
    both = [*calls, *(told_by_the_other(fact, floor) for fact in calls)]
    assert (await ingest.told(in_disorder(floor, both, ingest.url, seed))).well
    found = differences(await ingest.counted(), days)
    assert {key: pair for key, pair in found.items() if key[2] in STEPS[:3]} == {}
    assert await ingest.rows("SELECT count(*), count(agent) FROM facts") == [(len(calls), len(calls))]
