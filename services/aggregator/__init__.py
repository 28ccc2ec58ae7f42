"""Facts → live funnel, line health, slices.

Reads ``srez.facts.v1`` and ``srez.lines.v1``; writes ``srez.funnel.v1``, ``srez.health.v1``, ``srez.slices.v1``.
Owns the tables closes, slices, tasks, coaching, the revisions of these three, team_issues, forecasts; reads facts, journal,
replays, and of technical and alert_acts what people said.

Live state is a cache of ``facts``: loaded per partition when it is assigned, then kept up by Kafka with deduplication,
and compared with SQL every few seconds. Frozen slices are counted by SQL alone.
"""
