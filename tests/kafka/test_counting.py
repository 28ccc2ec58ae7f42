"""Counting on a real Apache Kafka: static membership, an idempotent producer, and a worker that is killed."""

import pytest

from tests.kafka.broker import ApacheKafka
from tests.services.aggregator.feeding import feed
from tests.services.aggregator.test_worker import prepare, recount, shown, shuffled
from tests.support.running import Services, embedded_environment
from tests.support.waiting import wait_until

pytestmark = pytest.mark.kafka


def test_a_killed_worker_counts_every_fact_once(
    postgres_dsn: str, apache_kafka: ApacheKafka, services: Services
) -> None:
    """2,000 facts, shuffled and repeated; kill −9 in the middle; the same member comes back; counters equal a recount."""
    on, facts = prepare(postgres_dsn, apache_kafka.bootstrap)
    environment = {**embedded_environment(postgres_dsn, apache_kafka.bootstrap), "SREZ_KAFKA_DURABLE": "true"}
    first = services.start("aggregator", environment).wait_ready()
    feed(postgres_dsn, apache_kafka.bootstrap, shuffled(facts[:1000], 1), on)
    wait_until(lambda: sum(shown(first).values()) > 100, "some facts to be counted", 60)
    first.kill()
    feed(postgres_dsn, apache_kafka.bootstrap, shuffled(facts[500:], 2), on)
    second = services.start("aggregator", environment, port=int(first.url.rsplit(":", 1)[1])).wait_ready()
    expected = recount(facts, on)
    wait_until(lambda: shown(second) == expected, "the counters to equal the recount", 60)
    assert second.terminate() == 0
