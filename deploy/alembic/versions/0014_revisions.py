"""How what was frozen would be judged with the technical minutes known later: rows, results of tasks, coaching cases

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

REASON_BEFORE = "late, correction, technical"
REASON = "late, correction; or, with a level, schemas.steps.RevisionReason"


def _added() -> tuple["sa.Column[object]", ...]:
    level = "as it would be judged with the technical minutes known then; null: about counts"
    return (
        sa.Column("target", sa.Float()),
        sa.Column("index", sa.Float()),
        sa.Column("p_below", sa.Float()),
        sa.Column("level", sa.Text(), comment=level),
        sa.Column("technical_min", sa.Float(), comment="the agent's, from midnight to the cut-off"),
    )


def upgrade() -> None:
    for column in _added():
        op.add_column("slice_revisions", column)
    op.alter_column("slice_revisions", "reason", comment=REASON, existing_comment=REASON_BEFORE)
    op.create_table_comment("slice_revisions", "append-only: the newest says how a frozen row stands")
    op.create_table(
        "task_revisions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("task", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.Text(), nullable=False, comment="as it would be with the technical minutes known then"),
        sa.Column("technical_min", sa.Float(), nullable=False, comment="of the interval that was verified"),
        sa.Column("reason", sa.Text(), nullable=False, comment="technical, withdrawn"),
        sa.PrimaryKeyConstraint("id"),
        comment="append-only: the newest says how the result of a verified task stands",
    )
    op.create_index("task_revisions_task", "task_revisions", ["task", "id"])
    op.create_table(
        "coaching_revisions",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("case", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "stands",
            sa.Boolean(),
            nullable=False,
            comment="False: what opened it rests on time found technical since",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="technical, withdrawn"),
        sa.PrimaryKeyConstraint("id"),
        comment="append-only: the newest says whether a case would still be opened",
    )
    op.create_index("coaching_revisions_case", "coaching_revisions", ["case", "id"])


def downgrade() -> None:
    op.drop_table("coaching_revisions")
    op.drop_table("task_revisions")
    op.drop_table_comment("slice_revisions", existing_comment="append-only: the newest says how a frozen row stands")
    op.alter_column("slice_revisions", "reason", comment=REASON_BEFORE, existing_comment=REASON)
    for column in reversed(_added()):
        op.drop_column("slice_revisions", column.name)
