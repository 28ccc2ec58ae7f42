"""A single Apache Kafka broker (KRaft) on free ports, from the jars that pom.xml names. Needs Java 17 and Maven."""

import shutil
import signal
import socket
import subprocess
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path

from services.local.child import bound
from services.local.ports import free_port
from tests.support.waiting import wait_until

POM = Path(__file__).with_name("pom.xml")
SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.partitions=4
default.replication.factor=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def missing() -> str | None:
    """Why Apache Kafka cannot run here, or None."""
    lacking = [program for program in ("java", "mvn") if shutil.which(program) is None]
    return f"Apache Kafka needs {' and '.join(lacking)}" if lacking else None


def class_path(folder: Path) -> str:
    """Jars of pom.xml, fetched by Maven into its own cache."""
    out = folder / "classpath"
    words = ["mvn", "-q", "-B", "-f", str(POM), "dependency:build-classpath", f"-Dmdep.outputFile={out}"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, check=False)
    if done.returncode != 0:
        raise AssertionError(f"Maven could not fetch Apache Kafka:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return out.read_text().strip()


@dataclass
class ApacheKafka:
    """``kill()`` and ``start()`` again: what was acknowledged is still there, on the same port."""

    folder: Path
    port: int = field(default_factory=free_port)
    controller: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "kafka.log"

    def format(self) -> None:
        self.jars = class_path(self.folder)
        settings = self.folder / "server.properties"
        settings.write_text(SETTINGS.format(port=self.port, controller=self.controller, data=self.folder / "data"))
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        words = self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings))
        subprocess.run(words, capture_output=True, text=True, check=True)

    def start(self) -> str:
        with self.log.open("ab") as log:
            words = bound(self._java("kafka.Kafka", str(self.folder / "server.properties")))
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        wait_until(self._answers, "Apache Kafka to answer", 90)
        return self.bootstrap

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def _java(self, *words: str) -> list[str]:
        return ["java", "-Xms256m", "-Xmx512m", "-cp", self.jars, *words]

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"Apache Kafka ended:\n{self.log.read_text(errors='replace')[-3000:]}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False
