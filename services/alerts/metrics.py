"""Metrics of alerts (DESIGN §6)."""

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.rules.alerting.model import HoldWord

HELD = get_args(HoldWord)


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.alerts = Gauge(
            "srez_alerts", "Alerts of the last 24 hours by kind and state", ["kind", "state"], registry=self.registry
        )
        self.notifications = Counter(
            "srez_notifications", "Attempts to deliver, by outcome", ["channel", "outcome"], registry=self.registry
        )
        self.stumbles = Counter(
            "srez_delivery_errors", "Attempts to deliver that ended in an error of our own", ["channel"],
            registry=self.registry,
        )  # fmt: skip
        self.acts = Counter(
            "srez_alert_acts", "What people did about alerts", ["kind", "via", "outcome"], registry=self.registry
        )
        self.precision = Gauge(
            "srez_alert_acted_share",
            "Share of the alerts told in 28 days that somebody acted upon, by rule",
            ["detector"],
            registry=self.registry,
        )
        self.held = Gauge(
            "srez_alerts_held", "Open alerts that nobody was told of, by why", ["why"], registry=self.registry
        )
        self.outbox_oldest = Gauge(
            "srez_outbox_oldest_seconds", "Age of the oldest message that is due and not sent", registry=self.registry
        )
        self.outbox = Gauge("srez_outbox_messages", "Messages by state", ["state"], registry=self.registry)
        self.heartbeat = Gauge(
            "srez_alerts_heartbeat_timestamp_seconds",
            "When everything was last evaluated: a dead man's switch watches it",
            registry=self.registry,
        )
        self.evaluation = Gauge("srez_alerts_evaluation_seconds", "How long that took", registry=self.registry)
        self.windows = Gauge(
            "srez_alerts_windows_seconds",
            "How long the detectors over windows took, the last time that they had to look",
            registry=self.registry,
        )
        self.acts_waiting = Gauge(
            "srez_alert_acts_waiting_seconds", "Age of the oldest act of a person not done yet", registry=self.registry
        )
        self.broken = Gauge(
            "srez_channel_broken",
            "1: the channel cannot be used, or refused for good what it was sent last",
            ["channel"],
            registry=self.registry,
        )
        self.kept = Gauge(
            "srez_channel_kept_timestamp_seconds",
            "When a place that forgets (Alertmanager) was last told what still fires",
            ["channel"],
            registry=self.registry,
        )
        for kind in ("outage", "efficiency", "data"):
            for state in ("firing", "acknowledged", "resolved", "invalidated"):
                self.alerts.labels(kind, state).set(0)
        for why in HELD:
            self.held.labels(why).set(0)
        for state in ("pending", "sending", "dead"):
            self.outbox.labels(state).set(0)
