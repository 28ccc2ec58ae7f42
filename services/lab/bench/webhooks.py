"""B1: webhooks a second that one ingest process accepts, against an empty FastAPI handler under the same client."""

import asyncio
import time
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from services.lab.bench.floor import SECRETS, floor_text
from services.lab.bench.result import Figure, Result
from services.lab.bench.stack import Child, Children, FreshStack, Stack, free_port, running
from services.lab.bench.told import Load

CONNECTIONS = 64
AGENTS = 200
SECONDS = 8.0
WARM_UP_S = 1.5
PARSED_WITHIN_S = 120.0
KINDS = ("generic", "mango")
GOAL = 1.0
EMPTY = "services.lab.bench.yardsticks.empty_handler"
JOURNALED = "SELECT count(*) FROM journal"


class Run(NamedTuple):
    """One load on one server, and the processor time the server used for it (0: not known)."""

    load: Load
    cpu_s: float

    @property
    def per_cpu_s(self) -> float:
        return self.load.accepted / self.cpu_s if self.cpu_s else 0.0


def bench(fresh: FreshStack, scale: float) -> Result:
    figures: list[Figure] = []
    notes: list[str] = []
    ratios: list[float] = []
    with fresh() as stack, running(stack) as children:
        asyncio.run(stack.apply_floor(floor_text(AGENTS)))
        port = str(free_port())
        empty = children.module(EMPTY, port, url=f"http://127.0.0.1:{port}").wait_ready()
        ingest = children.service("ingest", SECRETS)
        for kind in KINDS:
            _load(children, empty, kind, WARM_UP_S)
            yardstick = _run(children, empty, kind, SECONDS * scale)
            _load(children, ingest, kind, WARM_UP_S)
            before = asyncio.run(stack.value(JOURNALED))
            ours = _run(children, ingest, kind, SECONDS * scale)
            journaled = asyncio.run(stack.value(JOURNALED)) - before
            ratios.append(ours.load.per_s / yardstick.load.per_s)
            figures += _figures(kind, ours, yardstick)
            notes += _doubts(kind, ours.load, yardstick.load, journaled)
        began = time.monotonic()
        left = asyncio.run(_parsed(stack))
        figures.append(Figure(name="all parsed after the load", value=time.monotonic() - began, unit="s"))
    if left:
        notes.append(f"{left} journal rows still to parse after {PARSED_WITHIN_S:g} s")
    return Result(
        bench="B1",
        what="webhooks accepted by one ingest: signature, journal with fsync, 2xx",
        goal=f"≥ {GOAL:g} × an empty FastAPI handler",
        figures=figures,
        reached=min(ratios) >= GOAL,
        notes=[*notes, "client, ingest (parser included) and PostgreSQL share the cores"],
    )


def _run(children: Children, target: Child, kind: str, seconds: float) -> Run:
    used_s = target.cpu_s()
    load = _load(children, target, kind, seconds)
    return Run(load, target.cpu_s() - used_s)


def _doubts(kind: str, ours: Load, yardstick: Load, journaled: int) -> Iterator[str]:
    if journaled != ours.accepted:
        yield f"{kind}: {ours.accepted} accepted but {journaled} journaled"
    if ours.ran_out or yardstick.ran_out:
        yield f"{kind}: the client ran out of requests; the figure is a lower bound"
    if set(ours.statuses) != {"200"}:
        yield f"{kind}: answers {ours.statuses}"


def _load(children: Children, target: Child, kind: str, seconds: float) -> Load:
    host, _, port = target.url.removeprefix("http://").partition(":")
    name = f"{kind}-{len(children.started)}"
    words = [host, port, kind, str(AGENTS), str(CONNECTIONS), f"{seconds:g}", "0", name]
    client = children.module("services.lab.bench.client", *words)
    return msgspec.json.decode(children.last_line(client, seconds * 3 + 60), type=Load)


def _figures(kind: str, ours: Run, yardstick: Run) -> list[Figure]:
    ratio = ours.load.per_s / yardstick.load.per_s
    return [
        Figure(name=f"{kind}: ingest", value=ours.load.per_s, unit="webhooks/s", role="measured"),
        Figure(name=f"{kind}: empty FastAPI", value=yardstick.load.per_s, unit="requests/s", role="yardstick"),
        Figure(name=f"{kind}: ratio", value=ratio, unit="×", role="ratio"),
        Figure(name=f"{kind}: answer p50", value=ours.load.p50_ms, unit="ms"),
        Figure(name=f"{kind}: answer p99", value=ours.load.p99_ms, unit="ms"),
        Figure(name=f"{kind}: ingest per processor second", value=ours.per_cpu_s, unit="webhooks"),
        Figure(name=f"{kind}: empty FastAPI per processor second", value=yardstick.per_cpu_s, unit="requests"),
    ]


async def _parsed(stack: Stack) -> int:
    """Journal rows still unparsed once they are 0 or patience ends."""
    deadline = time.monotonic() + PARSED_WITHIN_S
    left = 1
    while left and time.monotonic() < deadline:
        left = await stack.value("SELECT count(*) FROM journal WHERE state = 'new'")
        await asyncio.sleep(0.2 if left else 0)
    return int(left)
