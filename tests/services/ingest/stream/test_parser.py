"""The parse worker on a real database: legs, revisions, poison, several workers, crashes."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from schemas.facts import CALL, CallEnded
from schemas.floor import SourceConfig, parse
from services.ingest.customer import hasher
from services.ingest.metrics import Metrics
from services.ingest.providers.base import HAS_PART, PART_OF, Draft, Leg, Parsed, Provider, Request, Source
from services.ingest.source import Configured, configure
from services.ingest.storage.entry import Entry, entry
from services.ingest.stream.parser import Knowledge, Parser
from services.kit.clock import Clock
from services.kit.errors import BadInput
from tests.services.ingest.conftest import FLOOR
from tests.services.ingest.events import MORNING, body, call

pytestmark = pytest.mark.integration
CLOUD = {"content-type": "application/cloudevents-batch+json"}


def legged(request: Request, source: Source) -> Parsed:
    """A test provider: the body is ``{call, leg, talk}``; "boom" breaks it."""
    if request.body == b"boom":
        raise RuntimeError("boom")
    said = json.loads(request.body)
    if "to" in said:  # the call goes on under another id
        first, second = said["call"], said["to"]
        links = (Leg(first, "to", {"talk": 0, HAS_PART: second}), Leg(second, "of", {"talk": 0, PART_OF: first}))
        return Parsed(legs=links)
    return Parsed(legs=(Leg(said["call"], said["leg"], {"talk": said["talk"]}),))


def joined(source: Source, name: str, legs: Any) -> Draft:
    if all(leg.leg != "a" for leg in legs):
        raise BadInput("the first leg has not come yet", "missing_field")
    data = CallEnded(
        call_id=source.call_id(name),
        identity="222",
        direction="outbound",
        started_at=MORNING,
        ended_at=MORNING,
        talk_s=sum(leg.data["talk"] for leg in legs),
        disposition="answered",
    )
    return Draft(CALL, name, MORNING, data)


@dataclass
class Bench:
    connections: Any
    knowledge: Knowledge
    metrics: Metrics

    def parser(self) -> Parser:
        return Parser(self.connections, lambda: self.knowledge, Clock(), self.metrics)

    async def journal(self, raw: bytes, *, source: str = "own", received: datetime | None = None) -> int:
        at = received or MORNING + timedelta(hours=1)
        row: Entry = entry(source, Request("POST", "", "", CLOUD, raw, at), raw)
        id_: int = await self.connections.fetchval(
            "INSERT INTO journal (source, received_at, method, path, query, headers, body, body_hash)"
            " VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8) RETURNING id",
            row.source, row.received_at, row.method, row.path, row.query, row.headers, row.body, row.body_hash,
        )  # fmt: skip
        return id_

    async def state(self, id_: int) -> tuple[str, str | None, int]:
        return tuple(await self.connections.fetchrow("SELECT state, reason, facts FROM journal WHERE id = $1", id_))  # type: ignore[return-value]

    async def all_parsed(self) -> None:
        parser = self.parser()
        for _ in range(50):
            if not await parser.batch():
                return
        raise AssertionError("the backlog does not end")

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture
def bench(connections: Any) -> Bench:
    floor = parse(FLOOR)
    sources = configure(floor, hasher("key"))
    provider = Provider("legged", lambda *_: None, legged, joined)
    sources["legs"] = Configured(Source(SourceConfig(id="legs", provider="legged")), provider, {})
    return Bench(connections, Knowledge(floor, sources), Metrics())


async def test_a_mixed_body(bench: Bench) -> None:
    """Facts are stored, the bad part is told on the row and counted by its reason."""
    row = await bench.journal(body(call("a"), call("b", talk_s=-5), call("c", identity="nobody")))
    await bench.all_parsed()
    assert await bench.state(row) == ("parsed", "bad_value", 2)
    stored = await bench.connections.fetch("SELECT agent, identity, day::text, key_hash FROM facts ORDER BY agent")
    assert [(fact["agent"], fact["identity"], fact["day"]) for fact in stored] == [
        ("ivan", "222", "2026-11-23"),
        (None, "nobody", "2026-11-23"),
    ]
    assert bench.counted("srez_rejected_total", source="own", reason="bad_value") == 1
    assert bench.counted("srez_unattributed_total", source="own") == 1


async def test_states_of_rows(bench: Bench) -> None:
    """Rejected, ignored, of a source that is gone: each row says so."""
    rejected = await bench.journal(b"\xff\xfe")
    ignored = await bench.journal(b"[]")
    gone = await bench.journal(body(call("a")), source="gone")
    await bench.all_parsed()
    assert await bench.state(rejected) == ("rejected", "unparseable", 0)
    assert await bench.state(ignored) == ("ignored", "empty_batch", 0)
    assert await bench.state(gone) == ("rejected", "misconfigured", 0)


async def test_duplicates_and_revisions(bench: Bench) -> None:
    """The same again is counted; other content replaces, is remembered, goes out again, and marks the day."""
    first, again, other = call("a"), call("a"), call("a", talk_s=700)
    for number, event in enumerate((first, again, other)):
        await bench.journal(body(event), received=MORNING + timedelta(hours=1, minutes=number))
    await bench.connections.execute("UPDATE facts SET published_at = now()")
    await bench.all_parsed()
    row = await bench.connections.fetchrow("SELECT revision, talk_s, published_at FROM facts")
    assert tuple(row) == (1, 700.0, None)
    assert await bench.connections.fetchval("SELECT data->>'talk_s' FROM fact_revisions WHERE revision = 0") == "60"
    assert [tuple(found) for found in await bench.connections.fetch("SELECT agent, day::text FROM dirty")] == [
        ("ivan", "2026-11-23")
    ]
    assert bench.counted("srez_duplicates_total", source="own") == 1
    assert bench.counted("srez_facts_total", type=CALL) == 1


async def test_a_clock_that_runs_fast(bench: Bench) -> None:
    """An event 61 s after its arrival is clamped to it and flagged; 60 s are not."""
    late = MORNING + timedelta(minutes=20)
    await bench.journal(body(call("near")), received=late - timedelta(seconds=60))
    await bench.journal(body(call("far")), received=late - timedelta(seconds=61))
    await bench.all_parsed()
    rows = await bench.connections.fetch("SELECT occurred_at, clamped FROM facts ORDER BY clamped")
    assert [tuple(row) for row in rows] == [(late, False), (late - timedelta(seconds=61), True)]


async def test_the_day_is_the_floors(bench: Bench) -> None:
    """23:30 in Moscow is 20:30 in London, and half an hour later it is tomorrow."""
    for id_, minute in (("a", 14 * 60 + 59), ("b", 15 * 60)):
        await bench.journal(body(call(id_, minute=minute)), received=MORNING + timedelta(days=1))
    await bench.all_parsed()
    rows = await bench.connections.fetch("SELECT day::text FROM facts ORDER BY occurred_at")
    assert [row["day"] for row in rows] == ["2026-11-23", "2026-11-24"]


@pytest.mark.parametrize("order", ["ab", "ba", "aab"])
async def test_legs_in_any_order_make_one_call(bench: Bench, order: str) -> None:
    """Two legs in separate requests, in any order, also repeated: one fact of both."""
    for number, leg in enumerate(order):
        raw = json.dumps({"call": "x", "leg": leg, "talk": {"a": 10, "b": 5}[leg]}).encode()
        await bench.journal(raw, source="legs", received=MORNING + timedelta(minutes=number))
        await bench.all_parsed()
    rows = await bench.connections.fetch("SELECT talk_s, received_at FROM facts")
    assert [tuple(row) for row in rows] == [(15.0, MORNING + timedelta(minutes=len(order) - 1))]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_a_call_that_is_passed_on_is_one_call(bench: Bench, order: tuple[int, ...]) -> None:
    """Whenever the link comes: the second call's fact, if it was stored already, is withdrawn and its day recounted."""
    bodies = [{"call": "x", "leg": "a", "talk": 10}, {"call": "y", "leg": "a", "talk": 20}, {"call": "x", "to": "y"}]
    for number in order:
        await bench.journal(json.dumps(bodies[number]).encode(), source="legs")
        await bench.all_parsed()
    stored = await bench.connections.fetch("SELECT data->>'call_id', talk_s FROM facts")
    assert [tuple(row) for row in stored] == [("legs:x", 30.0)]
    if order.index(2) > order.index(1):
        assert await bench.connections.fetchval(
            "SELECT data->>'call_id' FROM fact_revisions WHERE data @> '{\"talk_s\": 20}'"
        )
        assert await bench.connections.fetchval("SELECT count(*) FROM dirty") > 0


async def test_legs_of_one_call_with_two_workers(bench: Bench) -> None:
    """Legs that are parsed at the same moment by different workers still meet."""
    for number in range(40):
        for leg in "ab":
            await bench.journal(json.dumps({"call": f"x{number}", "leg": leg, "talk": 1}).encode(), source="legs")
    one, two = bench.parser(), bench.parser()
    await asyncio.gather(*(drained(worker) for worker in (one, two)))
    await bench.all_parsed()
    assert await bench.connections.fetchval("SELECT count(*) FROM facts WHERE talk_s = 2") == 40


async def drained(parser: Parser) -> None:
    while await parser.batch():
        continue


async def test_many_workers_store_each_event_once(bench: Bench) -> None:
    """Every event journaled four times, four workers at once: each is one fact, and the rest are duplicates."""
    for _ in range(4):
        for number in range(60):
            await bench.journal(body(call(f"e{number}")))
    await asyncio.gather(*(drained(bench.parser()) for _ in range(4)))
    await bench.all_parsed()
    assert await bench.connections.fetchval("SELECT count(*) FROM facts") == 60
    assert bench.counted("srez_facts_total", type=CALL) == 60
    assert bench.counted("srez_duplicates_total", source="own") == 180
    assert await bench.connections.fetchval("SELECT count(*) FROM journal WHERE state <> 'parsed'") == 0


async def test_poison_is_put_aside(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that breaks its parser, and one that the database refuses: both rejected, their neighbours stored."""
    await bench.journal(body(call("before")))
    broken = await bench.journal(b"boom", source="legs")
    refused = await bench.journal(body(call("refused", campaign="\0")))
    await bench.journal(body(call("after")))
    skip_the_check(monkeypatch)
    await bench.all_parsed()
    assert await bench.state(broken) == ("rejected", "internal", 0)
    assert await bench.state(refused) == ("rejected", "internal", 0)
    assert await bench.connections.fetchval("SELECT count(*) FROM facts") == 2
    assert bench.counted("srez_rejected_total", source="own", reason="internal") == 1


def skip_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets through what stamp() would refuse, so that the database has to."""
    ignore: Callable[[Draft], None] = lambda draft: None  # noqa: E731
    monkeypatch.setattr("services.ingest.stamp.check", ignore)


async def test_what_the_database_could_not_hold_is_told_by_its_reason(bench: Bench) -> None:
    """NUL, numbers and years out of range are rejected as bad values before the database sees them."""
    for number, more in enumerate(
        ({"campaign": "\0"}, {"q850": 2**40}, {"started_at": "0001-01-01T00:00:00Z"}, {"talk_s": 1e300})
    ):
        row = await bench.journal(json.dumps({**call(f"o{number}"), "data": {**call("x")["data"], **more}}).encode())
        await bench.all_parsed()
        assert await bench.state(row) == ("rejected", "bad_value", 0)


async def test_a_crash_leaves_rows_to_be_parsed_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database fails in the middle of a batch: nothing of it is stored, and all of it the next time."""
    await bench.journal(body(call("a")))

    async def fails(*_: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr("services.ingest.storage.backlog.finish", fails)
        with pytest.raises(ConnectionResetError):
            await bench.parser().batch()
    assert await bench.connections.fetchval("SELECT count(*) FROM facts") == 0
    await bench.all_parsed()
    assert await bench.connections.fetchval("SELECT count(*) FROM facts") == 1
    assert datetime.now(UTC) > await bench.connections.fetchval("SELECT parsed_at FROM journal")
