"""First schema: everything of schemas/tables.py

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_transitions",
        sa.Column("alert", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("transition", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("alert", "transition"),
    )
    op.create_table(
        "alerts",
        sa.Column("alert", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="detector and scope; never a list of people"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="firing, acknowledged, resolved, invalidated"),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("transition", sa.Integer(), server_default="0", nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("alert"),
    )
    op.create_index("alerts_date", "alerts", ["date"], unique=False)
    op.create_index(
        "alerts_open", "alerts", ["fingerprint"], unique=True, postgresql_where=sa.text("resolved_at IS NULL")
    )
    op.create_table(
        "closes",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("floor_version", sa.Integer(), nullable=False),
        sa.Column(
            "on_time", sa.Boolean(), nullable=False, comment="False: closed after the next cut-off; rows, but no tasks"
        ),
        sa.Column(
            "trust",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="team → step → reasons why not trusted",
        ),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("date", "slice"),
    )
    op.create_table(
        "coaching",
        sa.Column("case", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recheck_on", sa.Date(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("case"),
    )
    op.create_index("coaching_agent", "coaching", ["agent", "opened"], unique=False)
    op.create_table(
        "differences",
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column(
            "agents", sa.Integer(), nullable=False, comment="agent-days whose live counters differ from stored facts"
        ),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("partition"),
        comment="a lasting difference between live counters and stored facts (DOMAIN §5 e); a row goes when it is healed",
    )
    op.create_table(
        "dirty",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="agent-days whose stored facts changed; a row lives until its Dirty message is acknowledged by the broker",
    )
    op.create_table(
        "fact_revisions",
        sa.Column("event_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False, comment="number of the content that was replaced"),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "revision"),
    )
    op.create_table(
        "facts",
        sa.Column("event_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "occurred_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="CloudEvents time, clamped to received_at + 60 s",
        ),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), nullable=False, comment="of the first delivery that said this"
        ),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("line", sa.Text(), nullable=False, comment="of a call: trunk or number; else the source"),
        sa.Column("key_hash", sa.Integer(), nullable=False, comment="schemas.topics.key_hash of the fact's key"),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("talk_s", sa.Float(), nullable=True),
        sa.Column("q850", sa.Integer(), nullable=True),
        sa.Column("sip_status", sa.Integer(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="schemas.facts data, whole"),
        sa.Column("content_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("clamped", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("facts_day_agent", "facts", ["day", "agent"], unique=False)
    op.create_index("facts_line_occurred", "facts", ["line", "occurred_at"], unique=False)
    op.create_index("facts_source_received", "facts", ["source", "received_at"], unique=False)
    op.create_index(
        "facts_unattributed", "facts", ["source", "identity"], unique=False, postgresql_where=sa.text("agent IS NULL")
    )
    op.create_index(
        "facts_unpublished", "facts", ["event_id"], unique=False, postgresql_where=sa.text("published_at IS NULL")
    )
    op.create_table(
        "floors",
        sa.Column("version", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="the floor file as it was applied"),
        sa.Column("hash", postgresql.BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False, comment="what follows /hooks/{source}, without secrets"),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column(
            "headers",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="lower-case names; authorization and tokens removed",
        ),
        sa.Column("body", postgresql.BYTEA(), nullable=False, comment="raw body, provider's token fields removed"),
        sa.Column("body_hash", postgresql.BYTEA(), nullable=False, comment="sha256 of the body as received"),
        sa.Column("state", sa.Text(), server_default="new", nullable=False, comment="new, parsed, ignored, rejected"),
        sa.Column("reason", sa.Text(), nullable=True, comment="closed word: why rejected or ignored"),
        sa.Column("detail", sa.Text(), nullable=True, comment="what was wrong, for people; no personal data"),
        sa.Column("facts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parsed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("journal_backlog", "journal", ["id"], unique=False, postgresql_where=sa.text("state = 'new'"))
    op.create_index(
        "journal_rejected", "journal", ["received_at"], unique=False, postgresql_where=sa.text("state = 'rejected'")
    )
    op.create_index("journal_source_received", "journal", ["source", "received_at"], unique=False)
    op.create_table(
        "legs",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False, comment="whole-call id"),
        sa.Column("leg", sa.Text(), nullable=False),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the leg as its provider's parser wrote it",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "call", "leg"),
    )
    op.create_table(
        "messages",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False, comment="the messenger's own id of the living message"),
        sa.Column("transition", sa.Integer(), nullable=False, comment="newest state shown"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "target", "group_key"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False, comment="alert id, or task/slice message id"),
        sa.Column("transition", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="notify.channels[].id"),
        sa.Column("target", sa.Text(), server_default="", nullable=False, comment="Slack channel or user, URL…"),
        sa.Column("kind", sa.Text(), nullable=False, comment="outage, efficiency, data, task, slice, coaching"),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what the message is rendered from",
        ),
        sa.Column(
            "state",
            sa.Text(),
            server_default="pending",
            nullable=False,
            comment="pending, sending, sent, superseded, dead",
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("ambiguous", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_key", "transition", "channel", "target"),
    )
    op.create_index(
        "outbox_due", "outbox", ["next_at"], unique=False, postgresql_where=sa.text("state IN ('pending', 'sending')")
    )
    op.create_table(
        "replays",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="`srez journal replay` in progress keeps slices untrusted (DOMAIN §5 d)",
    )
    op.create_table(
        "slice_revisions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False, comment="count of the same cut-off as stored now"),
        sa.Column("reason", sa.Text(), nullable=False, comment="late, correction, technical"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("slice_revisions_slice", "slice_revisions", ["date", "slice", "agent", "step"], unique=False)
    op.create_table(
        "slices",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("in_slice", sa.Integer(), nullable=False),
        sa.Column("target", sa.Float(), nullable=True),
        sa.Column("index", sa.Float(), nullable=True),
        sa.Column("p_below", sa.Float(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("date", "slice", "agent", "step"),
    )
    op.create_table(
        "tasks",
        sa.Column("task", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False, comment="slice at which it was opened"),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False, comment="cut-off at which it is verified first"),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("verified", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            server_default="proposed",
            nullable=False,
            comment="proposed, confirmed, dismissed, acknowledged",
        ),
        sa.PrimaryKeyConstraint("task"),
    )
    op.create_index("tasks_date", "tasks", ["date", "agent"], unique=False)
    op.create_index("tasks_open", "tasks", ["agent"], unique=True, postgresql_where=sa.text("result IS NULL"))
    op.create_table(
        "team_issues",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("firing", sa.Boolean(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("date", "slice", "team"),
        comment="common cause found by the closer; alerts turns it into an efficiency alert",
    )
    op.create_table(
        "technical",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("alert", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="open while the verdict stands"),
        sa.Column("origin", sa.Text(), nullable=False, comment="detector, or person"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("technical_started", "technical", ["started_at"], unique=False)


def downgrade() -> None:
    op.drop_index("technical_started", table_name="technical")
    op.drop_table("technical")
    op.drop_table("team_issues")
    op.drop_index("tasks_open", table_name="tasks", postgresql_where=sa.text("result IS NULL"))
    op.drop_index("tasks_date", table_name="tasks")
    op.drop_table("tasks")
    op.drop_table("slices")
    op.drop_index("slice_revisions_slice", table_name="slice_revisions")
    op.drop_table("slice_revisions")
    op.drop_table("replays")
    op.drop_index("outbox_due", table_name="outbox", postgresql_where=sa.text("state IN ('pending', 'sending')"))
    op.drop_table("outbox")
    op.drop_table("messages")
    op.drop_table("legs")
    op.drop_index("journal_source_received", table_name="journal")
    op.drop_index("journal_rejected", table_name="journal", postgresql_where=sa.text("state = 'rejected'"))
    op.drop_index("journal_backlog", table_name="journal", postgresql_where=sa.text("state = 'new'"))
    op.drop_table("journal")
    op.drop_table("floors")
    op.drop_index("facts_unpublished", table_name="facts", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("facts_unattributed", table_name="facts", postgresql_where=sa.text("agent IS NULL"))
    op.drop_index("facts_source_received", table_name="facts")
    op.drop_index("facts_line_occurred", table_name="facts")
    op.drop_index("facts_day_agent", table_name="facts")
    op.drop_table("facts")
    op.drop_table("fact_revisions")
    op.drop_table("dirty")
    op.drop_table("differences")
    op.drop_index("coaching_agent", table_name="coaching")
    op.drop_table("coaching")
    op.drop_table("closes")
    op.drop_index("alerts_open", table_name="alerts", postgresql_where=sa.text("resolved_at IS NULL"))
    op.drop_index("alerts_date", table_name="alerts")
    op.drop_table("alerts")
    op.drop_table("alert_transitions")
