"""Accounts of the board, their sessions and who tried to sign in."""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, Text
from sqlalchemy.dialects.postgresql import BYTEA

from schemas.tables.base import Instant, metadata

accounts = sa.Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False, comment="services.board.access.Role"),
    Column("team", Text, comment="a lead's"),
    Column("agent", Text, comment="whose account it is, on the roster"),
    Column("password_hash", Text, nullable=False, comment="argon2id"),
    Column("created_at", Instant, nullable=False),
    Column("password_changed_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("session_days", Integer, comment="a session of it lasts so long, used or not; null: as the settings say"),
)

password_links = sa.Table(
    "password_links",
    metadata,
    Column("token_hash", BYTEA, primary_key=True, comment="sha256; the token itself is kept nowhere"),
    Column("account", Text, sa.ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

sessions = sa.Table(
    "sessions",
    metadata,
    Column("token_hash", BYTEA, primary_key=True, comment="sha256; the token itself is kept nowhere"),
    Column("account", Text, sa.ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("sessions_account", "account"),
)

logins = sa.Table(
    "logins",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("account", Text, comment="null: no such account; what was typed may be a password and is not kept"),
    Column("name_hash", BYTEA, nullable=False, comment="sha256 of the name as typed"),
    Column("address", Text, nullable=False),
    Column("outcome", Text, nullable=False, comment="trying, ok, wrong, throttled"),
    Index("logins_name", "name_hash", "at"),
    Index("logins_address", "address", "at"),
)
