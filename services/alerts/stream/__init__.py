"""Kafka's side of alerts: news in (``srez.health.v1``, ``srez.slices.v1``), changes out (``srez.alerts.v1``)."""
