"""Composition: builds everything once and runs it until SIGTERM, or until something fails and the process ends."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine
from datetime import date as Date
from typing import Any

from fastapi import FastAPI

from schemas import floor as floors_file
from schemas import tables
from schemas.floor import Floor
from services.alerts.delivery.channels import Channels
from services.alerts.delivery.keeping import Keeping
from services.alerts.delivery.worker import Delivery
from services.alerts.evaluation import Evaluation
from services.alerts.looking import Looking
from services.alerts.metrics import Metrics
from services.alerts.notifiers import Making
from services.alerts.settings import AlertsSettings
from services.alerts.stream.announcer import Announcer
from services.alerts.stream.news import News
from services.alerts.stream.reach import Reach
from services.alerts.web.slack import SlackDoor
from services.alerts.web.telegram import TelegramDoor
from services.kit import http, postgres, stopping
from services.kit.clock import Clock
from services.kit.followed import Followed
from services.kit.kafka import Producer

STOP_WITHIN_S = 12.0


async def run(settings: AlertsSettings) -> None:
    stop = stopping.on_signals()
    metrics = Metrics()
    engine = postgres.engine(settings.postgres_dsn.get_secret_value(), size=10)
    followed = Followed(engine, tables.floors, floors_file.parse, settings.floor_poll_s)
    state: dict[str, str | None] = {"floor": "no floor applied yet: srez floor apply"}
    api = FastAPI(title="Srez alerts", docs_url=None, redoc_url=None)
    http.add_probes(api, metrics.registry, lambda: _checks(state, parts))
    parts: list[Any] = []
    wake: list[Callable[[], None]] = []

    def newest() -> Floor | None:
        return followed.versions[-1][2] if followed.versions else None

    making = _making(settings)
    door = SlackDoor(engine, Clock.from_environment(), newest, making, lambda: _wake(wake))
    api.include_router(door.routes())
    server, serving = await http.serve_beside(api, settings.bind, settings.alerts_port)
    try:
        first = asyncio.create_task(followed.wait_for_first())
        await stopping.ended_or_stopped(first, stop)
        if not stop.is_set():
            state["floor"] = None
            await _work(settings, metrics, engine, followed, parts, wake, stop)
    finally:
        server.should_exit = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(serving, STOP_WITHIN_S)
        await engine.dispose()


def _making(settings: AlertsSettings) -> Making:
    return Making(
        os.environ,
        settings.slack_api_url,
        settings.alerts_send_timeout_s,
        settings.telegram_api_url,
        5 * settings.alerts_keep_s,
    )


def _wake(wake: list[Callable[[], None]]) -> None:
    for one in wake:
        one()


def _checks(state: dict[str, str | None], parts: list[Any]) -> dict[str, str | None]:
    """Ready means: a floor is known, PostgreSQL was read, Kafka brings news."""
    if not parts:
        return state
    looking, news = parts
    return {**state, "postgres": looking.wrong, "kafka": news.away or news.wrong}


async def _work(
    settings: AlertsSettings,
    metrics: Metrics,
    engine: Any,
    followed: "Followed[Floor]",
    parts: list[Any],
    wake: list[Callable[[], None]],
    stop: asyncio.Event,
) -> None:
    clock = Clock.from_environment()
    making = _making(settings)
    channels = Channels(making)

    def newest() -> Floor:
        return followed.versions[-1][2]

    async def floor_changed() -> None:
        await channels.follow(newest())

    await channels.follow(newest())
    followed.on_change(floor_changed)
    producer = Producer(settings.kafka_bootstrap, durable=settings.kafka_durable)
    evaluation = Evaluation(
        engine,
        clock,
        lambda: followed.versions,
        board_url=settings.board_url,
        refresh_s=settings.alerts_refresh_s,
        lines_s=settings.alerts_lines_s,
    )
    delivery = Delivery(engine, clock, settings, metrics, channels, newest)
    announcer = Announcer(engine, producer, settings.partitions, clock)
    looking = Looking(engine, clock, settings, metrics, evaluation, delivery, announcer)

    def suspect(date: Date, line: str) -> None:
        evaluation.suspects.setdefault(date, set()).add(line)

    news = News(settings.kafka_bootstrap, settings.session_timeout_s, suspect, looking.wake)
    reach = Reach(settings, news)
    keeping = Keeping(engine, channels, newest, settings.alerts_keep_s, metrics)
    telegram = TelegramDoor(engine, clock, newest, making, looking.wake, settings.alerts_telegram_poll_s)
    parts[:] = [looking, news]
    wake[:] = [looking.wake]
    await _until(
        stop,
        [
            *(looking.run(), delivery.run(), _listen(reach, news), reach.run(), announcer.run(), followed.run()),
            *(keeping.run(), telegram.run()),
        ],
    )
    await delivery.finish()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_WITHIN_S):
            await channels.close()
            await producer.stop()


async def _listen(reach: Reach, news: News) -> None:
    """Topics first, however long Kafka takes; nothing else waits for it."""
    await reach.reached.wait()
    await news.run()


async def _until(stop: asyncio.Event, work: list[Coroutine[Any, Any, None]]) -> None:
    """Run *work* until *stop*; a task that fails ends the process, and the supervisor starts a fresh one."""
    running = [asyncio.create_task(one) for one in work]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    ended = [task for task in running if task.done()]
    for task in [*running, stopping]:
        task.cancel()
    await asyncio.wait(running, timeout=STOP_WITHIN_S)
    for task in ended:
        task.result()
