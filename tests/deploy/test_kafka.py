"""The script that creates topics is the one schemas/topics.py gives, and does what it says."""

import os
import subprocess

from deploy.kafka.topics import script
from schemas.topics import TOPICS
from tests.deploy.files import DEPLOY

FILE = DEPLOY / "kafka" / "create-topics.sh"


def test_the_script_is_up_to_date() -> None:
    """python -m deploy.kafka.topics > deploy/kafka/create-topics.sh"""
    assert FILE.read_text() == script()


def test_it_creates_every_topic_with_its_retention(tmp_path) -> None:
    """Run with a stand-in for kafka-topics.sh that writes down how it was called."""
    stand_in = tmp_path / "kafka-topics.sh"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    stand_in.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "KAFKA_TOPICS": str(stand_in), "BOOTSTRAP": "k:1", "PARTITIONS": "12"}
    subprocess.run(["bash", FILE], env=environment, check=True)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == len(TOPICS)
    for call, topic in zip(calls, TOPICS, strict=True):
        assert f"--topic {topic.name} --partitions 12 --replication-factor 3" in call
        assert f"retention.ms={topic.retention_h * 3_600_000} " in call
        assert "min.insync.replicas=2" in call
