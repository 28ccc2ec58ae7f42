"""Readings of transcripts, disputes of marks, finding what belongs to a call

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def json(name: str, default: str, comment: str) -> "sa.Column[object]":
    return sa.Column(name, postgresql.JSONB(), nullable=False, server_default=default, comment=comment)


def upgrade() -> None:
    op.create_index(
        "facts_call",
        "facts",
        [sa.text("(data ->> 'call_id')")],
        postgresql_where=sa.text("type IN ('srez.call.ended.v1', 'srez.call.transcribed.v1', 'srez.call.scored.v1')"),
    )
    op.create_table(
        "readings",
        sa.Column("event_id", postgresql.UUID(as_uuid=False), nullable=False, comment="of the transcript's fact"),
        sa.Column("made_at", INSTANT, nullable=True, comment="null: still to be read, or to be read again"),
        sa.Column("card", sa.Text(), nullable=True, comment="form it was read by; kept when it is read again"),
        sa.Column("card_version", sa.Integer(), nullable=True),
        json("marks", "{}", "item → 1, or null: not seen"),
        json("evidence", "{}", "item → quotes"),
        json("bans", "{}", "ban → quotes, for a person to confirm"),
        json("stages", "[]", "stages that were heard"),
        sa.PrimaryKeyConstraint("event_id"),
        comment="what the machine found in transcripts, by the form in force when it first read them",
    )
    op.create_index("readings_waiting", "readings", ["event_id"], postgresql_where=sa.text("made_at IS NULL"))
    op.execute("INSERT INTO readings (event_id) SELECT event_id FROM facts WHERE type = 'srez.call.transcribed.v1'")
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column(
            "score",
            postgresql.UUID(as_uuid=False),
            nullable=False,
            comment="event_id of the srez.call.scored.v1 fact",
        ),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("mark", sa.Float(), nullable=True, comment="as it was disputed; null: not applicable"),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("raised_by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True, comment="upheld, changed"),
        sa.Column("new_mark", sa.Float(), nullable=True, comment="stands instead of mark when changed"),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("score"),
        comment="an agent disputes one question of a score; both marks are kept",
    )
    op.alter_column(
        "commands",
        "kind",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment="replay, assign, score, dispute, settle",
        existing_comment="replay, assign",
    )


def downgrade() -> None:
    op.alter_column(
        "commands",
        "kind",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment="replay, assign",
        existing_comment="replay, assign, score, dispute, settle",
    )
    op.drop_table("disputes")
    op.drop_table("readings")
    op.drop_index("facts_call", "facts")
