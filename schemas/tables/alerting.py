"""Alerts, technical minutes and messages; alerts writes them."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from schemas.tables.base import Instant, metadata

technical = sa.Table(
    "technical",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("alert", UUID(as_uuid=False), nullable=False),
    Column("agent", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, comment="open while the verdict stands"),
    Column("origin", Text, nullable=False, comment="detector, or person"),
    Index("technical_started", "started_at"),
)

alerts = sa.Table(
    "alerts",
    metadata,
    Column("alert", UUID(as_uuid=False), primary_key=True),
    Column("fingerprint", Text, nullable=False, comment="detector and scope; never a list of people"),
    Column("kind", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("detector", Text, nullable=False),
    Column("state", Text, nullable=False, comment="firing, acknowledged, resolved, invalidated"),
    Column("fired_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("owner", Text),
    Column("evidence", JSONB, nullable=False),
    Column("transition", Integer, nullable=False, server_default="0"),
    Column("date", Date, nullable=False),
    Column("team", Text),
    Index("alerts_open", "fingerprint", unique=True, postgresql_where=text("resolved_at IS NULL")),
    Index("alerts_date", "date"),
)

alert_transitions = sa.Table(
    "alert_transitions",
    metadata,
    Column("alert", UUID(as_uuid=False), primary_key=True),
    Column("transition", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("announced_at", Instant),
)

outbox = sa.Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("group_key", Text, nullable=False, comment="alert id, or task/slice message id"),
    Column("transition", Integer, nullable=False),
    Column("channel", Text, nullable=False, comment="notify.channels[].id"),
    Column("target", Text, nullable=False, server_default="", comment="Slack channel or user, URL…"),
    Column("kind", Text, nullable=False, comment="outage, efficiency, data, task, slice, coaching"),
    Column("payload", JSONB, nullable=False, comment="what the message is rendered from"),
    Column("state", Text, nullable=False, server_default="pending", comment="pending, sending, sent, superseded, dead"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("sent_at", Instant),
    Column("error", Text),
    Column("ambiguous", Boolean, nullable=False, server_default="false"),
    sa.UniqueConstraint("group_key", "transition", "channel", "target"),
    Index("outbox_due", "next_at", postgresql_where=text("state IN ('pending', 'sending')")),
)

messages = sa.Table(
    "messages",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("group_key", Text, primary_key=True),
    Column("ts", Text, nullable=False, comment="the messenger's own id of the living message"),
    Column("transition", Integer, nullable=False, comment="newest state shown"),
    Column("updated_at", Instant, nullable=False),
)
