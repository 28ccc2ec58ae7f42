"""Bare Faust agents on the facts topic: ``… faust_agent noop|naive BOOTSTRAP TOPIC PARTITIONS MESSAGES``.

``noop`` takes raw bytes and does nothing. ``naive`` is the textbook way: decode the event, ``table[key] += 1``. Prints
one line of JSON: seconds from the first event to the last, and how many there were.
"""

import os
import sys
import time
from typing import Any

import faust
import msgspec
import uvloop

from schemas.facts import decode_data
from services.lab.bench.told import Done


def build(kind: str, bootstrap: str, name: str, partitions: int, messages: int) -> faust.App:
    app = faust.App(
        f"bench-{kind}",
        broker=f"kafka://{bootstrap}",
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_partitions=partitions,
        topic_replication_factor=1,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        broker_rebalance_timeout=6.0,
        broker_max_poll_records=1000,
        stream_buffer_maxsize=1000,
        datadir=os.environ["BENCH_DATADIR"],
    )
    topic = app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    state = {"events": 0, "began": 0.0, "cpu": 0.0}

    def seen() -> None:
        if state["events"] == 0:
            state["began"], state["cpu"] = time.perf_counter(), time.process_time()
        state["events"] += 1
        if state["events"] == messages:
            took_s, cpu_s = time.perf_counter() - state["began"], time.process_time() - state["cpu"]
            done = Done(events=messages, seconds=took_s, cpu_s=cpu_s)
            os.write(1, b"\n" + msgspec.json.encode(done) + b"\n")  # Faust takes sys.stdout for itself
            os._exit(0)

    async def noop(stream: Any) -> None:
        async for _ in stream:
            seen()

    if kind == "noop":
        app.agent(topic, name="noop")(noop)
        return app
    table = app.Table("counts", default=int, partitions=partitions)

    async def naive(stream: Any) -> None:
        async for event in stream.events():
            type_ = dict(event.message.headers or {})["ce_type"].decode()
            data = decode_data(type_, event.value)
            table[data.agent or ""] += 1
            seen()

    app.agent(topic, name="naive")(naive)
    return app


if __name__ == "__main__":
    kind_, bootstrap_, name_, partitions_, messages_ = sys.argv[1:6]
    uvloop.install()
    worker = faust.Worker(
        build(kind_, bootstrap_, name_, int(partitions_), int(messages_)), loglevel="ERROR", quiet=True
    )
    worker.execute_from_commandline()
