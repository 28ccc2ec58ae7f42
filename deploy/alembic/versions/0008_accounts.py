"""Accounts of the board, their sessions, and who tried to sign in

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("role", sa.Text(), nullable=False, comment="services.board.access.Role"),
        sa.Column("team", sa.Text(), comment="a lead's"),
        sa.Column("agent", sa.Text(), comment="whose account it is, on the roster"),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="argon2id"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("password_changed_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT),
        sa.Column(
            "session_days",
            sa.Integer(),
            comment="a session of it lasts so long, used or not; null: as the settings say",
        ),
    )
    op.create_table(
        "password_links",
        sa.Column("token_hash", BYTEA(), primary_key=True, comment="sha256; the token itself is kept nowhere"),
        sa.Column("account", sa.Text(), sa.ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", BYTEA(), primary_key=True, comment="sha256; the token itself is kept nowhere"),
        sa.Column("account", sa.Text(), sa.ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
    )
    op.create_index("sessions_account", "sessions", ["account"])
    op.create_table(
        "logins",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column(
            "account", sa.Text(), comment="null: no such account; what was typed may be a password and is not kept"
        ),
        sa.Column("name_hash", BYTEA(), nullable=False, comment="sha256 of the name as typed"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False, comment="trying, ok, wrong, throttled"),
    )
    op.create_index("logins_name", "logins", ["name_hash", "at"])
    op.create_index("logins_address", "logins", ["address", "at"])


def downgrade() -> None:
    for name in ("logins", "sessions", "password_links", "accounts"):
        op.drop_table(name)
