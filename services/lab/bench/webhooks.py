"""B1: webhooks a second that one ingest process accepts, against an empty FastAPI handler under the same client."""

import asyncio
import time

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


def bench(fresh: FreshStack, scale: float) -> Result:
    seconds = SECONDS * scale
    figures: list[Figure] = []
    notes = []
    with fresh() as stack, running(stack) as children:
        asyncio.run(stack.apply_floor(floor_text(AGENTS)))
        port = free_port()
        empty = children.module(
            "services.lab.bench.yardsticks.empty_handler", str(port), url=f"http://127.0.0.1:{port}"
        ).wait_ready()
        ingest = children.service("ingest", SECRETS)
        ratios = []
        for kind in KINDS:
            _load(children, empty, kind, WARM_UP_S, "warm")
            yardstick = _load(children, empty, kind, seconds, "run")
            _load(children, ingest, kind, WARM_UP_S, "warm")
            before = asyncio.run(stack.value("SELECT count(*) FROM journal"))
            ours = _load(children, ingest, kind, seconds, "run")
            journaled = asyncio.run(stack.value("SELECT count(*) FROM journal")) - before
            ratios.append(ours.per_s / yardstick.per_s)
            figures += _figures(kind, ours, yardstick)
            if journaled != ours.accepted:
                notes.append(f"{kind}: {ours.accepted} accepted but {journaled} journaled")
            if ours.ran_out or yardstick.ran_out:
                notes.append(f"{kind}: the client ran out of requests; the figure is a lower bound")
            if set(ours.statuses) != {"200"}:
                notes.append(f"{kind}: answers {ours.statuses}")
        began = time.monotonic()
        left = asyncio.run(_parsed(stack))
        figures.append(Figure(name="all parsed after the load", value=time.monotonic() - began, unit="s"))
        if left:
            notes.append(f"{left} journal rows still to parse after {PARSED_WITHIN_S:g} s")
    notes.append("client, ingest (parser included) and PostgreSQL share the cores")
    return Result(
        bench="B1",
        what="webhooks accepted by one ingest: signature, journal with fsync, 2xx",
        goal=f"≥ {GOAL:g} × an empty FastAPI handler",
        figures=figures,
        reached=min(ratios) >= GOAL,
        notes=notes,
    )


def _load(children: Children, target: Child, kind: str, seconds: float, name: str) -> Load:
    host, _, port = target.url.removeprefix("http://").partition(":")
    words = [
        host,
        port,
        kind,
        str(AGENTS),
        str(CONNECTIONS),
        f"{seconds:g}",
        "0",
        f"{name}-{kind}-{len(children.started)}",
    ]
    client = children.module("services.lab.bench.client", *words)
    return msgspec.json.decode(children.last_line(client, seconds * 3 + 60), type=Load)


def _figures(kind: str, ours: Load, yardstick: Load) -> list[Figure]:
    return [
        Figure(name=f"{kind}: ingest", value=ours.per_s, unit="webhooks/s", role="measured"),
        Figure(name=f"{kind}: empty FastAPI", value=yardstick.per_s, unit="requests/s", role="yardstick"),
        Figure(name=f"{kind}: ratio", value=ours.per_s / yardstick.per_s, unit="×", role="ratio"),
        Figure(name=f"{kind}: answer p50", value=ours.p50_ms, unit="ms"),
        Figure(name=f"{kind}: answer p99", value=ours.p99_ms, unit="ms"),
    ]


async def _parsed(stack: Stack) -> int:
    """Journal rows still unparsed once they are 0 or patience ends."""
    deadline = time.monotonic() + PARSED_WITHIN_S
    left = 1
    while left and time.monotonic() < deadline:
        left = await stack.value("SELECT count(*) FROM journal WHERE state = 'new'")
        await asyncio.sleep(0.2 if left else 0)
    return int(left)
