"""Webhooks that were turned away, counted

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False, comment="unauthorized, method, too_large, rate, misconfigured"),
        sa.Column("reason", sa.Text(), nullable=False, comment="closed word where the outcome has one, else empty"),
        sa.Column("span", sa.DateTime(timezone=True), nullable=False, comment="start of the quarter of an hour"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False, comment="for people; nothing of the request"),
        sa.PrimaryKeyConstraint("source", "outcome", "reason", "span"),
        comment="webhooks of known sources that were turned away before the journal; nothing of them is kept",
    )


def downgrade() -> None:
    op.drop_table("refusals")
