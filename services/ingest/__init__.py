"""Webhook → journal → facts → Kafka.

Owns tables floors, journal, facts, fact_revisions, legs, dirty, replays; executes commands.
Writes topics ``srez.facts.v1`` (facts, and Dirty agent-days), ``srez.lines.v1``; writes and reads ``srez.overflow.v1``.

The flow, in order: ``web/hooks.py`` (authenticate) → ``storage/journal.py`` (durable, then 2xx) → ``stream/parser.py``
(``reading`` → ``stamp`` → ``storage/legs`` → ``storage/facts``) → ``stream/publisher.py``. Beside it ``stream/attributor``
(the roster changed), ``stream/orders`` (the board asks), ``stream/overflow`` (PostgreSQL was down), ``stream/gauges``.
For people: ``commands``.
"""
