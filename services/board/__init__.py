"""The board: what people see. Web console, wall, JSON API and live stream.

Reads every table of PostgreSQL and, as news only, the topics srez.funnel.v1, srez.health.v1, srez.slices.v1 and
srez.alerts.v1. Writes the table commands only: what people ask of ingest.
"""
