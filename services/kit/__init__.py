"""Plumbing without domain words: clock, errors, Kafka, PostgreSQL, settings, logs, metrics, health."""
