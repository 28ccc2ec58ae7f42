"""Metrics of ingest. Label sets that are known start at 0, so that a rate is seen from the first event."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.facts import DATA_TYPES

OUTCOMES = (
    "accepted",
    "overflowed",
    "challenge",
    "unauthorized",
    "method",
    "too_large",
    "rate",
    "busy",
    "slow",
    "unavailable",
    "misconfigured",
    "disconnected",
)
REASONS = ("unparseable", "unknown_event", "missing_field", "bad_value", "too_deep", "misconfigured", "internal")
READBACKS = ("read", "again", "given_up")
STATES = ("parsed", "ignored", "rejected")
UNKNOWN = "_unknown"
"""Label of requests to sources that do not exist: what strangers type is no label."""


class Metrics:
    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.sources: set[str] = set()
        self.webhooks = Counter("srez_webhooks", "Webhooks by outcome", ["source", "outcome"], registry=registry)
        self.rows = Counter("srez_journal_rows", "Journal rows worked off", ["source", "state"], registry=registry)
        self.facts = Counter("srez_facts", "Facts stored for the first time", ["type"], registry=registry)
        self.revisions = Counter("srez_fact_revisions", "Facts whose content changed", ["source"], registry=registry)
        self.duplicates = Counter("srez_duplicates", "Events that said nothing new", ["source"], registry=registry)
        self.rejected = Counter("srez_rejected", "Events not understood", ["source", "reason"], registry=registry)
        self.ignored = Counter("srez_ignored", "Authentic, with nothing to count", ["source"], registry=registry)
        self.unattributed = Counter(
            "srez_unattributed", "Facts whose agent is not on the roster", ["source"], registry=registry
        )
        self.clamped = Counter("srez_clamped", "Facts from a clock that runs fast", ["source"], registry=registry)
        self.published = Counter("srez_published", "Facts acknowledged by Kafka", registry=registry)
        self.parse_backlog = Gauge("srez_parse_backlog", "Journal rows not parsed yet", registry=registry)
        self.publish_backlog = Gauge("srez_publish_backlog", "Facts not published yet", registry=registry)
        self.publish_oldest = Gauge(
            "srez_publish_oldest_seconds", "Age of the oldest fact not published yet", registry=registry
        )
        self.unattributed_now = Gauge(
            "srez_unattributed_facts", "Stored facts without an agent", ["source"], registry=registry
        )
        self.readbacks = Counter(
            "srez_readbacks", "Objects asked for after thin events", ["source", "outcome"], registry=registry
        )
        self.readbacks_waiting = Gauge(
            "srez_readbacks_waiting", "Objects still to be read back", ["source"], registry=registry
        )
        self.readbacks_lost = Gauge(
            "srez_readbacks_given_up", "Objects that could not be read back", ["source"], registry=registry
        )
        self.misconfigured = Gauge(
            "srez_source_misconfigured", "1 while a source cannot accept anything", ["source"], registry=registry
        )
        self.commit_seconds = Histogram(
            "srez_journal_commit_seconds",
            "Time of one journal commit",
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 3),
            registry=registry,
        )
        for type_ in DATA_TYPES:
            self.facts.labels(type_)
        self.webhooks.labels(UNKNOWN, "unknown_source")

    def know(self, source: str) -> None:
        """Start every series of *source* at 0."""
        for outcome in OUTCOMES:
            self.webhooks.labels(source, outcome)
        for reason in REASONS:
            self.rejected.labels(source, reason)
        for state in STATES:
            self.rows.labels(source, state)
        for outcome in READBACKS:
            self.readbacks.labels(source, outcome)
        self.sources.add(source)
        for gauge in (self.readbacks_waiting, self.readbacks_lost):
            gauge.labels(source)
        for counter in (self.revisions, self.duplicates, self.ignored, self.unattributed, self.clamped):
            counter.labels(source)
