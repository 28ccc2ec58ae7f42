"""The load client, a process of its own: ``python -m services.lab.bench.client HOST PORT KIND AGENTS CONNECTIONS SECONDS RATE``.

Raw sockets with keep-alive and requests built beforehand, so that the client is not what is measured. RATE 0 sends on
each connection as soon as it was answered; otherwise requests are due at a fixed pace, whatever the answers (open loop).
Prints one line of JSON: ``Load``.
"""

import asyncio
import contextlib
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import msgspec
import uvloop

from services.lab.bench.bodies import webhooks, wire
from services.lab.bench.told import Load

MOST_PER_S = 14_000
"""Requests are built beforehand for at most this rate."""
ANSWER_S = 10.0


class Connection(asyncio.Protocol):
    """Sends one request at a time. An answer is complete when its header and announced body are there."""

    def __init__(self, load: "Loading") -> None:
        self.load = load
        self.transport: asyncio.Transport | None = None
        self.buffer = b""
        self.began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def send(self, request: bytes) -> None:
        assert self.transport is not None
        self.began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self.buffer[:head_end].lower()
        mark = head.find(b"content-length:")
        length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
        if len(self.buffer) < head_end + 4 + length:
            return
        status = self.buffer[9:12].decode()
        self.buffer = b""
        self.load.answered(self, status, time.perf_counter() - self.began)

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.lost(self)


class Loading:
    def __init__(self, requests: Iterator[bytes], seconds: float) -> None:
        self.requests, self.seconds = requests, seconds
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.sent_at: list[float] = []
        self.idle: asyncio.Queue[Connection] = asyncio.Queue()
        self.busy = 0
        self.ran_out = False
        self.closed = False
        self.until = 0.0
        self.paced = self.over = False
        self.done = asyncio.Event()

    def next(self, connection: Connection) -> None:
        request = next(self.requests, None)
        if request is None:
            self.ran_out = True
        elif not self.closed and time.perf_counter() < self.until:
            self.busy += 1
            connection.send(request)
            return
        if self.busy == 0:
            self.done.set()

    def answered(self, connection: Connection, status: str, took_s: float) -> None:
        self.busy -= 1
        self.statuses[status] += 1
        self.latencies.append(took_s)
        if self.paced:
            self.idle.put_nowait(connection)
            if self.over and self.busy == 0:
                self.done.set()
        else:
            self.next(connection)

    def lost(self, connection: Connection) -> None:
        if not self.closed:
            self.statuses["connection lost"] += 1
            self.done.set()

    async def flat_out(self, connections: list[Connection]) -> None:
        self.until = time.perf_counter() + self.seconds
        for connection in connections:
            self.next(connection)
        await self.done.wait()

    async def at_rate(self, connections: list[Connection], per_s: float) -> None:
        self.paced = True
        for connection in connections:
            self.idle.put_nowait(connection)
        began, wall = time.perf_counter(), time.time()
        for number, request in enumerate(islice(self.requests, int(per_s * self.seconds))):
            wait_s = began + number / per_s - time.perf_counter()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            connection = await self.idle.get()
            self.busy += 1
            self.sent_at.append(wall + number / per_s)
            connection.send(request)
        self.over = True
        if self.busy:
            with contextlib.suppress(TimeoutError):  # what is never answered is missing among the accepted
                await asyncio.wait_for(self.done.wait(), ANSWER_S)


async def load(host: str, port: int, requests: list[bytes], connections: int, seconds: float, per_s: float) -> Load:
    state = Loading(iter(requests), seconds)
    loop = asyncio.get_running_loop()
    opened = [(await loop.create_connection(lambda: Connection(state), host, port))[1] for _ in range(connections)]
    began = time.perf_counter()
    if per_s:
        await state.at_rate(opened, per_s)
    else:
        await state.flat_out(opened)
    took_s = time.perf_counter() - began
    state.closed = True
    for connection in opened:
        if connection.transport is not None:
            connection.transport.close()
    ordered = sorted(state.latencies) or [0.0]
    return Load(
        accepted=sum(times for status, times in state.statuses.items() if status.startswith("2")),
        statuses=dict(state.statuses),
        seconds=took_s,
        p50_ms=ordered[len(ordered) // 2] * 1000,
        p99_ms=ordered[int(len(ordered) * 0.99)] * 1000,
        ran_out=state.ran_out,
        sent_at=state.sent_at,
    )


def main() -> None:
    host, port, kind, agents, connections, seconds, per_s, name = sys.argv[1:9]
    most = float(per_s) or MOST_PER_S
    made = islice(webhooks(kind, int(agents), name), int(most * float(seconds)) + 1)
    requests = [wire(request, f"{host}:{port}") for request in made]
    uvloop.install()
    found = asyncio.run(load(host, int(port), requests, int(connections), float(seconds), float(per_s)))
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")


if __name__ == "__main__":
    main()
