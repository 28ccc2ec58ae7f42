"""The broker of compose.yaml, started for real on Apache Kafka: its settings, translated as the image does it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.topics import TOPICS
from services.kit.kafka import Producer, ensure_topics
from tests.deploy.files import yaml
from tests.kafka.broker import ApacheKafka, class_path, missing


class Composed(ApacheKafka):
    """Only addresses, ports and the folder are this machine's."""

    def format(self) -> None:
        self.jars = class_path(self.folder)
        given = yaml("compose.yaml")["services"]["kafka"]["environment"]
        settings = {
            name.removeprefix("KAFKA_").lower().replace("_", "."): value
            for name, value in given.items()
            if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
        }
        settings = {name: self._here(value) for name, value in settings.items()}
        file = self.folder / "server.properties"
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        words = self._java("kafka.tools.StorageTool", "format", "-t", given["CLUSTER_ID"], "-c", str(file))
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def _here(self, value: str) -> str:
        for theirs, ours in (
            ("//kafka:", "//127.0.0.1:"),
            ("//:", "//127.0.0.1:"),
            ("@localhost:", "@127.0.0.1:"),
            (":9092", f":{self.port}"),
            (":9093", f":{self.controller}"),
            ("/var/lib/kafka/data", str(self.folder / "data")),
        ):
            value = value.replace(theirs, ours)
        return value


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    if reason := missing():
        pytest.skip(reason)
    folder: Path = tmp_path_factory.mktemp("composed")
    server = Composed(folder)
    server.format()
    server.start()
    yield server
    server.stop()


@pytest.mark.kafka
async def test_it_starts_and_keeps_what_it_acknowledged(composed: ApacheKafka) -> None:
    """Our topics are made, an idempotent producer is acknowledged, and after kill −9 the broker comes back with them."""
    arguments = {"partitions": 4, "replication": 1, "durable": True}
    await ensure_topics(composed.bootstrap, TOPICS, **arguments)
    producer = Producer(composed.bootstrap, durable=True)
    await producer.send([(TOPICS[0].name, 0, "ivan", b"{}", ())])
    await producer.stop()
    written = sum(file.stat().st_size for file in (composed.folder / "data" / f"{TOPICS[0].name}-0").glob("*.log"))
    assert written > 0
    composed.kill()
    composed.start()
    await ensure_topics(composed.bootstrap, TOPICS, **arguments)
