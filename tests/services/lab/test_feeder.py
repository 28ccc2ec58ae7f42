"""The feeder against a server that throttles, fails and accepts: everything arrives, and the ledger tells how."""

import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from services.kit.clock import Clock
from services.kit.errors import Misconfigured
from services.lab.feeder import Progress, feed, plan
from services.lab.ledger import read
from services.lab.simulate import FloorDay, scenario_named, simulate
from tests.services.lab.floors import ENVIRONMENT, example

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def _server(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/hooks/{rest:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def _morning() -> FloorDay:
    """The first half hour of a demo day: some tens of requests."""
    day = simulate(example(), scenario_named("demo"), seed=4)
    until = day.days[0].cut_offs[0].at - timedelta(minutes=90)
    few = tuple(fact for fact in day.deliveries if fact.received_at and fact.received_at < until)
    return FloorDay(day.scenario, day.seed, day.days, few, (), day.truth)


def _past() -> Clock:
    """A clock to which the whole day is over: everything is due at once."""
    day = _morning().days[0]
    return Clock(day.ends, 1.0, time.time())


async def test_everything_is_posted_and_written_down(tmp_path: Path) -> None:
    """Each planned request arrives once with its body; the ledger has one line for each, with its status."""
    got: list[tuple[str, bytes]] = []

    async def accept(request: web.Request) -> web.Response:
        got.append((request.path_qs, await request.read()))
        return web.Response(text="ok")

    day = _morning()
    async with _server(accept) as url:
        path = tmp_path / "ledger.ndjson"
        report = await feed(example(), day, ingest_url=url, secrets=ENVIRONMENT, clock=_past(), ledger_path=path)
        planned, _ = plan(example(), day, ENVIRONMENT, url)
    assert len(planned) > 40
    signed_again = {one.request.path for one in planned}
    assert Counter(path for path, _ in got) == Counter(one.request.path for one in planned)
    assert {path for path, _ in got} == signed_again
    assert report.well
    assert report.outcomes == {"200": len(planned)}
    entries = list(read(path))
    assert sorted(entry.id for entry in entries) == list(range(len(planned)))
    assert {entry.fact for entry in entries} == {fact.id for fact in day.deliveries}
    assert all(entry.accepted and entry.attempts == 1 for entry in entries)


async def test_throttled_requests_are_repeated_and_refused_ones_are_not(tmp_path: Path) -> None:
    """429 and 503 are tried again after Retry-After until accepted; 400 is final."""
    seen: Counter[bytes] = Counter()

    async def moody(request: web.Request) -> web.Response:
        if request.path.startswith("/hooks/amo"):
            return web.Response(status=400)
        seen[await request.read()] += 1
        times = seen[await request.read()]
        if times < 3:
            return web.Response(status=429 if times == 1 else 503, headers={"Retry-After": "0.05"})
        return web.Response(text="ok")

    day = _morning()
    async with _server(moody) as url:
        path = tmp_path / "ledger.ndjson"
        report = await feed(example(), day, ingest_url=url, secrets=ENVIRONMENT, clock=_past(), ledger_path=path)
    entries = list(read(path))
    assert set(report.outcomes) == {"200", "400"}
    assert not report.well
    for entry in entries:
        assert entry.attempts == 1 if entry.source == "amo" else entry.attempts <= 3
        assert entry.status == ("400" if entry.source == "amo" else "200")
    assert report.retried > 0


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, "", "amo answers 401 to its first requests: it does not know the key"),
        (403, "", "amo answers 403 to its first requests: the key may not do that"),
        (503, '{"error":"misconfigured"}', "amo answers 503 to its first requests: ingest itself lacks the secret"),
    ],
)
async def test_a_source_without_its_key_ends_the_feed_at_once(
    tmp_path: Path, status: int, body: str, said: str
) -> None:
    """No repeats, no rest of the day: it says which source, and which variables hold its secrets."""
    asked: Counter[str] = Counter()

    async def locked(request: web.Request) -> web.Response:
        source = request.path.split("/")[2]
        asked[source] += 1
        return web.Response(status=status, text=body) if source == "amo" else web.Response(text="ok")

    day, path = _morning(), tmp_path / "ledger.ndjson"
    async with _server(locked) as url:
        with pytest.raises(Misconfigured, match=said) as caught:
            await feed(
                example(), day, ingest_url=url, secrets=ENVIRONMENT, clock=_past(), ledger_path=path, concurrency=1
            )
    assert asked["amo"] == 1
    assert [(entry.status, entry.attempts) for entry in read(path) if entry.source == "amo"] == [(str(status), 1)]
    names = str(caught.value).rpartition("(")[2]
    assert all(reference.env in names for reference in example().source_by_id["amo"].secrets.values())  # type: ignore[union-attr]


async def test_an_endless_refusal_ends(tmp_path: Path) -> None:
    """Attempts are bounded, and what was never accepted is in the ledger as such."""

    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "0.05"})

    day = _morning()
    few = FloorDay(day.scenario, day.seed, day.days, day.deliveries[:5], (), day.truth)
    async with _server(busy) as url:
        path = tmp_path / "ledger.ndjson"
        report = await feed(
            example(), few, ingest_url=url, secrets=ENVIRONMENT, clock=_past(), ledger_path=path, attempts=2
        )
    assert report.accepted == 0
    assert {(entry.status, entry.attempts) for entry in read(path)} == {("503", 2)}


async def test_a_dead_server_is_an_unknown_outcome(tmp_path: Path) -> None:
    """Nobody listening: refused, tried as often as allowed, never raised."""
    day = _morning()
    few = FloorDay(day.scenario, day.seed, day.days, day.deliveries[:3], (), day.truth)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{probe.getsockname()[1]}"
    path = tmp_path / "ledger.ndjson"
    report = await feed(
        example(), few, ingest_url=gone, secrets=ENVIRONMENT, clock=_past(), ledger_path=path, attempts=2
    )
    assert set(report.outcomes) == {"refused"}


async def test_requests_keep_the_pace_of_the_clock(tmp_path: Path) -> None:
    """Nothing is sent before its virtual moment, and progress is told at full hours."""
    day = _morning()
    first = day.deliveries[0].received_at
    assert first is not None
    clock = Clock(first - timedelta(minutes=1), 3600.0, time.time())
    told: list[Progress] = []

    async def accept(request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async with _server(accept) as url:
        path = tmp_path / "ledger.ndjson"
        await feed(
            example(), day, ingest_url=url, secrets=ENVIRONMENT, clock=clock, ledger_path=path, on_progress=told.append
        )
    assert all(entry.sent_at >= entry.due_at - timedelta(milliseconds=1) for entry in read(path))
    assert told[-1].accepted <= told[-1].planned == len(list(read(path)))


async def test_without_secrets_nothing_is_sent(tmp_path: Path) -> None:
    """A missing secret is told before the first request."""
    with pytest.raises(Misconfigured, match="MANGO_KEY"):
        await feed(
            example(),
            _morning(),
            ingest_url="http://127.0.0.1:1",
            secrets={},
            clock=_past(),
            ledger_path=tmp_path / "l",
        )
