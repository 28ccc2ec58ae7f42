"""Alerts: what was found becomes one message, not zero and not two (DESIGN P4, P5; RELIABILITY §2).

Reads ``srez.health.v1`` and ``srez.slices.v1`` as news, and the rows they are about from PostgreSQL. Writes
``srez.alerts.v1``. Owns the tables alerts, alert_transitions, technical (origin ``detector``), outbox and messages.

The flow, in order: ``stream`` (news wakes it up) → ``findings`` (what is wrong, what is frozen) → ``storage`` (state and
outbox in one transaction) → ``routing`` (who hears of it) → ``delivery`` (claim, send, find out, mark) →
``wording`` (the words) → ``notifiers`` (Slack, webhook, console).
"""
