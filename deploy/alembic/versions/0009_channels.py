"""Who was told of an alert and who has it; silences; what people do about alerts

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ALERTS = (
    sa.Column(
        "payload",
        postgresql.JSONB(),
        comment="what messages about it are rendered from; null until it was decided who hears of it",
    ),
    sa.Column(
        "held",
        sa.Text(),
        comment="why nobody was told: a word, and after a colon the silence or alert that holds it",
    ),
    sa.Column("told_at", sa.DateTime(timezone=True), comment="when its first message was written"),
    sa.Column("raised_at", sa.DateTime(timezone=True), comment="when it was last said again"),
    sa.Column(
        "escalated_at", sa.DateTime(timezone=True), comment="when the head was told, because nobody had taken it"
    ),
)
_TRANSITIONS = (
    sa.Column(
        "what",
        sa.Text(),
        comment="an act of schemas.alert_acts, or repeat, escalate; null: the finding itself changed",
    ),
    sa.Column("by", sa.Text(), comment="the person who did it"),
    sa.Column("note", sa.Text()),
)


def upgrade() -> None:
    for column in _ALERTS:
        op.add_column("alerts", column._copy())
    for column in _TRANSITIONS:
        op.add_column("alert_transitions", column._copy())
    # What messages exist of was told. The clocks of what is open start now: nobody could have taken it before, so that it is
    # neither said again nor escalated at once. Messages of tasks and slices are no alerts and stay as they are.
    op.execute(
        "UPDATE alerts SET told_at = CASE WHEN resolved_at IS NULL THEN now() ELSE fired_at END, payload = o.payload "
        "FROM (SELECT DISTINCT ON (group_key) group_key, payload "
        "FROM outbox ORDER BY group_key, transition DESC, id) o WHERE o.group_key = alerts.alert::text"
    )
    op.create_table(
        "silences",
        sa.Column("silence", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("match", postgresql.JSONB(), nullable=False, comment="schemas.alert_acts.Matcher"),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), comment="ended early"),
        sa.Column("ended_by", sa.Text()),
        sa.PrimaryKeyConstraint("silence"),
        comment="what nobody is told of for a while; it stands on the board all the same",
    )
    op.create_index("silences_until", "silences", ["until"])
    op.create_table(
        "alert_acts",
        sa.Column(
            "act",
            sa.UUID(as_uuid=False),
            nullable=False,
            comment="derived from what was pressed: a repeat is the same",
        ),
        sa.Column("alert", sa.UUID(as_uuid=False), comment="null: not about one alert"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(), nullable=False, comment="schemas.alert_acts"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False, comment="board, slack, telegram"),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("problem", sa.Text(), comment="closed word: why it could not be done"),
        sa.PrimaryKeyConstraint("act"),
        comment="what people do about alerts: inserted by whoever hears them, done by alerts",
    )
    op.create_index("alert_acts_open", "alert_acts", ["at"], postgresql_where=sa.text("done_at IS NULL"))
    op.create_index("alert_acts_alert", "alert_acts", ["alert", "at"])


def downgrade() -> None:
    op.drop_table("alert_acts")
    op.drop_table("silences")
    for column in _TRANSITIONS:
        op.drop_column("alert_transitions", column.name)
    for column in _ALERTS:
        op.drop_column("alerts", column.name)
