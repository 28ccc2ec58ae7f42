"""Tables of PostgreSQL: what Srez remembers (SQLAlchemy Core; created by alembic, ``deploy/alembic``).

Owners (the only writers): ingest — floors, journal, facts, fact_revisions, legs, readbacks, refusals, source_problems,
readings, disputes;
aggregator — closes, slices, slice_revisions, tasks, task_revisions, coaching, coaching_revisions, team_issues,
forecasts, month_forecasts, differences;
alerts — alerts, alert_transitions, technical, outbox, messages, silences
(``alert_acts``: whoever hears a person inserts, alerts executes and marks done);
board — coaching_acts, and together with alerts (services.acts) task_acts and of ``tasks`` what an act changes:
state, target, issued, dismissed_at,
accounts (together with ``srez account``), password_links, sessions, logins.
``day_changes`` is written by triggers on facts and slices, whoever writes those.
``commands`` is where the board asks ingest for something: the board inserts, ingest executes and marks done.
All instants are ``timestamptz``; ``day`` is the floor's local calendar day.
"""

from schemas.tables.alerting import alert_acts, alert_transitions, alerts, messages, outbox, silences, technical
from schemas.tables.base import Instant, metadata
from schemas.tables.changes import day_changes
from schemas.tables.closing import (
    closes,
    coaching,
    coaching_acts,
    coaching_revisions,
    differences,
    forecasts,
    month_forecasts,
    slice_revisions,
    slices,
    task_acts,
    task_revisions,
    tasks,
    team_issues,
)
from schemas.tables.intake import (
    commands,
    dirty,
    disputes,
    fact_revisions,
    facts,
    floors,
    journal,
    legs,
    readbacks,
    readings,
    refusals,
    replays,
    source_problems,
)
from schemas.tables.people import accounts, logins, password_links, sessions

__all__ = [
    "Instant",
    "accounts",
    "alert_acts",
    "alert_transitions",
    "alerts",
    "closes",
    "coaching",
    "coaching_acts",
    "coaching_revisions",
    "commands",
    "day_changes",
    "differences",
    "dirty",
    "disputes",
    "fact_revisions",
    "facts",
    "floors",
    "forecasts",
    "journal",
    "legs",
    "logins",
    "messages",
    "metadata",
    "month_forecasts",
    "outbox",
    "password_links",
    "readbacks",
    "readings",
    "refusals",
    "replays",
    "sessions",
    "silences",
    "slice_revisions",
    "slices",
    "source_problems",
    "task_acts",
    "task_revisions",
    "tasks",
    "team_issues",
    "technical",
]
