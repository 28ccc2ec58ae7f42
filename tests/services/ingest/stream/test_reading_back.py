"""Reading back on a real database, from a real HTTP server that answers, refuses, hurries nobody, and dies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from aiohttp import web

from schemas.floor import SourceConfig, parse
from services.ingest.metrics import Metrics
from services.ingest.providers.base import Fetch, Ignored, Parsed, Provider, ReadBack, Request, Secrets, Source
from services.ingest.source import Configured
from services.ingest.storage import readbacks, replay
from services.ingest.storage.journal import Journal
from services.ingest.storage.replay import Filter
from services.ingest.stream.parser import Knowledge, Parser
from services.ingest.stream.reading_back import ReadingBack, backed_off
from services.ingest.stream.reconciling import Reconciling
from services.kit.clock import Clock
from tests.services.ingest.conftest import FLOOR
from tests.services.ingest.events import MORNING
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration
Answer = Callable[[web.Request], web.Response]


@dataclass
class Crm:
    """Answers with what ``plan`` holds, in order, the last one for ever."""

    url: str = ""
    plan: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        answer = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        return answer(request)


def status(code: int, **headers: str) -> Answer:
    return lambda request: web.Response(status=code, headers={k.replace("_", "-"): v for k, v in headers.items()})


def deal(request: web.Request) -> web.Response:
    return web.json_response({"deal": request.path.rsplit("/", 1)[1]})


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    found = Crm(plan=[deal])
    app = web.Application()
    app.router.add_get("/deals/{id}", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = site.name
    yield found
    await runner.cleanup()


def thin(request: Request, source: Source) -> Parsed:
    """A test provider: the body is the id of a deal; what is read back is kept as it is."""
    if request.method == "READBACK":
        return Parsed(ignored=(Ignored("not_counted", request.path),))
    id_ = request.body.decode()
    return Parsed(ignored=(Ignored("needs_readback", id_),), readbacks=(ReadBack("deal", id_),))


def fetch(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
    url = secrets.get("rest_url")
    return Fetch("GET", f"{url[0]}/deals/{wanted.id}", (("authorization", "Bearer s3cret"),)) if url else None


@dataclass
class Bench:
    connections: Any
    journal: Journal
    sources: dict[str, Configured]
    metrics: Metrics

    def worker(self) -> ReadingBack:
        return ReadingBack(self.connections, self.journal, lambda: self.sources, Clock(), self.metrics)

    async def arrives(self, id_: str, source: str = "crm") -> None:
        """A thin event is journaled and parsed."""
        await self.connections.execute(
            "INSERT INTO journal (source, received_at, method, path, query, headers, body, body_hash)"
            " VALUES ($1, $2, 'POST', '', '', '{}', $3, '')",
            source,
            MORNING,
            id_.encode(),
        )
        await self.parse()

    async def parse(self) -> None:
        knowledge = Knowledge(parse(FLOOR), self.sources)
        await Parser(self.connections, lambda: knowledge, Clock(), self.metrics).batch()

    async def rows(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.connections.fetch("SELECT * FROM readbacks ORDER BY id")]

    async def read(self) -> list[tuple[str, str]]:
        """(path, body) of what was read back so far."""
        rows = await self.connections.fetch("SELECT path, body FROM journal WHERE method = 'READBACK' ORDER BY id")
        return [(row[0], row[1].decode()) for row in rows]

    async def once(self) -> None:
        """Claims one row and asks for it."""
        now = Clock().real()
        async with self.connections.acquire() as connection:
            claimed = await readbacks.claim(connection, "crm", now, now + timedelta(seconds=60))
        assert claimed is not None
        async with httpx.AsyncClient() as client:
            await self.worker().one(client, self.sources["crm"], claimed)


@pytest.fixture
async def bench(connections: Any, postgres_dsn: str, crm: Crm) -> AsyncIterator[Bench]:
    provider = Provider("thin", lambda *_: None, thin, fetch=fetch)
    config = SourceConfig(id="crm", provider="thin", options={"readback_per_s": 100})
    sources = {
        "crm": Configured(Source(config), provider, {"rest_url": (crm.url,)}),
        "poor": Configured(Source(SourceConfig(id="poor", provider="thin")), provider, {}),
    }
    journal = Journal(postgres_dsn)
    writing = asyncio.create_task(journal.run())
    yield Bench(connections, journal, sources, Metrics())
    journal.stop()
    await writing


async def test_an_answer_is_journaled(bench: Bench, crm: Crm) -> None:
    """A thin event is completed: the answer is a row of the journal like any other, and nothing is left to ask."""
    await bench.arrives("410")
    running = asyncio.create_task(bench.worker().run(0.05))
    await eventually(bench.read, "the answer to be journaled")
    await eventually(lambda: _none(bench), "the question to be gone")
    running.cancel()
    assert await bench.read() == [("deal/410", '{"deal": "410"}')]
    assert crm.asked == ["/deals/410"]
    await bench.parse()
    states = await bench.connections.fetch("SELECT state, reason, detail FROM journal ORDER BY id")
    assert [tuple(row) for row in states] == [
        ("ignored", "needs_readback", "410"),
        ("ignored", "not_counted", "deal/410"),
    ]


async def _none(bench: Bench) -> bool:
    return not await bench.rows()


async def test_events_of_one_object_are_asked_for_once(bench: Bench, crm: Crm) -> None:
    """Ten changes before the question: one question."""
    for _ in range(10):
        await bench.arrives("410")
    await bench.once()
    assert len(crm.asked) == 1
    # The row stays for one more look only if it was asked for while it was being read; here it was not.
    assert await bench.rows() == []


async def test_an_object_that_changes_while_it_is_read_is_read_again(bench: Bench, crm: Crm) -> None:
    """The answer may be older than the second event."""
    await bench.arrives("410")
    now = Clock().real()
    async with bench.connections.acquire() as connection:
        claimed = await readbacks.claim(connection, "crm", now, now + timedelta(seconds=60))
        assert claimed is not None
        await bench.arrives("410")
        await readbacks.done(connection, claimed, now)
    (row,) = await bench.rows()
    assert (row["attempts"], row["next_at"] <= now) == (0, True)


async def test_without_credentials_nothing_is_asked(bench: Bench, crm: Crm) -> None:
    """The event is kept and says what it lacks; no row waits for ever."""
    await bench.arrives("410", source="poor")
    assert await bench.rows() == []


@pytest.mark.parametrize("code", [500, 502, 401, 408, 429])
async def test_passing_trouble_is_tried_again(bench: Bench, crm: Crm, code: int) -> None:
    """Nothing is journaled, the row says why and waits."""
    crm.plan = [status(code, Retry_After="0")]
    await bench.arrives("410")
    await bench.once()
    (row,) = await bench.rows()
    assert (row["given_up"], row["problem"]) == (False, f"the provider answered HTTP {code}")
    assert await bench.read() == []
    crm.plan = [deal]
    await bench.connections.execute("UPDATE readbacks SET next_at = now()")
    await bench.once()
    assert [path for path, _ in await bench.read()] == ["deal/410"]
    assert await bench.rows() == []


async def test_a_provider_that_asks_to_wait_is_obeyed(bench: Bench, crm: Crm) -> None:
    """Retry-After stands above our own pauses."""
    crm.plan = [status(503, Retry_After="1")]
    await bench.arrives("410")
    before = Clock().real()
    await bench.once()
    (row,) = await bench.rows()
    assert row["next_at"] >= before + timedelta(seconds=1)


@pytest.mark.parametrize("code", [400, 404, 410])
async def test_what_does_not_exist_is_given_up(bench: Bench, crm: Crm, code: int) -> None:
    """And stays visible, until the object is named again."""
    crm.plan = [status(code)]
    await bench.arrives("410")
    await bench.once()
    (row,) = await bench.rows()
    assert row["given_up"]
    assert (
        bench.metrics.registry.get_sample_value("srez_readbacks_total", {"source": "crm", "outcome": "given_up"}) == 1
    )
    await bench.arrives("410")
    (row,) = await bench.rows()
    assert (row["given_up"], row["problem"], row["attempts"]) == (False, None, 0)


async def test_a_day_of_trouble_is_the_end(bench: Bench, crm: Crm) -> None:
    """After 24 hours it is given up."""
    crm.plan = [status(500)]
    await bench.arrives("410")
    await bench.connections.execute("UPDATE readbacks SET since = since - interval '25 hours'")
    await bench.once()
    (row,) = await bench.rows()
    assert row["given_up"]


async def test_an_endless_answer_is_not_read(bench: Bench, crm: Crm) -> None:
    """No more than 1 MiB is taken in."""
    crm.plan = [lambda request: web.Response(body=b"x" * (1024 * 1024 + 1))]
    await bench.arrives("410")
    await bench.once()
    (row,) = await bench.rows()
    assert row["given_up"]
    assert await bench.read() == []


async def test_trouble_that_an_answer_tells_in_its_body(bench: Bench, crm: Crm) -> None:
    """The status says that all is well, the body that the limit is reached: nothing is journaled, it is asked again."""

    def trouble(body: bytes) -> str | None:
        return "LIMIT" if b"limit" in body else None

    configured = bench.sources["crm"]
    assert configured.provider is not None
    bench.sources["crm"] = replace(configured, provider=replace(configured.provider, trouble=trouble))
    crm.plan = [lambda request: web.json_response({"error": "limit"}), deal]
    await bench.arrives("410")
    await bench.once()
    (row,) = await bench.rows()
    assert (row["given_up"], row["problem"], await bench.read()) == (False, "the provider answered LIMIT", [])
    await bench.connections.execute("UPDATE readbacks SET next_at = now()")
    await bench.once()
    assert [path for path, _ in await bench.read()] == ["deal/410"]


async def test_what_was_given_up_is_asked_for_by_a_replay(bench: Bench, crm: Crm) -> None:
    """``srez journal replay --source crm``, after the cause was mended: the events name their objects again."""
    crm.plan = [status(404), deal]
    await bench.arrives("410")
    await bench.once()
    (row,) = await bench.rows()
    assert row["given_up"]
    async with bench.connections.acquire() as connection:
        _, ids = await replay.begin(connection, Filter(source="crm"), MORNING)
    assert len(ids) == 1
    await bench.parse()
    (row,) = await bench.rows()
    assert (row["given_up"], row["problem"], row["attempts"]) == (False, None, 0)
    await bench.once()
    assert ([path for path, _ in await bench.read()], await bench.rows()) == (["deal/410"], [])


async def test_an_unreachable_provider(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """It is tried again, and neither the row nor the log holds the address, which may be a secret."""
    provider = bench.sources["crm"].provider
    bench.sources["crm"] = Configured(
        bench.sources["crm"].source, provider, {"rest_url": ("http://127.0.0.1:1/rest/s3cret",)}
    )
    await bench.arrives("410")
    await bench.once()
    (row,) = await bench.rows()
    assert (row["given_up"], row["problem"]) == (False, "the provider cannot be reached: ConnectError")
    assert "s3cret" not in "".join(capsys.readouterr())


async def test_a_worker_that_dies_after_the_answer(bench: Bench, crm: Crm) -> None:
    """The lease runs out and the object is read once more: two rows that say the same."""
    await bench.arrives("410")
    now = Clock().real()
    async with bench.connections.acquire() as connection:
        await readbacks.claim(connection, "crm", now, now)  # a lease that has run out
    await bench.once()
    assert [path for path, _ in await bench.read()] == ["deal/410"]
    assert await bench.rows() == []


def lost_and_found(bench: Bench) -> list[datetime]:
    """Makes the test provider one that is asked what changed; returns the instants it is asked for."""
    asked: list[datetime] = []

    def changes(source: Source, since: datetime) -> tuple[ReadBack, ...]:
        asked.append(since)
        return (ReadBack("deal", f"since-{since.timestamp():.0f}"),)

    crm = bench.sources["crm"]
    assert crm.provider is not None
    bench.sources["crm"] = replace(crm, provider=replace(crm.provider, reconcile=changes))
    return asked


async def test_what_changed_is_asked_for(bench: Bench, crm: Crm) -> None:
    """At first for the last minutes; then from the last answer on, however long that is ago; one question at a time."""
    asked = lost_and_found(bench)
    before = Clock().now()
    await Reconciling(bench.connections, lambda: bench.sources, Clock()).look()
    assert before - asked[-1] <= timedelta(seconds=601)
    await bench.once()
    assert len(await bench.read()) == 1

    await bench.connections.execute("UPDATE journal SET received_at = received_at - interval '5 hours'")
    for _ in range(3):  # the service is started anew, and nobody answers
        await Reconciling(bench.connections, lambda: bench.sources, Clock()).look()
    assert timedelta(hours=5) <= before - asked[-1] <= timedelta(hours=5, minutes=11)
    assert len(await bench.rows()) == 1


async def test_each_kind_is_asked_for_since_its_own_answer(bench: Bench, crm: Crm) -> None:
    """Calls that cannot be had lose nothing by deals that can; pages of an earlier answer still wait beside both."""
    asked: dict[str, datetime] = {}

    def changes(source: Source, since: datetime) -> tuple[ReadBack, ...]:
        asked.update({f"{since:%H%M%S.%f}": since})
        return tuple(ReadBack(kind, f"{since:%Y%m%dT%H%M%S.%f}") for kind in ("deals", "calls"))

    def both(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
        return Fetch("GET", f"{crm.url}/deals/{wanted.kind}")

    configured = bench.sources["crm"]
    assert configured.provider is not None
    provider = replace(configured.provider, reconcile=changes, fetch=both)
    bench.sources = {"crm": replace(configured, provider=provider)}
    await bench.connections.execute(
        "INSERT INTO readbacks (source, kind, id, since, next_at) VALUES ('crm', 'deals_page', 'x.50', now(), now())"
    )
    before = Clock().now()
    for kind, hours in (("deals", 1), ("calls", 20), ("calls", 200)):
        await bench.connections.execute(
            "INSERT INTO journal (source, received_at, method, path, query, headers, body, body_hash)"
            " VALUES ('crm', $1, 'READBACK', $2, '', '{}', '', '')",
            before - timedelta(hours=hours),
            f"{kind}/x",
        )
    await Reconciling(bench.connections, lambda: bench.sources, Clock()).look()
    since = {row["kind"]: asked.get(row["id"].partition("T")[2]) for row in await bench.rows()}
    assert set(since) == {"deals", "calls", "deals_page"}
    for kind, hours in (("deals", 1), ("calls", 20)):
        at = since[kind]
        assert at is not None
        assert timedelta(hours=hours) <= before - at <= timedelta(hours=hours, minutes=11)


async def test_it_is_not_asked_all_the_time(bench: Bench) -> None:
    """One question in five minutes; none where the credentials are missing."""
    asked = lost_and_found(bench)
    reconciling = Reconciling(bench.connections, lambda: bench.sources, Clock())
    await reconciling.look()
    count = len(asked)
    await reconciling.look()
    assert len(asked) == count
    crm = bench.sources["crm"]
    bench.sources["crm"] = replace(crm, secrets={})
    await bench.connections.execute("TRUNCATE readbacks")
    await Reconciling(bench.connections, lambda: bench.sources, Clock()).look()
    assert await bench.rows() == []


def test_pauses_grow() -> None:
    """1, 2, 4 … at most ten minutes, a fifth more or less."""
    assert 0.8 <= backed_off(1) <= 1.2
    assert 6.4 <= backed_off(4) <= 9.6
    assert 480 <= backed_off(50) <= 720
