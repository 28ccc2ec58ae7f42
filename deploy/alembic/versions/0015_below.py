"""An alert may be told in the thread of another, and the head named there instead of being written to

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "alerts",
        sa.Column(
            "below", UUID(as_uuid=False), comment="told in the thread of this alert; null: as a message of its own"
        ),
    )
    op.add_column(
        "alerts",
        sa.Column(
            "named",
            sa.Boolean(),
            nullable=False,
            server_default="false",
            comment="the head was named in the thread instead of being written to",
        ),
    )
    op.create_index("alerts_below", "alerts", ["below"], postgresql_where=sa.text("below IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("alerts_below", table_name="alerts")
    op.drop_column("alerts", "named")
    op.drop_column("alerts", "below")
