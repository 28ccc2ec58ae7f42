"""Results beside calls are found without reading the calls: one fact in twenty, of weeks and months

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "facts_results", "facts", ["day", "agent"], postgresql_where=sa.text("type <> 'srez.call.ended.v1'")
    )


def downgrade() -> None:
    op.drop_index("facts_results", table_name="facts")
