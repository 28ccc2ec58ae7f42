"""What the board asks of ingest

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commands",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="replay, assign"),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="schemas.commands"),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="schemas.commands: what became of it; before done_at: how far it is",
        ),
        sa.Column("problem", sa.Text(), nullable=True, comment="closed word: why it could not be done"),
        sa.PrimaryKeyConstraint("id"),
        comment="what the board asks of ingest; executed once",
    )
    op.create_index("commands_open", "commands", ["id"], unique=False, postgresql_where=sa.text("done_at IS NULL"))


def downgrade() -> None:
    op.drop_index("commands_open", table_name="commands", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("commands")
