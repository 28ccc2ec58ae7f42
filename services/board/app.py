"""The composition root of the board: the only file that builds concrete things."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import timedelta

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from prometheus_client import CollectorRegistry
from starlette.middleware.trustedhost import TrustedHostMiddleware

from schemas import floor, tables
from services.board import metrics
from services.board.doors import Doors
from services.board.live import Live
from services.board.news import News
from services.board.settings import BoardSettings
from services.board.storage.accounts import Accounts, Limits
from services.board.storage.acts import Acts
from services.board.storage.alert_acts import AlertActs
from services.board.storage.orders import Orders
from services.board.storage.reader import Reader
from services.board.warming import Warming
from services.board.web.board import Board
from services.board.web.gate import Gate
from services.board.web.guard import Headers, add_errors
from services.board.web.routes import add_routes
from services.board.web.sameorigin import is_loopback
from services.kit import http, logs, postgres, stopping
from services.kit.clock import Clock
from services.kit.followed import Followed
from services.reads.kept import Kept


class Service:
    """The board with its workers; ``app`` can be served or called in-process."""

    def __init__(self, settings: BoardSettings, clock: Clock) -> None:
        self.settings = settings
        self.engine = postgres.engine(settings.postgres_dsn.get_secret_value())
        self.reader = Reader(self.engine)
        self.orders = Orders(self.engine, settings.board_read_deadline_s)
        self.followed = Followed(self.engine, tables.floors, floor.parse, settings.floor_poll_s)
        self.live = Live(
            self.reader, self.followed, clock, reload_s=settings.board_reload_s, poll_s=settings.board_poll_s
        )
        self.followed.on_change(self._floor_changed)
        self.news = News(
            settings.kafka_bootstrap,
            self.live,
            partitions=settings.partitions,
            replication=settings.kafka_replication,
            durable=settings.kafka_durable,
        )
        limits = Limits(timedelta(hours=settings.board_session_idle_h), timedelta(hours=settings.board_session_h))
        self.app_accounts = Accounts(self.engine, settings.board_read_deadline_s, limits)
        self.doors = Doors(self.live, self.app_accounts, clock)
        self.kept = Kept()
        self.warming = Warming(self.reader, self.live, self.kept, clock)
        self.registry = CollectorRegistry()
        self.teams = metrics.register(self.registry, self.live, self.kept)
        self.app = self._web(clock)

    async def _floor_changed(self) -> None:
        self.live.ask_reload()

    def _web(self, clock: Clock) -> FastAPI:
        app = FastAPI(
            title="Srez board",
            description="What the floor did, what was due, what is in the way. Lists: {as_of, rows}.",
            version="1",
            openapi_url="/api/v1/openapi.json",
            docs_url=None,
            redoc_url=None,
        )
        deadline_s = self.settings.board_read_deadline_s
        board = Board(
            self.live,
            Reader(self.engine, deadline_s),
            self.followed,
            clock,
            self.settings.board_live_clients,
            self.orders,
            AlertActs(self.engine, deadline_s),
            self.app_accounts,
            Acts(self.engine, deadline_s),
            kept=self.kept,
            https=self.settings.board_https,
            hooks_url=self.settings.hooks_url,
            loopback=is_loopback(self.settings.bind),
        )
        http.add_probes(app, self.registry, self.ready)
        add_routes(app, board)
        add_errors(app, board)
        hosts = [name.strip() for name in self.settings.board_hosts.split(",") if name.strip()]
        app.add_middleware(Gate, board=board)
        app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
        app.add_middleware(Headers)
        return app

    def ready(self) -> Mapping[str, str | None]:
        """Kafka is not needed to be ready: without it the board polls PostgreSQL."""
        return {"postgres": self.live.database_error}

    def workers(self) -> "list[asyncio.Task[None]]":
        """Loops that live as long as the service; one that ends, ends the service."""
        return [
            asyncio.create_task(self.followed.run(), name="floors"),
            asyncio.create_task(self.live.run(), name="readings"),
            asyncio.create_task(self.live.tick(), name="ticks"),
            asyncio.create_task(self.news.run(), name="news"),
            asyncio.create_task(self.doors.run(), name="doors"),
            asyncio.create_task(self.warming.run(self.settings.board_warm_s), name="warming"),
            asyncio.create_task(self.teams.follow(self.reader, self.settings.board_metrics_s), name="series"),
        ]

    async def serve(self) -> None:
        """Serve until SIGTERM or SIGINT, or until a worker fails."""
        stop = stopping.on_signals()
        server, serving = await http.serve_beside(self.app, self.settings.bind, self.settings.board_port)
        logs.get().info("the board listens", address=f"http://{self.settings.bind}:{self.settings.board_port}/")
        workers = self.workers()
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({serving, stopped, *workers}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.live.stop()
            server.should_exit = True
            for worker in workers:
                worker.cancel()
            stopped.cancel()
            await asyncio.gather(*workers, stopped, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(serving, 6)
            await self.engine.dispose()


def run(settings: BoardSettings) -> None:
    logs.configure("board", settings.log_format, settings.log_level)
    asyncio.run(Service(settings, Clock.from_environment()).serve())
