"""The whole product on one machine: what runs, with which settings, and in which order it starts."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from schemas.floor import FloorError, parse
from schemas.topics import TOPICS
from services.kit.clock import Clock
from services.kit.errors import Misconfigured, SrezError, Unavailable
from services.kit.kafka import ensure_topics
from services.local import floors, migrate, ports
from services.local.broker import EmbeddedBroker
from services.local.child import bound, holder, stop_leftover
from services.local.home import Home
from services.local.output import Output
from services.local.postgres import EmbeddedPostgres
from services.local.secrets import LocalSecrets, lacking
from services.local.supervisor import Program, Supervisor

SERVICES = ("ingest", "aggregator", "alerts", "board")
FOLLOWERS = ("aggregator", "alerts", "board")
"""Read from Kafka; they start afresh, from PostgreSQL, when the memory-only broker lost everything."""
PARTITIONS = 4
FLOOR_POLL_S = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    floor_text: str | None = None
    floor_file: str = "FILE"
    port_base: int | None = None
    clock: str = ""
    partitions: int = PARTITIONS
    invent_secrets: bool = False
    """Also those that vendors issue: a demo is the vendor as well."""


class Stack:
    """``start()`` → everything is up; ``stop()`` → nothing is left. PostgreSQL and Kafka given by environment are used as
    they are; what is not given is embedded."""

    def __init__(
        self, home: Home, options: Options, output: Output, environment: Mapping[str, str] = os.environ
    ) -> None:
        self.home, self.options, self.output = home, options, output
        self.environment = dict(environment)
        self.secrets = LocalSecrets(home)
        self.supervisor = Supervisor(output, self._announce)
        self._earlier = home.endpoints()
        self.ports = ports.choose(options.port_base, self._earlier.get("ports", {}))
        self.displaced = [] if options.port_base else ports.displaced(self.ports, holder)
        self.postgres = None if environment.get("SREZ_POSTGRES_DSN") else EmbeddedPostgres(home.state / "postgres")
        self.dsn = self.postgres.dsn() if self.postgres else environment["SREZ_POSTGRES_DSN"]
        given = environment.get("SREZ_KAFKA_BOOTSTRAP")
        self.broker = None if given else EmbeddedBroker(home.state / "broker", self.ports["kafka"])
        self.bootstrap = given or f"127.0.0.1:{self.ports['kafka']}"
        self.clock_settings: dict[str, str] = {}
        self.clock = Clock()
        self._following: asyncio.Task[None] | None = None
        self._local_secrets: dict[str, str] = {}
        self.has_floor = False
        self.lacking: list[str] = []

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    async def start(self) -> None:
        """Raises: SrezError, FloorError."""
        for name, pid in dict(self._earlier.get("pids", {})).items():
            sign = {"kafka": f":{self._earlier.get('ports', {}).get('kafka')}"}.get(name, f"services.{name}")
            if name != "postgres" and await asyncio.to_thread(stop_leftover, pid, sign, first=signal.SIGKILL):
                self.output.say(f"stopped {name}, left over from a run that was killed")
        self.output.say(
            f"starting {'PostgreSQL, ' if self.postgres else ''}{'the broker ' if self.broker else ''}and the services"
        )
        await self._start_postgres()
        await asyncio.to_thread(migrate.upgrade, self.dsn)
        await self._start_broker()
        self._set_clock()
        await self._apply_floor()
        for service in SERVICES:
            self.supervisor.run(Program(service, self._service_command(service), self._service_environment, tier=1))
        self._following = asyncio.create_task(self._follow_floor(), name="floor")

    async def stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
        await self.supervisor.stop()
        if self.postgres is not None:
            await asyncio.to_thread(self.postgres.stop)
        self.home.forget_run()

    async def wait_ready(self, timeout_s: float = 120) -> None:
        """Wait until every service answers /readyz with 200. Raises: Unavailable, naming what is not ready and why."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        async with httpx.AsyncClient(timeout=5) as client:
            for service in SERVICES:
                while (wrong := await self._wrong(client, service)) is not None:
                    if asyncio.get_running_loop().time() > deadline:
                        raise Unavailable(f"{service} is not ready: {wrong}; see {self.home.log_file}")
                    await asyncio.sleep(0.2)

    def settings(self) -> dict[str, str]:
        """Environment of every service."""
        embedded: dict[str, str] = {}
        if self.broker is not None:
            embedded = {"SREZ_KAFKA_DURABLE": "false", "SREZ_SESSION_TIMEOUT_S": "6", "SREZ_KAFKA_REPLICATION": "1"}
        return {
            "SREZ_POSTGRES_DSN": self.dsn,
            "SREZ_KAFKA_BOOTSTRAP": self.bootstrap,
            "SREZ_PARTITIONS": self.environment.get("SREZ_PARTITIONS", str(self.options.partitions)),
            "SREZ_LOG_FORMAT": self.environment.get("SREZ_LOG_FORMAT", "console"),
            "SREZ_HOOKS_URL": self.environment.get("SREZ_HOOKS_URL") or self.url("ingest"),
            "PYTHONUNBUFFERED": "1",
            **embedded,
            **{f"SREZ_{service.upper()}_PORT": str(self.ports[service]) for service in SERVICES},
            **self.clock_settings,
        }

    def _set_clock(self) -> None:
        """As late as possible: a hurried clock runs while the servers start, too."""
        if clock := self.options.clock or self.environment.get("SREZ_CLOCK", ""):
            anchor = self.environment.get("SREZ_CLOCK_ANCHOR") or self.home.anchor(clock)
            self.clock_settings = {"SREZ_CLOCK": clock, "SREZ_CLOCK_ANCHOR": anchor}
            self.clock = Clock.parse(clock, anchor)

    async def _wrong(self, client: httpx.AsyncClient, service: str) -> str | None:
        try:
            answer = await client.get(f"{self.url(service)}/readyz")
        except httpx.HTTPError as error:
            return f"no answer ({type(error).__name__})"
        return None if answer.status_code == 200 else answer.text

    async def _start_postgres(self) -> None:
        if self.postgres is None:
            return
        server = self.postgres
        await asyncio.to_thread(server.prepare)
        self.supervisor.run(
            Program(
                "postgres",
                server.command,
                lambda: self.environment,
                prepare=server.prepare,
                stop_signal=signal.SIGINT,
                patience_s=30,
                tier=0,
                shown=_is_complaint,
            )
        )
        await asyncio.to_thread(server.wait_ready)

    async def _start_broker(self) -> None:
        if self.broker is not None:
            broker = self.broker
            broker.prepare()
            program = Program("kafka", broker.command, lambda: self.environment, tier=0, patience_s=5)
            self.supervisor.run(program).on_restart = self._broker_lost_everything
            await asyncio.to_thread(broker.wait_ready)
        await self._make_topics()

    async def _make_topics(self) -> None:
        settings = self.settings()
        await ensure_topics(
            self.bootstrap,
            TOPICS,
            partitions=int(settings["SREZ_PARTITIONS"]),
            replication=int(
                settings.get("SREZ_KAFKA_REPLICATION", self.environment.get("SREZ_KAFKA_REPLICATION", "1"))
            ),
            durable=self.broker is None and self.environment.get("SREZ_KAFKA_DURABLE", "true").lower() != "false",
        )

    async def _broker_lost_everything(self) -> None:
        assert self.broker is not None
        await asyncio.to_thread(self.broker.wait_ready)
        try:
            await self._make_topics()
        except SrezError as error:
            self.output.say(f"topics could not be made again: {error}")
        for service in FOLLOWERS:
            if (child := self.supervisor.children.get(service)) is not None:
                self.output.say(f"{service} starts afresh from PostgreSQL")
                child.restart()

    async def _apply_floor(self) -> None:
        if (text := self.options.floor_text) is not None:
            applied = await asyncio.to_thread(floors.apply, self.dsn, text, self.clock.now(), keep_the_boards=True)
            for line in floors.told_at_start(applied, text, self.options.floor_file):
                self.output.say(line)
        newest = await asyncio.to_thread(floors.newest, self.dsn)
        self.has_floor = newest is not None
        self._make_secrets(newest)

    def _make_secrets(self, newest: tuple[int, str] | None) -> bool:
        try:
            floor = parse(newest[1]) if newest else None
        except FloorError as error:
            raise Misconfigured(f"the stored floor version does not parse any more:\n{error}") from error
        values, made = self.secrets.ensure(floor, self.environment, invent=self.options.invent_secrets)
        self._local_secrets = values
        former, self.lacking = self.lacking, lacking(floor.sources if floor else (), self.secret_environment())
        for line in self.lacking:
            if line not in former:
                self.output.say(line)
        if made:
            self.output.say(
                f"made secrets that were not set: {', '.join(made)}; they stand in {self.home.secrets_file}"
            )
        return bool(made)

    async def _follow_floor(self) -> None:
        """A version applied while we run may name new secrets: make them and give them to ingest."""
        seen: tuple[int, str] | None = None
        while True:
            await asyncio.sleep(FLOOR_POLL_S)
            try:
                newest = await asyncio.to_thread(floors.newest, self.dsn)
                if newest != seen and self._make_secrets(newest):
                    self.supervisor.children["ingest"].restart()
                seen = newest
            except SrezError:
                continue  # the database is away or being restarted; the services say so themselves

    @staticmethod
    def _service_command(service: str) -> Callable[[], list[str]]:
        return lambda: bound([sys.executable, "-m", f"services.{service}"])

    def _service_environment(self) -> dict[str, str]:
        return {**self.secret_environment(), **self.settings()}

    def secret_environment(self) -> dict[str, str]:
        """The environment with the secrets made here."""
        return {**self.environment, **self._local_secrets}

    def _announce(self) -> None:
        """Write all addresses and process ids."""
        self.home.write_endpoints(
            {
                "postgres": self.dsn,
                "kafka": self.bootstrap,
                **{service: self.url(service) for service in SERVICES},
                "ports": self.ports,
                "pids": {"supervisor": os.getpid(), **self.supervisor.pids()},
                "secrets": str(self.home.secrets_file),
                "log": str(self.home.log_file),
                "settings": {
                    k: v for k, v in self.settings().items() if k.startswith("SREZ_") and not k.endswith("_PORT")
                },
            }
        )


def _is_complaint(line: str) -> bool:
    usual = ("the database system is starting up", "the database system is shutting down")
    return any(word in line for word in ("ERROR:", "FATAL:", "PANIC:", "WARNING:")) and not line.endswith(usual)
