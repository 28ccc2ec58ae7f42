"""B2: facts a second that one aggregator counts, against a no-op Faust agent and a naive table counter on the same topic.

The facts stand in the topic before anybody starts; they are not in PostgreSQL, so nothing is "known already", and the
comparison with stored facts is put off for the length of the run.
"""

import asyncio
import time
from datetime import UTC, datetime
from itertools import islice
from typing import Final, NamedTuple

import httpx
import msgspec

from schemas.facts import encode_data, kafka_headers
from schemas.topics import FACTS, LINES, partition_of
from services.kit.kafka import Producer, ensure_topics
from services.lab.bench.bodies import calls
from services.lab.bench.floor import GENERIC, floor_text
from services.lab.bench.result import Figure, Result
from services.lab.bench.stack import Child, Children, FreshStack, Stack, running
from services.lab.bench.told import Done

FACTS_COUNTED: Final = 100_000
AGENTS: Final = 500
PARTITIONS: Final = 4
BATCH: Final = 2000
PATIENCE_S: Final = 180.0
LOOK_S: Final = 0.2
NOT_NOW: Final = {"SREZ_AGGREGATOR_RECONCILE_S": "3600"}
OVER_NOOP, OVER_NAIVE = 1.1, 4.0


class Rate(NamedTuple):
    """Events a second of the clock, and of the processor: the latter means something on a busy machine too."""

    per_s: float
    per_cpu_s: float


def bench(fresh: FreshStack, scale: float) -> Result:
    number = int(FACTS_COUNTED * scale)
    with fresh() as stack, running(stack) as children:
        asyncio.run(stack.apply_floor(floor_text(AGENTS, agent_series=False)))
        asyncio.run(_produce(stack, number))
        noop = _yardstick(children, "noop", number)
        naive = _yardstick(children, "naive", number)
        ours = _ours(children, number)
    over_noop, over_naive = ours.per_s / noop.per_s, ours.per_s / naive.per_s
    return Result(
        bench="B2",
        what="facts counted by one Faust worker: deduplicated, per agent and day",
        goal=f"≥ {OVER_NOOP:g} × a no-op agent and ≥ {OVER_NAIVE:g} × a naive table counter",
        figures=[
            Figure(name="aggregator", value=ours.per_s, unit="facts/s", role="measured"),
            Figure(name="no-op agent", value=noop.per_s, unit="events/s", role="yardstick"),
            Figure(name="naive table counter", value=naive.per_s, unit="events/s", role="yardstick"),
            Figure(name="over the no-op", value=over_noop, unit="×", role="ratio"),
            Figure(name="over the naive", value=over_naive, unit="×", role="ratio"),
            Figure(name="aggregator per processor second", value=ours.per_cpu_s, unit="facts"),
            Figure(name="no-op per processor second", value=noop.per_cpu_s, unit="events"),
            Figure(name="naive per processor second", value=naive.per_cpu_s, unit="events"),
        ],
        reached=over_noop >= OVER_NOOP and over_naive >= OVER_NAIVE,
        notes=[f"{number} facts of {AGENTS} agents, produced beforehand; the topic of lines is empty"],
    )


async def _produce(stack: Stack, number: int) -> None:
    durable = stack.environment.get("SREZ_KAFKA_DURABLE", "true") != "false"
    await ensure_topics(stack.kafka_bootstrap, (FACTS, LINES), partitions=PARTITIONS, replication=1, durable=durable)
    now = datetime.now(UTC)
    producer = Producer(stack.kafka_bootstrap, durable=durable)
    facts = calls(GENERIC, AGENTS, now)
    try:
        while batch := list(islice(facts, min(BATCH, number))):
            number -= len(batch)
            await producer.send(
                [
                    (
                        FACTS.name,
                        partition_of(fact.key, PARTITIONS),
                        fact.key,
                        encode_data(fact.data),
                        kafka_headers(msgspec.structs.replace(fact, received_at=now)),
                    )
                    for fact in batch
                ],
                timeout_s=60,
            )
    finally:
        await producer.stop()


def _yardstick(children: Children, kind: str, number: int) -> Rate:
    words = [kind, children.stack.kafka_bootstrap, FACTS.name, str(PARTITIONS), str(number)]
    child = children.module(
        "services.lab.bench.yardsticks.faust_agent", *words, environment={"BENCH_DATADIR": str(children.folder / kind)}
    )
    done = msgspec.json.decode(children.last_line(child, PATIENCE_S), type=Done)
    return Rate(done.events / done.seconds, done.events / done.cpu_s)


def _ours(children: Children, number: int) -> Rate:
    """Rate between the first and the last look at ``srez_counted_total`` that saw it move."""
    settings = {**NOT_NOW, "SREZ_SESSION_TIMEOUT_S": "6"}
    worker = children.service("aggregator", settings)
    seen: list[tuple[float, int]] = []
    used: list[tuple[float, int]] = []
    deadline = time.monotonic() + PATIENCE_S
    with httpx.Client(timeout=30) as client:
        while time.monotonic() < deadline:
            total = counted(client, worker)
            seen.append((time.monotonic(), total))
            used.append((worker.cpu_s(), total))
            if seen[-1][1] >= number:
                break
            time.sleep(LOOK_S)
    return Rate(rate(seen, number), rate(used, number) if used[-1][0] else 0.0)


def counted(client: httpx.Client, worker: Child) -> int:
    return total_counted(client.get(f"{worker.url}/metrics").text)


def total_counted(metrics: str) -> int:
    """``srez_counted_total{stream=facts}`` of a worker."""
    for line in metrics.splitlines():
        if line.startswith("srez_counted_total{") and "facts" in line:
            return int(float(line.rsplit(" ", 1)[1]))
    return 0


def rate(seen: list[tuple[float, int]], number: int) -> float:
    """Counts a second from the last look that saw nothing to the first that saw everything; a lower bound."""
    moved = [look for look in seen if look[1] > 0]
    still = [look for look in seen if look[1] == 0]
    if not moved or moved[-1][1] < number:
        raise TimeoutError(f"only {moved[-1][1] if moved else 0} of {number} facts were counted in {PATIENCE_S:g} s")
    start = moved[0] if len(moved) > 3 or not still else still[-1]
    return (number - start[1]) / (moved[-1][0] - start[0])
