"""The Faust app: group membership, assignment and streams. No web, no tables, no topics of its own."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import faust
import faust._cython.streams

from services.aggregator.settings import AggregatorSettings
from services.aggregator.stream.holding import Holding
from services.aggregator.stream.intake import Intake
from services.aggregator.stream.transport import DirectTransport

POLL_RECORDS = 2000


class _App(faust.App):
    """Keeps nothing on disk, and takes messages from our transport."""

    def _create_directories(self) -> None:
        return

    def _new_transport(self) -> Any:
        return DirectTransport(self.conf.broker_consumer, self)


class _Worker(faust.Worker):
    def install_signal_handlers(self) -> None:
        """Signals belong to the composition root."""


def build(settings: AggregatorSettings, intakes: Mapping[str, tuple[Holding, Intake]]) -> faust.App:
    """The app with one agent a topic. Must be called in a running loop."""
    session_s = settings.session_timeout_s
    app = _App(
        settings.aggregator_group,
        broker=";".join(f"kafka://{address}" for address in settings.kafka_bootstrap.split(",")),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_client_id=settings.instance,
        # The embedded broker never lets a second static member in; there a restart waits for the session to end.
        consumer_group_instance_id=settings.instance if settings.kafka_durable else None,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=1.0,
        broker_session_timeout=session_s,
        broker_heartbeat_interval=max(0.5, session_s / 6),
        broker_rebalance_timeout=session_s,
        broker_request_timeout=max(90.0, session_s + 10),
        broker_max_poll_records=POLL_RECORDS,
        stream_buffer_maxsize=POLL_RECORDS,
    )
    for topic, (_, intake) in intakes.items():
        _add_agent(app, topic, intake)
    _follow_assignment(app, {topic: holding for topic, (holding, _) in intakes.items()})
    return app


def _add_agent(app: faust.App, topic: str, intake: Intake) -> None:
    async def consume(stream: Any) -> None:
        await intake.run(aiter(stream.channel).queue, lambda: app.consumer, lambda: app.consumer_generation_id)

    channel = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    app.agent(channel, name=topic, concurrency=1)(consume)


def _follow_assignment(app: faust.App, holdings: Mapping[str, Holding]) -> None:
    async def revoked(*_: Any, **__: Any) -> None:
        for holding in holdings.values():
            holding.revoke()

    async def assigned(app_: Any, partitions: Any, *_: Any, **__: Any) -> None:
        for topic, holding in holdings.items():
            own = frozenset(tp.partition for tp in partitions or () if tp.topic == topic)
            holding.assign(own, app.consumer_generation_id)

    app.on_partitions_revoked.connect(revoked, weak=False)
    app.on_partitions_assigned.connect(assigned, weak=False)  # type: ignore[arg-type]


async def run(app: faust.App, fail: Callable[[BaseException], None]) -> None:
    """Run until cancelled; a crash inside Faust is handed to *fail*."""
    worker = _Worker(
        app, loop=asyncio.get_running_loop(), override_logging=False, quiet=True, redirect_stdouts=False, daemon=False
    )
    worker.spinner = None
    try:
        await worker.start()
        await worker.wait_until_stopped()
        if worker.crash_reason is not None:
            fail(worker.crash_reason)
    finally:
        await worker.stop()
