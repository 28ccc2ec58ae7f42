"""What a bench stands on, and the processes it starts there."""

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from services.kit.errors import Unavailable

INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
READY_S = 60.0
STOP_S = 15.0


def _as_it_is(command: Sequence[str]) -> list[str]:
    return list(command)


@dataclass(frozen=True, slots=True)
class Stack:
    """A fresh broker and a fresh, migrated, empty database; see the package's docstring."""

    postgres_dsn: str
    kafka_bootstrap: str
    environment: Mapping[str, str] = field(default_factory=dict)
    wrap: Callable[[Sequence[str]], list[str]] = _as_it_is

    def settings(self) -> dict[str, str]:
        """Environment of a service."""
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {
            **kept,
            "SREZ_POSTGRES_DSN": self.postgres_dsn,
            "SREZ_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "SREZ_FLOOR_POLL_S": "0.5",
            "SREZ_LOG_LEVEL": "WARNING",
            "SREZ_SESSION_TIMEOUT_S": "30",
            "SREZ_CUSTOMER_KEY": "bench-customer-key",
            **self.environment,
        }

    async def apply_floor(self, text: str, since: datetime | None = None) -> None:
        """Put a floor in force, by default since yesterday, in the empty database of a bench."""
        since = since or datetime.now(UTC) - timedelta(days=1)
        await self.execute(
            "INSERT INTO floors (applied_at, text, hash) VALUES ($1, $2, $3)",
            since, text, hashlib.sha256(text.encode()).digest(),
        )  # fmt: skip

    async def execute(self, sql: str, *values: object) -> None:
        connection = await asyncpg.connect(self.postgres_dsn)
        try:
            await connection.execute(sql, *values)
        finally:
            await connection.close()

    async def value(self, sql: str) -> Any:
        connection = await asyncpg.connect(self.postgres_dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()


FreshStack = Callable[[], AbstractContextManager[Stack]]


@dataclass(slots=True)
class Child:
    """A process of the bench; its output goes to ``log``."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    url: str = ""

    def cpu_s(self) -> float:
        """Processor time this process has used so far, seconds; 0 where the system does not tell (no /proc)."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_ready(self) -> "Child":
        """Wait until /readyz says 200. Raises: Unavailable with the end of the log."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return self
            except httpx.HTTPError:
                pass  # it is still starting
            time.sleep(0.1)
        raise Unavailable(f"{self.name} did not become ready:\n{self.log.read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass(slots=True)
class Children:
    """Starts processes of a bench; ``running`` stops them all."""

    stack: Stack
    folder: Path
    started: list[Child] = field(default_factory=list)

    def service(self, name: str, environment: Mapping[str, str] | None = None) -> Child:
        """``python -m services.<name>`` on a free port, ready."""
        port = free_port()
        settings = {f"SREZ_{name.upper()}_PORT": str(port), **(environment or {})}
        return self.module(f"services.{name}", environment=settings, url=f"http://127.0.0.1:{port}").wait_ready()

    def module(self, module: str, *words: str, environment: Mapping[str, str] | None = None, url: str = "") -> Child:
        log = self.folder / f"{module}-{len(self.started)}.log"
        command = self.stack.wrap([sys.executable, "-m", module, *words])
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - our own modules
                command, env={**self.stack.settings(), **(environment or {})}, stdout=out, stderr=subprocess.STDOUT
            )
        child = Child(module, process, log, url)
        self.started.append(child)
        return child

    def last_line(self, child: Child, timeout_s: float) -> bytes:
        """The last line that *child* printed, once it has ended well. Raises: Unavailable."""
        try:
            code = child.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            code = None
        text = child.log.read_bytes()
        if code != 0:
            raise Unavailable(f"{child.name} ended with {code}:\n{text.decode(errors='replace')[-3000:]}")
        return text.splitlines()[-1]


@contextmanager
def running(stack: Stack) -> Iterator[Children]:
    with tempfile.TemporaryDirectory(prefix="srez-bench-") as folder:
        children = Children(stack, Path(folder))
        try:
            yield children
        finally:
            for child in reversed(children.started):
                child.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
