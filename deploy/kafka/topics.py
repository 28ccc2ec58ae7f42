"""``python -m deploy.kafka.topics`` prints create-topics.sh from schemas/topics.py; a test compares.

Services create missing topics themselves. The script is for clusters where they may not: there an administrator runs it.
"""

from schemas.topics import TOPICS, Topic

HEAD = """\
#!/usr/bin/env bash
# Written by `python -m deploy.kafka.topics`: the topics of Srez, for clusters where the services may not create them.
#   BOOTSTRAP=kafka-1:9092 PARTITIONS=12 REPLICATION=3 bash deploy/kafka/create-topics.sh
# PARTITIONS must equal SREZ_PARTITIONS of every service and is not changed afterwards: an agent's facts would move
# to another partition. With REPLICATION=3 an acknowledged fact is on two brokers at least.
set -euo pipefail
: "${BOOTSTRAP:?host:port of a broker}" "${PARTITIONS:=4}" "${REPLICATION:=3}"
MIN_INSYNC=$((REPLICATION > 1 ? REPLICATION - 1 : 1))
KAFKA_TOPICS=${KAFKA_TOPICS:-/opt/kafka/bin/kafka-topics.sh}

create() { # name, hours kept
  "$KAFKA_TOPICS" --bootstrap-server "$BOOTSTRAP" --create --if-not-exists --topic "$1" \\
    --partitions "$PARTITIONS" --replication-factor "$REPLICATION" \\
    --config retention.ms=$(($2 * 3600000)) --config min.insync.replicas="$MIN_INSYNC" --config cleanup.policy=delete
}
"""


def script() -> str:
    return HEAD + "".join(_lines(topic) for topic in TOPICS)


def _lines(topic: Topic) -> str:
    readers = ", ".join(topic.consumers)
    return f"\n# key: {topic.key} · {topic.message} · {topic.producer} → {readers}\ncreate {topic.name} {topic.retention_h}\n"


if __name__ == "__main__":
    print(script(), end="")
