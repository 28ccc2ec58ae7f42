"""Prometheus and Alertmanager as Debian packs them, as processes of a test: own ports, own configuration, own folder.

What the packages' own services do on this machine does not matter: nothing of theirs is used.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.local.child import bound
from services.local.ports import free_port
from tests.support.waiting import wait_until

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
START = Path(__file__).parents[2] / "deploy" / "alertmanager" / "start.sh"
MISSING = "Prometheus and Alertmanager are not installed: apt-get install prometheus prometheus-alertmanager"


@dataclass
class Monitor:
    """One of them; ``restart`` is a polite end and a new start in the same folder."""

    program: str
    options: tuple[str, ...]
    port: int
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "Monitor":
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(bound([self.program, *self.options]), stdout=out, stderr=out)
        wait_until(self._ready, f"{self.program} to be ready")
        return self

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def restart(self) -> None:
        self.stop()
        self.start()


def prometheus(folder: Path, config: Path) -> Monitor:
    assert PROMETHEUS is not None
    port = free_port()
    options = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    return Monitor(PROMETHEUS, options, port, folder / "prometheus.log").start()


def alertmanager(folder: Path, config: Path) -> Monitor:
    assert ALERTMANAGER is not None
    return _alertmanager(folder, ALERTMANAGER, f"--config.file={config}")


def alertmanager_as_delivered(folder: Path, secrets: Path) -> Monitor:
    """Started by deploy/alertmanager/start.sh, as in production, with the configuration that stands beside it."""
    return _alertmanager(folder, "env", f"SECRETS={secrets}", str(START))


def _alertmanager(folder: Path, program: str, *first: str) -> Monitor:
    port = free_port()
    options = (
        *first, f"--storage.path={folder / 'alertmanager'}", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    return Monitor(program, options, port, folder / "alertmanager.log").start()
