"""Alerts, what people do about them, technical minutes and messages; alerts writes them."""

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
    Column(
        "payload", JSONB, comment="what messages about it are rendered from; null until it was decided who hears of it"
    ),
    Column("held", Text, comment="why nobody was told: a word, and after a colon the silence or alert that holds it"),
    Column("told_at", Instant, comment="when its first message was written"),
    Column("raised_at", Instant, comment="when it was last said again"),
    Column("escalated_at", Instant, comment="when the head was told, because nobody had taken it"),
    Column("below", UUID(as_uuid=False), comment="told in the thread of this alert; null: as a message of its own"),
    Column(
        "named",
        Boolean,
        nullable=False,
        server_default="false",
        comment="the head was named in the thread instead of being written to",
    ),
    Index("alerts_open", "fingerprint", unique=True, postgresql_where=text("resolved_at IS NULL")),
    Index("alerts_date", "date"),
    Index("alerts_below", "below", postgresql_where=text("below IS NOT NULL")),
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
    Column("what", Text, comment="an act of schemas.alert_acts, or repeat, escalate; null: the finding itself changed"),
    Column("by", Text, comment="the person who did it"),
    Column("note", Text),
)

silences = sa.Table(
    "silences",
    metadata,
    Column("silence", UUID(as_uuid=False), primary_key=True),
    Column("match", JSONB, nullable=False, comment="schemas.alert_acts.Matcher"),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("starts", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant, comment="ended early"),
    Column("ended_by", Text),
    Index("silences_until", "until"),
    comment="what nobody is told of for a while; it stands on the board all the same",
)

alert_acts = sa.Table(
    "alert_acts",
    metadata,
    Column("act", UUID(as_uuid=False), primary_key=True, comment="derived from what was pressed: a repeat is the same"),
    Column("alert", UUID(as_uuid=False), comment="null: not about one alert"),
    Column("kind", Text, nullable=False),
    Column("arguments", JSONB, nullable=False, comment="schemas.alert_acts"),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("via", Text, nullable=False, comment="board, slack, telegram"),
    Column("done_at", Instant),
    Column("problem", Text, comment="closed word: why it could not be done"),
    Index("alert_acts_open", "at", postgresql_where=text("done_at IS NULL")),
    Index("alert_acts_alert", "alert", "at"),
    comment="what people do about alerts: inserted by whoever hears them, done by alerts",
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
