"""Services as processes of their own, for tests that need the real thing."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.local.child import bound
from services.local.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


def embedded_environment(postgres_dsn: str, bootstrap: str) -> dict[str, str]:
    """The settings every service needs on the embedded servers."""
    return {
        "SREZ_POSTGRES_DSN": postgres_dsn,
        "SREZ_KAFKA_BOOTSTRAP": bootstrap,
        "SREZ_KAFKA_DURABLE": "false",
        "SREZ_SESSION_TIMEOUT_S": "6",
        "SREZ_FLOOR_POLL_S": "0.2",
        "SREZ_LOG_FORMAT": "console",
        "SREZ_CUSTOMER_KEY": "test-customer-key",
    }


@dataclass
class Service:
    """One running service. ``url`` is where it answers; ``kill()`` is kill −9, ``terminate()`` a polite stop."""

    name: str
    url: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log_end()}")
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def wait_ready(self, timeout_s: float = 60) -> "Service":
        try:
            wait_until(self.ready, f"{self.name} to be ready", timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log_end()}") from None
        return self

    def log_end(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def terminate(self, timeout_s: float = 20) -> int:
        self.process.terminate()
        return self.process.wait(timeout_s)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@dataclass
class Services:
    """Starts them on free ports with a clean environment; whatever is still running ends with ``stop_all()``."""

    folder: Path
    started: list[Service] = field(default_factory=list)

    def start(
        self, name: str, environment: Mapping[str, str], *, port: int | None = None, module: str | None = None
    ) -> Service:
        """Run ``python -m services.<name>``, or *module* (one that is broken on purpose); the port goes to SREZ_<NAME>_PORT.

        Does not wait: see ``wait_ready``.
        """
        chosen = port or free_port()
        known = {key: os.environ[key] for key in KEPT if key in os.environ}
        known |= {**environment, f"SREZ_{name.upper()}_PORT": str(chosen), "PYTHONUNBUFFERED": "1"}
        log = self.folder / f"{name}-{len(self.started)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                bound([sys.executable, "-m", module or f"services.{name}"]), cwd=ROOT, env=known, stdout=out, stderr=out
            )
        service = Service(name, f"http://127.0.0.1:{chosen}", log, process)
        self.started.append(service)
        return service

    def stop_all(self) -> None:
        for service in self.started:
            service.resume()
            if service.process.poll() is None:
                service.process.terminate()
        for service in self.started:
            try:
                service.process.wait(5)
            except subprocess.TimeoutExpired:
                service.kill()
            print(f"---- {service.name} ({service.process.returncode}) ----\n{service.log_end()}")
