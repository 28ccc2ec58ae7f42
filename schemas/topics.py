"""Topics, declared once: name, key, message, producer, consumers, partitions, retention."""

from dataclasses import dataclass
from typing import Final
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    key: str
    message: str
    producer: str
    consumers: tuple[str, ...]
    retention_h: int
    partitions: int = 4


FACTS: Final = Topic(
    "srez.facts.v1",
    "agent, or source:identity",
    "schemas.facts.Fact or schemas.messages.Dirty",
    "ingest",
    ("aggregator",),
    48,
)
LINES: Final = Topic("srez.lines.v1", "line, or source", "schemas.facts.Fact", "ingest", ("aggregator",), 48)
FUNNEL: Final = Topic("srez.funnel.v1", "agent", "schemas.messages.FunnelChanged", "aggregator", ("board",), 24)
HEALTH: Final = Topic("srez.health.v1", "line", "schemas.messages.LineHealth", "aggregator", ("alerts", "board"), 24)
SLICES: Final = Topic("srez.slices.v1", "team", "schemas.messages.SliceClosed", "aggregator", ("alerts", "board"), 168)
ALERTS: Final = Topic("srez.alerts.v1", "alert", "schemas.messages.AlertChanged", "alerts", ("board",), 168)
OVERFLOW: Final = Topic("srez.overflow.v1", "source", "the raw request", "ingest", ("ingest",), 168)

TOPICS: Final = (FACTS, LINES, FUNNEL, HEALTH, SLICES, ALERTS, OVERFLOW)


def key_hash(key: str) -> int:
    """Stable 31-bit hash of a key; stored beside a fact so that a loader can filter by partition in SQL."""
    return crc32(key.encode()) & 0x7FFFFFFF


def partition_of(key: str, partitions: int) -> int:
    """The partition of *key*. Producers pass it explicitly, loaders filter by it: one rule, no broker default."""
    return key_hash(key) % partitions
