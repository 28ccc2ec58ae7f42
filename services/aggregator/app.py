"""Composition: builds everything once and runs it until SIGTERM, or until something fails and the process ends itself."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from fastapi import FastAPI

from schemas import floor as floors_file
from schemas import tables
from schemas.topics import FACTS, FUNNEL, HEALTH, LINES, SLICES
from services.aggregator.closing.announce import SliceAnnouncer
from services.aggregator.closing.closer import Closer
from services.aggregator.closing.late import Late
from services.aggregator.closing.revising import Revising
from services.aggregator.live.floors import Floors
from services.aggregator.live.funnels import Funnels
from services.aggregator.live.lines import Lines
from services.aggregator.live.series import AgentSeries, LineSeries
from services.aggregator.metrics import Metrics
from services.aggregator.reconcile import Reconciler
from services.aggregator.settings import AggregatorSettings
from services.aggregator.storage.agent_days import AgentDays
from services.aggregator.storage.line_days import LineDays
from services.aggregator.storage.technical import TechnicalNow
from services.aggregator.stream import fence, worker
from services.aggregator.stream.announcer import Announcer
from services.aggregator.stream.broker_watch import BrokerWatch
from services.aggregator.stream.facts import FactStream
from services.aggregator.stream.holding import Holding
from services.aggregator.stream.intake import Intake
from services.aggregator.stream.lines import LineStream
from services.aggregator.turning import Turning
from services.kit import http, logs, postgres, stopping
from services.kit.clock import Clock
from services.kit.errors import SrezError
from services.kit.followed import Followed
from services.kit.kafka import Producer, ensure_topics

STOP_WITHIN_S = 15.0


def fail(error: BaseException) -> None:
    """Nothing unexpected is survived: the supervisor starts a fresh process, which loads its state anew."""
    logs.get().error("aggregator fails", error=repr(error)[:1000], exc_info=error)
    fence.end(fence.FAILED, repr(error)[:300])


async def run(settings: AggregatorSettings) -> None:
    stop = stopping.on_signals()
    clock, metrics = Clock.from_environment(), Metrics()
    dsn = settings.postgres_dsn.get_secret_value()
    engine = postgres.engine(dsn, size=2)
    followed = Followed(engine, tables.floors, floors_file.parse, settings.floor_poll_s)
    state: dict[str, str | None] = {"floor": "no floor applied yet: srez floor apply", "partitions": "not assigned yet"}
    api = FastAPI(title="Srez aggregator", docs_url=None, redoc_url=None)
    http.add_probes(api, metrics.registry, lambda: state)
    server, serving = await http.serve_beside(api, settings.bind, settings.aggregator_port)
    try:
        preparing = asyncio.create_task(_prepare(settings, followed))
        await stopping.ended_or_stopped(preparing, stop)
        if preparing.done() and not stop.is_set():
            await _work(settings, preparing.result(), clock, metrics, followed, state, stop)
    finally:
        server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(serving, STOP_WITHIN_S)
        await engine.dispose()


async def _prepare(settings: AggregatorSettings, followed: "Followed[Any]") -> Any:
    """A floor, our topics and connections (returned), however long they take to appear."""
    await followed.wait_for_first()
    while True:
        try:
            await ensure_topics(
                settings.kafka_bootstrap,
                (FACTS, LINES, FUNNEL, HEALTH, SLICES),
                partitions=settings.partitions,
                replication=settings.kafka_replication,
                durable=settings.kafka_durable,
            )
            return await postgres.pool_when_there(settings.postgres_dsn.get_secret_value(), size=6)
        except SrezError as error:
            if not error.retryable:
                raise
            logs.get().warning("waiting for Kafka", error=str(error)[:300], seldom=True)
            await asyncio.sleep(1)


async def _work(
    settings: AggregatorSettings,
    pool: Any,
    clock: Clock,
    metrics: Metrics,
    followed: "Followed[Any]",
    state: dict[str, str | None],
    stop: asyncio.Event,
) -> None:
    # One each: a batch that failed takes its producer with it.
    producers = [Producer(settings.kafka_bootstrap, durable=settings.kafka_durable, linger_ms=2) for _ in range(3)]
    floors = Floors(lambda: followed.versions, clock.now)
    funnels, lines = Funnels(floors), Lines(floors)
    agent_days = AgentDays(pool, settings.partitions)
    line_days = LineDays(pool, settings.partitions)
    fact_stream = FactStream(clock, floors, funnels, agent_days, metrics, settings.partitions)
    line_stream = LineStream(clock, floors, lines, line_days, metrics, settings.partitions)
    telling_funnels = Announcer("funnel", producers[0], fact_stream.collect, settings.aggregator_publish_s)
    telling_health = Announcer("health", producers[1], line_stream.collect, settings.aggregator_publish_s)
    fact_stream.wake, line_stream.wake = telling_funnels.wake, telling_health.wake
    facts_held = Holding(FACTS.name, fact_stream.load, funnels.drop, fail)
    lines_held = Holding(LINES.name, line_stream.load, lines.drop, fail)
    app = worker.build(
        settings,
        {
            FACTS.name: (
                facts_held,
                Intake(facts_held, fact_stream.apply, telling_funnels.wake, settings.aggregator_batch, fail),
            ),
            LINES.name: (
                lines_held,
                Intake(lines_held, line_stream.apply, telling_health.wake, settings.aggregator_batch, fail),
            ),
        },
    )

    def recovering() -> bool:
        held = facts_held.ready.is_set() and lines_held.ready.is_set()
        metrics.recovering.set(not held)
        state["floor"], state["partitions"] = None, None if held else "partitions are being assigned or loaded"
        return not held

    technical = TechnicalNow(pool, floors)
    metrics.show(AgentSeries(floors, funnels, facts_held.ready.is_set, clock.now, lambda: technical.spans))
    metrics.show(LineSeries(floors, lines, lines_held.ready.is_set, clock.now))
    slices = SliceAnnouncer(pool, producers[2], settings.partitions, clock)
    followed.on_change(Turning(floors, fact_stream).floor_changed)
    guard = fence.Fence(settings.fence_s)
    tasks: list[Coroutine[Any, Any, None]] = [
        guard.run(),
        fence.watch_recovery(recovering, settings.aggregator_recovery_s),
        worker.run(app, fail),
        followed.run(),
        telling_funnels.run(),
        telling_health.run(),
        fact_stream.run_reloads(),
        line_stream.run_clock(settings.aggregator_health_s),
        Turning(floors, fact_stream).run(facts_held, lines_held, funnels, lines),
        Closer(pool, clock, floors, line_days, slices.wake).run(settings.aggregator_close_poll_s),
        slices.run(),
        Late(pool, clock, floors, metrics).run(settings.aggregator_reconcile_s),
        Revising(pool, clock, floors, line_days).run(settings.aggregator_reconcile_s),
        Reconciler(pool, clock, floors, funnels, facts_held, fact_stream, agent_days, metrics, settings.instance).run(
            settings.aggregator_reconcile_s
        ),
        technical.run(settings.aggregator_reconcile_s),
        BrokerWatch(settings.kafka_bootstrap, app, (FACTS.name, LINES.name)).run(),
    ]
    await _until(stop, tasks)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_WITHIN_S):
            for producer in producers:
                await producer.stop()
            await pool.close()


async def _until(stop: asyncio.Event, work: list[Coroutine[Any, Any, None]]) -> None:
    """Run *work* until *stop*; a task that ends by itself ends the process."""
    running = [asyncio.create_task(one) for one in work]
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in done - {stopping}:
        fail(task.exception() or RuntimeError(f"{task.get_coro()} ended"))
    for task in running:
        task.cancel()
    await asyncio.wait(running, timeout=STOP_WITHIN_S)
