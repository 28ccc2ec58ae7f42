"""B3: from the moment a webhook is posted until ``/metrics`` and the board's live stream show it, at 500 webhooks/s.

The n-th call posted is taken for shown when the total of counted calls reaches n; both are read from outside, the way a
Prometheus and a browser would. A number on the live stream changes at most once a second (BOARD.md), so that an agent
with many calls a second would be late by design: the floor is large enough for each to call every other second.
"""

import asyncio
import contextlib
import json
import time
from bisect import bisect_left
from typing import Any, Final

import httpx
import msgspec

from services.lab.bench.counting import total_counted
from services.lab.bench.floor import SECRETS, floor_text
from services.lab.bench.result import Figure, Result
from services.lab.bench.stack import Child, Children, FreshStack, running
from services.lab.bench.told import Load

PER_S: Final = 500
SECONDS: Final = 15.0
WARM_UP_S: Final = 3.0
AGENTS: Final = 1000
CONNECTIONS: Final = 32
LOOK_S: Final = 0.05
BEAT_S: Final = 30.0
"""The live stream is never silent for so long."""
SETTLE_S: Final = 5.0
P50_MS, P99_MS = 150.0, 500.0

Seen = list[tuple[float, int]]
"""(Unix seconds, total calls shown), in order."""


def bench(fresh: FreshStack, scale: float) -> Result:
    seconds = max(3.0, SECONDS * scale)
    with fresh() as stack, running(stack) as children:
        asyncio.run(stack.apply_floor(floor_text(AGENTS, agent_series=False)))
        ingest = children.service("ingest", SECRETS)
        aggregator = children.service("aggregator", {"SREZ_SESSION_TIMEOUT_S": "6"})
        board = children.service("board")
        _load(children, ingest, WARM_UP_S, "warm")
        time.sleep(SETTLE_S)
        load, metrics, live = asyncio.run(_watch(children, ingest, aggregator, board, seconds))
    figures = [
        Figure(name="posted", value=load.per_s, unit="webhooks/s"),
        Figure(name="answer p99", value=load.p99_ms, unit="ms"),
    ]
    shown: list[float] = []
    notes = [f"{AGENTS} agents; /metrics (its total of counted facts) is seen every {LOOK_S * 1000:g} ms"]
    for name, seen in (("/metrics", metrics), ("live stream", live)):
        delays = delays_ms(load.sent_at, seen)
        if len(delays) < len(load.sent_at):
            notes.append(f"{name}: {len(load.sent_at) - len(delays)} of {len(load.sent_at)} calls were never shown")
        if delays:
            figures += [
                Figure(name=f"{name} p50", value=delays[len(delays) // 2], unit="ms", role="measured"),
                Figure(name=f"{name} p99", value=delays[int(len(delays) * 0.99)], unit="ms", role="measured"),
            ]
            shown += [delays[len(delays) // 2] - P50_MS, delays[int(len(delays) * 0.99)] - P99_MS]
    return Result(
        bench="B3",
        what=f"freshness at {PER_S} webhooks/s: posted → /metrics of the aggregator, and the board's live stream",
        goal=f"p50 ≤ {P50_MS:g} ms, p99 ≤ {P99_MS:g} ms",
        figures=figures,
        reached=max(shown) <= 0 if len(shown) == 4 else None,
        notes=notes,
    )


def delays_ms(sent_at: list[float], seen: Seen) -> list[float]:
    """How long after it was sent each call was first shown, sorted; calls never shown are left out.

    Args: seen: totals since before the first call of *sent_at*; the first entry is the total to count from.
    """
    if not seen:
        return []
    base = seen[0][1]
    totals = [total - base for _, total in seen]
    found = []
    for number, sent in enumerate(sent_at, start=1):
        at = bisect_left(totals, number)
        if at < len(seen):
            found.append(max(0.0, seen[at][0] - sent) * 1000)
    return sorted(found)


def _client(children: Children, ingest: Child, seconds: float, name: str) -> Child:
    host, _, port = ingest.url.removeprefix("http://").partition(":")
    words = [host, port, "generic", str(AGENTS), str(CONNECTIONS), f"{seconds:g}", str(PER_S), name]
    return children.module("services.lab.bench.client", *words)


def _load(children: Children, ingest: Child, seconds: float, name: str) -> Load:
    return _ended(children, _client(children, ingest, seconds, name), seconds)


def _ended(children: Children, client: Child, seconds: float) -> Load:
    return msgspec.json.decode(children.last_line(client, seconds * 3 + 60), type=Load)


async def _watch(
    children: Children, ingest: Child, aggregator: Child, board: Child, seconds: float
) -> tuple[Load, Seen, Seen]:
    metrics: Seen = []
    live: Seen = []
    async with httpx.AsyncClient(timeout=BEAT_S) as http:
        watching = [
            asyncio.create_task(_watch_metrics(http, aggregator, metrics)),
            asyncio.create_task(_watch_live(http, board, live)),
        ]
        await asyncio.sleep(2)  # both see the total before the first call
        client = _client(children, ingest, seconds, "run")
        load = await asyncio.to_thread(_ended, children, client, seconds)
        await asyncio.sleep(SETTLE_S)
        for task in watching:
            task.cancel()
        for task in watching:
            with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
                await task
    return load, metrics, live


async def _watch_metrics(http: httpx.AsyncClient, aggregator: Child, seen: Seen) -> None:
    while True:
        text = (await http.get(f"{aggregator.url}/metrics")).text
        seen.append((time.time(), total_counted(text)))
        await asyncio.sleep(LOOK_S)


async def _watch_live(http: httpx.AsyncClient, board: Child, seen: Seen) -> None:
    """Totals of calls as the stream's ``cells`` events tell them, agent by agent."""
    done: dict[str, int] = {}
    floor = (await http.get(f"{board.url}/api/v1/floor")).json()
    done.update(calls_of(floor.get("rows", [])))
    seen.append((time.time(), sum(done.values())))
    async with http.stream("GET", f"{board.url}/api/v1/live") as answer:
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:") and name == "cells":
                done.update(calls_of(json.loads(line.removeprefix("data:")).get("rows", [])))
                seen.append((time.time(), sum(done.values())))


def calls_of(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Calls done by agent, of rows either ``{agent, done: {calls}}`` or ``{agent, step, done}``."""
    found: dict[str, int] = {}
    for row in rows:
        done = row.get("done")
        if isinstance(done, dict) and "agent" in row:
            found[row["agent"]] = int(done.get("calls", 0))
        elif row.get("step") == "calls" and "agent" in row and done is not None:
            found[row["agent"]] = int(done)
    return found
