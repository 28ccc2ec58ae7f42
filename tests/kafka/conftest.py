"""The tier on a real Apache Kafka; skipped, with the reason, where Java or Maven is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kafka.broker import ApacheKafka, missing


@pytest.fixture(scope="session")
def apache_kafka(temporary_folder: Path) -> Iterator[ApacheKafka]:
    if reason := missing():
        pytest.skip(reason)
    folder = temporary_folder / "kafka"
    folder.mkdir()
    server = ApacheKafka(folder)
    server.format()
    server.start()
    yield server
    server.stop()
