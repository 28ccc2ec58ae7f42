"""One call that two systems tell: one fact, whoever is first, in one batch or in two."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.floor import parse
from services.ingest.metrics import Metrics
from services.ingest.source import configure
from services.ingest.storage.same_calls import Report
from services.ingest.stream.parser import Knowledge, Parser
from services.kit.clock import Clock
from tests.services.ingest.events import MORNING, body, call

pytestmark = pytest.mark.integration
FLOOR = """
version: 1
floor: test
timezone: Europe/Moscow
teams:
  - {id: hunters}
agents:
  - {id: ivan, team: hunters, identities: {pbx: ["222"], crm: ["17"]}}
  - {id: maria, team: hunters, identities: {pbx: ["223"]}}
sources:
  - {id: pbx, provider: generic, secrets: {signing: {env: OWN_SIGNING}}}
  - {id: crm, provider: generic, secrets: {signing: {env: OWN_SIGNING}}}
"""


class Bench:
    def __init__(self, connections: Any) -> None:
        self.connections = connections
        floor = parse(FLOOR)
        self.knowledge = Knowledge.of(floor, configure(floor))
        self.metrics = Metrics()
        self.received_at = MORNING + timedelta(hours=1)

    async def arrives(self, source: str, *events: dict[str, Any]) -> None:
        self.received_at += timedelta(seconds=1)
        await self.connections.execute(
            "INSERT INTO journal (source, received_at, method, path, query, headers, body, body_hash)"
            """ VALUES ($1, $2, 'POST', '', '', '{"content-type": "application/cloudevents-batch+json"}', $3, '')""",
            source,
            self.received_at,
            body(*events),
        )

    async def parsed(self) -> None:
        parser = Parser(self.connections, lambda: self.knowledge, Clock(), self.metrics)
        while await parser.batch():
            pass

    async def stored(self) -> list[tuple[str, str | None]]:
        rows = await self.connections.fetch("SELECT source, agent FROM facts ORDER BY source, occurred_at")
        return [tuple(row) for row in rows]

    async def states(self) -> list[tuple[str, str | None]]:
        return [tuple(row) for row in await self.connections.fetch("SELECT state, reason FROM journal ORDER BY id")]


@pytest.fixture
async def bench(connections: Any) -> Bench:
    return Bench(connections)


@pytest.mark.parametrize("apart", [True, False], ids=["apart", "in one batch"])
@pytest.mark.parametrize("order", [("pbx", "crm"), ("crm", "pbx")])
async def test_the_first_tells_it(bench: Bench, order: tuple[str, str], apart: bool) -> None:
    """The second report of the call is kept in the journal, says by whom it was told, and is counted nowhere."""
    identities = {"pbx": "222", "crm": "17"}
    for source in order:
        await bench.arrives(source, call(f"of-{source}", identity=identities[source]))
        if apart:
            await bench.parsed()
    await bench.parsed()
    assert await bench.stored() == [(order[0], "ivan")]
    assert await bench.states() == [("parsed", None), ("ignored", "same_call")]


async def test_clocks_that_differ_a_little(bench: Bench) -> None:
    """Five seconds are the same call, half a minute is another one."""
    await bench.arrives("pbx", call("a", identity="222"))
    await bench.arrives("crm", call("b", identity="17", minute=20 + 5 / 60))
    await bench.arrives("crm", call("c", identity="17", minute=20.5))
    await bench.parsed()
    assert [source for source, _ in await bench.stored()] == ["crm", "pbx"]


async def test_what_is_another_call(bench: Bench) -> None:
    """Another direction, another customer, another agent, the same source: two calls."""
    await bench.arrives("pbx", call("a", identity="222", customer="k1:aaaa"))
    await bench.arrives(
        "crm", call("b", identity="17", customer="k1:bbbb"), call("c", identity="17", direction="inbound")
    )
    await bench.arrives("pbx", call("d", identity="223"), call("e", identity="223"))
    await bench.parsed()
    assert len(await bench.stored()) == 5


async def test_a_revision_is_no_other_report(bench: Bench) -> None:
    """A call is revised by its own source as ever, also beside another source's report."""
    await bench.arrives("pbx", call("a", identity="222"))
    await bench.arrives("crm", call("b", identity="17"))
    await bench.arrives("pbx", call("a", identity="222", talk_s=61))
    await bench.parsed()
    assert await bench.stored() == [("pbx", "ivan")]
    assert await bench.connections.fetchval("SELECT talk_s FROM facts") == 61


async def test_a_part_that_was_taken_for_another_call(bench: Bench) -> None:
    """Told by its first leg alone a call has no agent, or looks like another: once it is known whole, it is withdrawn."""
    await bench.arrives("pbx", call("a", identity=None), call("c", identity="222", minute=30, direction="inbound"))
    await bench.parsed()
    await bench.arrives("crm", call("b", identity="17"), call("d", identity="17", minute=30))
    await bench.parsed()
    assert len(await bench.stored()) == 4
    await bench.arrives("pbx", call("a", identity="222"), call("c", identity="222", minute=30))
    await bench.parsed()
    assert await bench.stored() == [("crm", "ivan"), ("crm", "ivan")]
    assert (await bench.states())[-1] == ("ignored", "same_call")
    dirty = await bench.connections.fetch("SELECT DISTINCT agent FROM dirty")
    assert {row[0] for row in dirty} == {"ivan", "pbx:"}


async def test_a_replay_stores_no_second_one(bench: Bench) -> None:
    """Journal rows that are read again say the same."""
    await bench.arrives("pbx", call("a", identity="222"))
    await bench.arrives("crm", call("b", identity="17"))
    await bench.parsed()
    await bench.connections.execute("UPDATE journal SET state = 'new'")
    await bench.parsed()
    assert await bench.stored() == [("pbx", "ivan")]
    assert await bench.states() == [("parsed", None), ("ignored", "same_call")]


def report(source: str, started_s: int, ended_s: int, talk_s: int, customer: str | None = "k1:a") -> Report:
    """Seconds of one morning."""
    began, ended = (MORNING + timedelta(seconds=second) for second in (started_s, ended_s))
    return Report(f"{source}-{started_s}", source, "ivan", "outbound", customer, began, ended, talk_s)


@pytest.mark.parametrize(
    ("told", "other", "same"),
    [
        ((0, 330, 300), (30, 330, 300), True),  # begins with the answer
        ((0, 330, 300), (0, 300, 300), True),  # ends with the talk alone
        ((30, 330, 300), (0, 300, 300), True),  # one of each
        ((20, 25, 5), (0, 5, 5), True),  # one of each, and rang longer than they talked
        ((0, 30, 0), (0, 0, 0), True),  # nobody answered, and ringing is not told
        ((0, 30, 0), (-2, -2, 0), True),  # and the clocks are not quite the same
        ((0, 30, 0), (34, 60, 0), False),  # dialled again at once
        ((0, 40, 30), (50, 90, 10), False),  # dialled again and talked less
        ((0, 40, 30), (100, 140, 30), False),  # talked as long, but not at that time
    ],
)
def test_how_long_it_rang_is_not_told_by_all(
    told: tuple[int, int, int], other: tuple[int, int, int], same: bool
) -> None:
    """(begin, end, talk) of two systems about one agent and one customer."""
    assert report("pbx", *told).is_also(report("crm", *other)) is same
    assert report("crm", *other).is_also(report("pbx", *told)) is same


def test_whoever_was_called() -> None:
    """Without the customer one must lie within the other; another customer is another call in any case."""
    assert report("pbx", 0, 330, 300, None).is_also(report("crm", 30, 330, 300))
    assert not report("pbx", 30, 330, 300, None).is_also(report("crm", 0, 300, 300))
    assert not report("pbx", 0, 330, 300, "k1:b").is_also(report("crm", 0, 330, 300))
