"""How the month was foretold, day by day

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "month_forecasts",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="floor:…, team:…"),
        sa.Column("unit", sa.Text(), nullable=False, comment="payments, or minor (of the reporting currency)"),
        sa.Column("done", sa.BigInteger(), nullable=False, comment="of the month, at the cut-off"),
        sa.Column("plan", sa.Float(), nullable=True, comment="of the month"),
        sa.Column("median", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("p_plan", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("date", "scope", "unit"),
        comment="the end of the month as it was foretold at each day's last close, to be held against what came",
    )


def downgrade() -> None:
    op.drop_table("month_forecasts")
