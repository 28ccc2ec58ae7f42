"""Accounts as ``srez account`` manages them; each function within its caller's transaction."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from services.board.access import Person
from services.board.storage.accounts import end_sessions
from services.board.storage.attempts import digest
from services.kit import passwords

LINK_LASTS: Final = timedelta(hours=24)
_a, _p = tables.accounts.c, tables.password_links.c


async def add(
    connection: AsyncConnection, person: Person, password: str | None, now: datetime, days: int | None = None
) -> bool:
    """False: there is one of that name. Without a *password* nobody can sign in before a link was used."""
    if (await connection.execute(sa.select(_a.name).where(_a.name == person.name))).first():
        return False
    row = {"name": person.name, "role": person.role, "team": person.team, "agent": person.agent, "session_days": days}
    kept = passwords.hashed(password if password is not None else secrets.token_urlsafe(32))
    made = sa.insert(tables.accounts).values(**row, created_at=now, password_changed_at=now, password_hash=kept)
    await connection.execute(made)
    return True


async def change(connection: AsyncConnection, name: str, now: datetime, **values: Any) -> bool:
    """Changes the account and ends its sessions. False: no such account."""
    done = await connection.execute(sa.update(tables.accounts).where(_a.name == name).values(**values))
    await end_sessions(connection, name, now)
    return done.rowcount > 0


async def link(connection: AsyncConnection, name: str, now: datetime) -> str | None:
    """A new token for setting the password once, instead of any before it. None: no such account that may sign in."""
    if not (await connection.execute(sa.select(_a.name).where(_a.name == name, _a.disabled_at.is_(None)))).first():
        return None
    await connection.execute(sa.delete(tables.password_links).where(_p.account == name, _p.used_at.is_(None)))
    token = secrets.token_urlsafe(32)
    row = {"token_hash": digest(token), "account": name, "expires_at": now + LINK_LASTS}
    await connection.execute(sa.insert(tables.password_links).values(**row))
    return token


async def remove(connection: AsyncConnection, name: str) -> bool:
    return (await connection.execute(sa.delete(tables.accounts).where(_a.name == name))).rowcount > 0


async def everyone(connection: AsyncConnection) -> list[Any]:
    return list(await connection.execute(sa.select(tables.accounts).order_by(_a.name)))


async def floor_text(connection: AsyncConnection) -> str | None:
    """The newest floor file; None before the first was applied."""
    query = sa.select(tables.floors.c.text).order_by(tables.floors.c.version.desc()).limit(1)
    found: str | None = (await connection.execute(query)).scalar_one_or_none()
    return found
