"""What was foretold at each close

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forecasts",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="floor:…, team:…"),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False, comment="at the cut-off"),
        sa.Column("plan", sa.Float(), nullable=True, comment="the day's norms for the minutes scheduled"),
        sa.Column("median", sa.Integer(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("p_plan", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("date", "slice", "scope", "step"),
        comment="the end of the day as it was foretold at each close, to be held against what came",
    )


def downgrade() -> None:
    op.drop_table("forecasts")
