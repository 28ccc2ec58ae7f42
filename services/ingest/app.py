"""Composition root of ingest: builds every part, starts them in order, stops them in order.

Webhooks are answered from the first moment: 503 until the floor is known, then accepted whatever Kafka does.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from typing import Any

from schemas import floor as floors
from schemas import tables
from schemas.floor import Floor
from schemas.topics import FACTS, LINES, OVERFLOW
from services.ingest.customer import hasher
from services.ingest.metrics import Metrics
from services.ingest.problems import Problems
from services.ingest.refusals import Refusals
from services.ingest.settings import IngestSettings
from services.ingest.source import Configured, configure
from services.ingest.storage.entry import Entry
from services.ingest.storage.journal import Journal
from services.ingest.stream import gauges, overflow
from services.ingest.stream.attributor import Attributor
from services.ingest.stream.orders import Orders
from services.ingest.stream.pace import Pace
from services.ingest.stream.parser import Knowledge, Parser
from services.ingest.stream.publisher import Publisher
from services.ingest.stream.reading_back import ReadingBack
from services.ingest.stream.reconciling import Reconciling
from services.ingest.stream.transcripts import Transcripts
from services.ingest.web.app import IngestApp
from services.ingest.web.gate import Gate
from services.ingest.web.hooks import Hooks, Limits
from services.kit import logs, stopping
from services.kit.clock import Clock
from services.kit.errors import Misconfigured, Unavailable
from services.kit.followed import Followed
from services.kit.http import serve_beside
from services.kit.kafka import Producer, ensure_topics
from services.kit.postgres import engine, pool_when_there

DRAIN_S = 3.0


class Ingest:
    """One ingest process. ``run()`` serves until SIGTERM or SIGINT, or until a part breaks (then it raises)."""

    def __init__(self, settings: IngestSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self.metrics = Metrics()
        self._refusals = Refusals(clock.now)
        self._problems = Problems(clock.now)
        self._dsn = settings.postgres_dsn.get_secret_value()
        key = settings.customer_key.get_secret_value() if settings.customer_key else None
        self._customer = hasher(key)
        self._engine = engine(self._dsn, size=1)
        self._floors: Followed[Floor] = Followed(self._engine, tables.floors, floors.parse, settings.floor_poll_s)
        self._knowledge: Knowledge | None = None
        self._producer = Producer(settings.kafka_bootstrap, durable=settings.kafka_durable)
        # Overflow has a producer of its own: the publisher's backlog must not stand in a webhook's way.
        self._overflow_producer = Producer(settings.kafka_bootstrap, durable=settings.kafka_durable, linger_ms=2)
        self._overflow = overflow.Overflow(self._overflow_producer, settings.partitions)
        self._parsers: list[Parser] = []
        self._publisher: Publisher | None = None
        self._attributor: Attributor | None = None
        self.journal = Journal(self._dsn, self._wake_parsers, self.metrics.commit_seconds.observe)
        limits = Limits(settings.ingest_concurrent, settings.ingest_deadline_s)
        self.hooks = Hooks(self._keep, clock, self.metrics, limits)
        self.web = IngestApp(self.hooks, self.metrics.registry, self._ready, self._notes)
        self._tasks: list[asyncio.Task[Any]] = []
        self._kafka_problem: str | None = "not connected yet"
        self._topics_exist = asyncio.Event()

    async def run(self) -> None:
        stop = stopping.on_signals()
        writer = asyncio.create_task(self.journal.run(), name="journal")
        server, serving = await serve_beside(self.web, self._settings.bind, self._settings.ingest_port)
        logs.get().info("listening", port=server.servers[0].sockets[0].getsockname()[1])
        self._go(self._start_work(), "start")
        waiting = asyncio.create_task(stop.wait())
        try:
            await self._watch(waiting, writer, serving)
        finally:
            server.should_exit = True
            await serving
            self.journal.stop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(writer, DRAIN_S)
            await self._stop_work()
            waiting.cancel()

    async def _watch(self, *others: "asyncio.Task[Any]") -> None:
        """Returns when one of *others* ends; raises what broke a part."""
        while True:
            done, _ = await asyncio.wait((*others, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            self._tasks = [task for task in self._tasks if task not in done]
            if any(task in others for task in done):
                return

    def _go(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    async def _start_work(self) -> None:
        """What needs the database: waits for it, then starts the workers."""
        self._floors.on_change(self._floor_changed)
        await self._floors.wait_for_first()
        self._go(self._floors.run(), "floor")
        connections = await pool_when_there(self._dsn, size=4 + self._settings.ingest_parsers)
        poll_s, pace = self._settings.ingest_poll_s, Pace(lambda: self.hooks.seen)
        self._publisher = Publisher(
            connections, self._producer, self._settings.partitions, self._clock, self.metrics, self._ensure_topics, pace
        )
        self._attributor = Attributor(
            connections, lambda: self._floors.latest, self._clock, self.metrics, self._publisher.wake
        )
        reading_back = ReadingBack(connections, self.journal, self._sources, self._clock, self.metrics)
        for number in range(self._settings.ingest_parsers):
            parser = Parser(connections, lambda: self._knowledge, self._clock, self.metrics, self._publisher.wake, pace)
            self._parsers.append(parser)
            self._go(parser.run(poll_s), f"parser-{number}")
        self._go(self._attributor.run(), "attributor")
        self._go(reading_back.run(poll_s), "reading-back")
        self._go(Reconciling(connections, self._sources, self._clock).run(poll_s), "reconciling")
        self._go(self._publisher.run(poll_s), "publisher")
        self._go(Orders(connections, self._clock, self._wake_parsers).run(poll_s), "orders")
        self._go(Transcripts(connections, self._floor_versions, self._clock).run(poll_s), "transcripts")
        self._go(self._refusals.run(connections), "refusals")
        self._go(self._problems.run(connections), "problems")
        self._go(gauges.watch(connections, self.journal, self._clock, self.metrics), "gauges")
        if self._settings.kafka_durable:
            self._go(self._drain(), "overflow")

    async def _drain(self) -> None:
        await self._topics_exist.wait()
        await overflow.drain(self._settings.kafka_bootstrap, self.journal, self._settings.session_timeout_s)

    async def _ensure_topics(self) -> None:
        """Create and check our topics. Raises: Unavailable, Misconfigured."""
        settings = self._settings
        topics = (FACTS, LINES, OVERFLOW) if settings.kafka_durable else (FACTS, LINES)
        try:
            await ensure_topics(
                settings.kafka_bootstrap,
                topics,
                partitions=settings.partitions,
                replication=settings.kafka_replication,
                durable=settings.kafka_durable,
            )
        except (Unavailable, Misconfigured) as error:
            self._kafka_problem = str(error)
            raise
        self._kafka_problem = None
        self._topics_exist.set()

    async def _stop_work(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._producer.stop()
        await self._overflow_producer.stop()
        await self._engine.dispose()

    async def _keep(self, entry: Entry) -> str:
        try:
            await self.journal.keep(entry)
        except Unavailable:
            if not self._settings.kafka_durable:
                raise
            await self._overflow.keep(entry)
            return "overflowed"
        return "accepted"

    def _sources(self) -> Mapping[str, Configured]:
        return self._knowledge.sources if self._knowledge else {}

    def _floor_versions(self) -> list[Floor]:
        return [floor for _, _, floor in self._floors.versions]

    def _wake_parsers(self) -> None:
        for parser in self._parsers:
            parser.wake()

    async def _floor_changed(self) -> None:
        floor = self._floors.latest
        if floor is None:
            return
        sources = configure(floor, self._customer)
        former = self.hooks.gates or {}
        self.hooks.gates = {
            id_: Gate(configured, self.metrics, former.get(id_), self._clock.rate, self._refusals)
            for id_, configured in sources.items()
        }
        self._knowledge = Knowledge.of(floor, sources)
        self._tell(sources)
        if self._attributor is not None:
            self._attributor.wake()

    def _tell(self, sources: dict[str, Configured]) -> None:
        self._problems.tell(sources)
        for id_, configured in sources.items():
            self.metrics.misconfigured.labels(id_).set(1 if configured.problem else 0)
            if configured.problem:
                logs.get().error("source accepts nothing", source=id_, problem=configured.problem)
        logs.get().info("floor in force", version=self._floors.versions[-1][0], sources=len(sources))

    def _ready(self) -> dict[str, str | None]:
        return {
            "journal": self.journal.problem,
            "floor": None if self._knowledge else "no floor applied yet: srez floor apply FILE",
        }

    def _notes(self) -> dict[str, str | None]:
        """What should be mended, and is no reason to turn webhooks away."""
        notes = {f"source {id_}": configured.problem for id_, configured in self._sources().items()}
        notes["kafka"] = self._kafka_problem or (self._publisher.problem if self._publisher else None)
        if self._settings.customer_key is None:
            notes["customers"] = "SREZ_CUSTOMER_KEY is not set: facts carry no customer"
        return notes
