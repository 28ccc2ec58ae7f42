"""Lasting differences between live counters and stored facts.

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


def downgrade() -> None:
    op.drop_table("differences")
