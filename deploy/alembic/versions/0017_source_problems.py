"""Why a source accepts nothing, as ingest knows it

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_problems",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False, comment="unknown_provider, not_set, not_given, none_given"),
        sa.Column("names", sa.ARRAY(sa.Text()), nullable=False, comment="what is missing: variables, or secrets"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source"),
        comment="sources that accept nothing now, as ingest last started or read the floor file; mended: the row is gone",
    )


def downgrade() -> None:
    op.drop_table("source_problems")
