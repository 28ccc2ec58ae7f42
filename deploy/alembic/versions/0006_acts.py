"""Acts of people about tasks and coaching cases; a dismissed task frees its agent.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TARGET = "what is verified: as issued, or as the head edited it"


def _acts(name: str, of: str, kinds: str, comment: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column(of, sa.UUID(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, comment="name of the person, as the board knows it"),
        sa.Column("act", sa.Text(), nullable=False, comment=f"{kinds} (schemas.acts)"),
        sa.Column(
            "arguments",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the struct of that act in schemas.acts",
        ),
        sa.Column("key", sa.Text(), nullable=True, comment="the asker's own id of the request: a replay finds it"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(of, "key"),
        comment=comment,
    )
    op.create_index(f"{name}_{of}", name, [of, "id"])


def upgrade() -> None:
    _acts(
        "task_acts",
        "task",
        "confirm, edit, dismiss, talk, acknowledge",
        "append-only: what people did about a task, written in one transaction with what it changes in tasks",
    )
    _acts("coaching_acts", "case", "plan, close", "append-only: plans and the outcome of a coaching case")
    op.add_column(
        "tasks",
        sa.Column("issued", sa.Integer(), comment="the target as the closer issued it; null until it is edited"),
    )
    op.add_column("tasks", sa.Column("dismissed_at", sa.DateTime(timezone=True)))
    op.alter_column("tasks", "target", existing_type=sa.Integer(), comment=TARGET, existing_nullable=False)
    op.drop_index("tasks_open", "tasks")
    op.create_index(
        "tasks_open",
        "tasks",
        ["agent"],
        unique=True,
        postgresql_where=sa.text("result IS NULL AND dismissed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("tasks_open", "tasks")
    op.execute("UPDATE tasks SET verified = dismissed_at, result = 'invalidated' WHERE dismissed_at IS NOT NULL")
    op.create_index("tasks_open", "tasks", ["agent"], unique=True, postgresql_where=sa.text("result IS NULL"))
    op.alter_column(
        "tasks", "target", existing_type=sa.Integer(), comment=None, existing_comment=TARGET, existing_nullable=False
    )
    op.drop_column("tasks", "dismissed_at")
    op.drop_column("tasks", "issued")
    op.drop_table("task_acts")
    op.drop_table("coaching_acts")
