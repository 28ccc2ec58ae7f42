"""The benches' own arithmetic, their client against a real server, and the one bench that needs no servers."""

import asyncio
import json
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

import pytest

from schemas.facts import decode
from schemas.floor import load, parse
from services.kit.errors import BadInput
from services.lab.bench import BENCHES, Figure, Result, Stack, replay, run
from services.lab.bench import client as load_client
from services.lab.bench.bodies import webhooks, wire
from services.lab.bench.counting import rate
from services.lab.bench.floor import floor_text
from services.lab.bench.freshness import calls_of, delays_ms
from services.lab.bench.result import report


def _no_servers() -> AbstractContextManager[Stack]:
    raise AssertionError("this needs no stack")


def test_delays_are_from_sent_to_first_shown() -> None:
    """The n-th call is shown when the total reaches n; what never is shown is left out."""
    seen = [(10.0, 100), (10.1, 100), (10.2, 102), (10.5, 103)]
    assert delays_ms([10.0, 10.1, 10.3, 10.4], seen) == pytest.approx([100, 200, 200])
    assert delays_ms([1.0], []) == []


def test_a_rate_is_taken_between_looks() -> None:
    """From the first look that saw it move to the first that saw all; nothing counted is an error, not a figure."""
    assert rate([(0.0, 0), (1.0, 0), (2.0, 100), (3.0, 200), (4.0, 300), (5.0, 400)], 400) == 100
    assert rate([(0.0, 0), (2.0, 400)], 400) == 200
    with pytest.raises(TimeoutError, match="only 3 of 5"):
        rate([(0.0, 0), (1.0, 3)], 5)


def test_calls_are_read_from_rows_of_either_shape() -> None:
    """Rows of the live stream and of the API."""
    assert calls_of([{"agent": "a", "done": {"calls": 3}}, {"team": "t", "done": {"calls": 9}}]) == {"a": 3}
    assert calls_of([{"agent": "a", "step": "calls", "done": 4}, {"agent": "a", "step": "answered", "done": 2}]) == {
        "a": 4
    }


def test_the_floor_of_benches_loads() -> None:
    """Its agents, teams and two sources."""
    floor = parse(floor_text(10))
    assert (len(floor.agents), len(floor.teams), sorted(floor.source_by_id)) == (10, 4, ["mango-main", "own"])


@pytest.mark.parametrize("kind", ["generic", "mango"])
def test_no_two_webhooks_are_the_same_call(kind: str) -> None:
    """Every request is a different event, and different runs differ."""
    bodies = [request.body for name in ("one", "two") for request in islice(webhooks(kind, 5, name), 50)]
    assert len(set(bodies)) == 100


@pytest.mark.parametrize("per_s", [0.0, 200.0])
async def test_the_client_counts_what_was_answered(per_s: float) -> None:
    """Against a server that refuses every fifth request: each is sent once, statuses are told apart."""
    got: list[bytes] = []
    served: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                got.append(await reader.readexactly(length))
                status = b"429 Too Many" if len(got) % 5 == 0 else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    requests = [wire(request, f"127.0.0.1:{port}") for request in islice(webhooks("generic", 3, "t"), 100)]
    try:
        found = await load_client.load("127.0.0.1", port, requests, 4, 0.5 if per_s else 30, per_s)
    finally:
        await asyncio.wait([task for task in served if task], timeout=5)
        server.close()
        await server.wait_closed()
    assert len(got) == len(set(got)) == 100
    assert found.statuses == {"200": 80, "429": 20}
    assert found.accepted == 80
    assert found.ran_out == (per_s == 0)
    assert len(found.sent_at) == (100 if per_s else 0)


def test_b6_writes_a_week_that_belongs_to_its_floor(tmp_path: Path) -> None:
    """Copies have agents of their own that are on the roster, and ids of their own."""
    facts, floor = tmp_path / "facts.ndjson", tmp_path / "floor.yaml"
    number = replay.write(facts, floor, 15_000)
    decoded = [decode(line) for line in facts.read_bytes().splitlines()]
    assert len(decoded) == number
    roster = load(str(floor)).agent_by_id
    agents = {fact.agent for fact in decoded if fact.agent}
    assert len(agents) == len(roster) == 36
    assert agents == set(roster)
    week = number // 2
    assert {fact.id for fact in decoded[:week]}.isdisjoint(fact.id for fact in decoded[week:])


def test_b6_runs() -> None:
    """The whole bench on a small file, in processes of its own."""
    (result,) = run(["b6"], _no_servers, scale=0.005)
    assert {figure.name for figure in result.figures} >= {"back-test", "reading and decoding", "ratio"}
    assert result.reached is not None


def test_an_unknown_bench_is_told_the_known_ones() -> None:
    """The error names all of them."""
    with pytest.raises(BadInput, match=", ".join(BENCHES)):
        run(["B99"], _no_servers)


def test_a_bench_that_cannot_run_is_a_result() -> None:
    """Others go on, and the reason is told."""

    def broken() -> AbstractContextManager[Stack]:
        raise OSError("no servers here")

    (result,) = run(["B1"], broken)
    assert (result.reached, result.notes) == (None, ["no servers here"])


def test_the_report_is_json() -> None:
    """With the machine, so that figures are not compared across machines unawares."""
    figure = Figure(name="x", value=1234.5, unit="s")
    found = json.loads(report([Result(bench="B1", what="w", goal="g", figures=[figure], reached=True)]))
    assert found["machine"]["cores"] >= 1
    assert found["results"][0]["figures"][0]["value"] == 1234.5
    assert figure.text == "1 234 s"
