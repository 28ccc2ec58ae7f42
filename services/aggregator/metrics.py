"""Metrics of the aggregator. Per-agent series come from the worker that owns and has loaded the partition, and only then."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

FRESHNESS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

Series = Callable[[], Iterable[Metric]]


class Freshness(Collector):
    """Seconds from received to counted. A histogram that costs a bisection an event."""

    def __init__(self) -> None:
        self._counts = [0] * (len(FRESHNESS_S) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(FRESHNESS_S, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[Metric]:
        total, buckets = 0, []
        for bound, count in zip([*map(str, FRESHNESS_S), "+Inf"], self._counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family = HistogramMetricFamily("srez_freshness_seconds", "webhook received to counted")
        family.add_metric([], buckets, self._sum)
        yield family


class _Live(Collector):
    def __init__(self, series: Series) -> None:
        self._series = series

    def collect(self) -> Iterator[Metric]:
        yield from self._series()


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.freshness = Freshness()
        self.registry.register(self.freshness)
        self.late_facts = Counter(
            "srez_late_facts_total", "facts that arrived after their slice was frozen", registry=self.registry
        )
        self.counted = Counter("srez_counted_total", "facts applied to live state", ["stream"], registry=self.registry)
        self.repeated = Counter(
            "srez_repeated_total", "messages recognised as counted before", ["stream"], registry=self.registry
        )
        self.bad = Counter(
            "srez_bad_messages_total", "messages that could not be read", ["stream"], registry=self.registry
        )
        self.recovering = Gauge(
            "srez_worker_recovering", "1 while assigned partitions are being loaded", registry=self.registry
        )
        self.difference = Gauge(
            "srez_reconcile_difference",
            "agent-days whose live counters differed from stored facts in two checks",
            registry=self.registry,
        )
        self.recovering.set(1)
        for stream in ("facts", "lines"):
            for counter in (self.counted, self.repeated, self.bad):
                counter.labels(stream)

    def show(self, series: Series) -> None:
        """Add families computed at each scrape."""
        self.registry.register(_Live(series))


def gauge(name: str, about: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, labels=labels)
