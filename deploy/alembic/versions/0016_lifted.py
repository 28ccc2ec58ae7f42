"""A coaching case may be lifted: nothing is left of what opened it

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "coaching",
        sa.Column(
            "lifted",
            sa.DateTime(timezone=True),
            comment="cut-off at which it would no longer be opened with what was known then",
        ),
    )


def downgrade() -> None:
    op.drop_column("coaching", "lifted")
