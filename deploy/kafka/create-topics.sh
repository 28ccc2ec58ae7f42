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
  "$KAFKA_TOPICS" --bootstrap-server "$BOOTSTRAP" --create --if-not-exists --topic "$1" \
    --partitions "$PARTITIONS" --replication-factor "$REPLICATION" \
    --config retention.ms=$(($2 * 3600000)) --config min.insync.replicas="$MIN_INSYNC" --config cleanup.policy=delete
}

# key: agent, or source:identity · schemas.facts.Fact or schemas.messages.Dirty · ingest → aggregator
create srez.facts.v1 48

# key: line, or source · schemas.facts.Fact · ingest → aggregator
create srez.lines.v1 48

# key: agent · schemas.messages.FunnelChanged · aggregator → board
create srez.funnel.v1 24

# key: line · schemas.messages.LineHealth · aggregator → alerts, board
create srez.health.v1 24

# key: team · schemas.messages.SliceClosed · aggregator → alerts, board
create srez.slices.v1 168

# key: alert · schemas.messages.AlertChanged · alerts → board
create srez.alerts.v1 168

# key: source · the raw request · ingest → ingest
create srez.overflow.v1 168
