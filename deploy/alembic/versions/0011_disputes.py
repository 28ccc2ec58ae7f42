"""Whether a dispute was answered by whoever had given the mark, because there was nobody else

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "disputes",
        sa.Column(
            "alone",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="who answered had given the mark or disputed it: there was nobody else",
        ),
    )


def downgrade() -> None:
    op.drop_column("disputes", "alone")
