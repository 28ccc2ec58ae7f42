"""Thin events: what is to be read back from a provider

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readbacks",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="the provider's own word: deal, payment…"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "asked",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="grows when it is asked for again meanwhile",
        ),
        sa.Column(
            "since",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="real time of the asking that still waits",
        ),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="real time; a claimed row is leased by moving it",
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "problem",
            sa.Text(),
            nullable=True,
            comment="why it was not read yet; no credentials, no personal data",
        ),
        sa.Column("given_up", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "id"),
        comment="objects that thin events name, to be read back from their provider; a row lives until its answer is journaled",
    )
    op.create_index("readbacks_due", "readbacks", ["next_at"], postgresql_where=sa.text("NOT given_up"))


def downgrade() -> None:
    op.drop_table("readbacks")
