"""Accounts of the board, their sessions, and the record of who tried to sign in. The only writer of these tables."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from services.board.access import Person, Role
from services.kit import passwords

WINDOW: Final = timedelta(minutes=15)
MOST_OF_NAME: Final = 10
MOST_OF_ADDRESS: Final = 50
"""Failures within WINDOW after which nobody is let in, under this name or from this address."""
_a, _s, _l = tables.accounts.c, tables.sessions.c, tables.logins.c


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts unused, and at all."""

    idle: timedelta
    absolute: timedelta


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class Accounts:
    """Raises TimeoutError when the database does not answer within *deadline_s*."""

    def __init__(self, engine: AsyncEngine, deadline_s: float, limits: Limits) -> None:
        self._engine, self._deadline_s, self.limits = engine, deadline_s, limits
        self._hashing = asyncio.Semaphore(2)  # 64 MiB each

    async def exist(self) -> bool:
        """A disabled account counts: disabling the last one must not open the board."""
        async with asyncio.timeout(self._deadline_s), self._engine.connect() as connection:
            return (await connection.execute(sa.select(_a.name).limit(1))).first() is not None

    async def who(self, token: str, now: datetime) -> Person | None:
        """Whose live session *token* is; notes at most once a minute that it was seen."""
        key = digest(token)
        query = sa.select(tables.accounts, _s.seen_at).join(tables.sessions, _s.account == _a.name)
        live = (
            _s.token_hash == key,
            _s.revoked_at.is_(None),
            _s.expires_at > now,
            _s.seen_at > now - self.limits.idle,
            _a.disabled_at.is_(None),
        )
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            row = (await connection.execute(query.where(*live))).first()
            if row is None:
                return None
            if now - row.seen_at > timedelta(minutes=1):
                await connection.execute(sa.update(tables.sessions).where(_s.token_hash == key).values(seen_at=now))
        return _person(row)

    async def sign_in(self, name: str, password: str, address: str, now: datetime) -> str | None:
        """A new token; None: refused, for whatever reason. Every attempt costs one hash, known name or not."""
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            query = sa.select(tables.accounts).where(_a.name == name)
            row = (await connection.execute(query)).first()
            throttled = await _throttled(connection, name, address, now)
        async with self._hashing:
            right = await asyncio.to_thread(passwords.verify, row.password_hash if row else None, password)
        let_in = right and not throttled and row is not None and row.disabled_at is None
        outcome = "ok" if let_in else "throttled" if throttled else "wrong"
        note = {"at": now, "account": row.name if row else None, "name_hash": digest(name), "address": address}
        token = secrets.token_urlsafe(32)
        session = {"token_hash": digest(token), "account": name, "created_at": now, "seen_at": now}
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            await connection.execute(sa.insert(tables.logins).values(**note, outcome=outcome))
            if not let_in:
                return None
            expires = now + self.limits.absolute
            await connection.execute(sa.insert(tables.sessions).values(**session, expires_at=expires))
        return token

    async def sign_out(self, token: str, now: datetime) -> None:
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            mine = sa.update(tables.sessions).where(_s.token_hash == digest(token))
            await connection.execute(mine.values(revoked_at=now))


async def _throttled(connection: AsyncConnection, name: str, address: str, now: datetime) -> bool:
    recent = (_l.at > now - WINDOW, _l.outcome == "wrong")
    of_name = sa.select(sa.func.count()).where(_l.name_hash == digest(name), *recent)
    of_address = sa.select(sa.func.count()).where(_l.address == address, *recent)
    by_name = (await connection.execute(of_name)).scalar_one()
    by_address = (await connection.execute(of_address)).scalar_one()
    return bool(by_name >= MOST_OF_NAME or by_address >= MOST_OF_ADDRESS)


def _person(row: Any) -> Person:
    role: Role = row.role
    if role not in get_args(Role):
        raise ValueError(f"account {row.name}: unknown role")
    return Person(row.name, role, row.team, row.agent)


async def add(connection: AsyncConnection, person: Person, password: str, now: datetime) -> bool:
    """False: there is one of that name."""
    if (await connection.execute(sa.select(_a.name).where(_a.name == person.name))).first():
        return False
    row = {"name": person.name, "role": person.role, "team": person.team, "agent": person.agent}
    times = {"created_at": now, "password_changed_at": now}
    made = sa.insert(tables.accounts).values(**row, **times, password_hash=passwords.hashed(password))
    await connection.execute(made)
    return True


async def change(connection: AsyncConnection, name: str, now: datetime, **values: Any) -> bool:
    """Changes the account and ends its sessions. False: no such account."""
    done = await connection.execute(sa.update(tables.accounts).where(_a.name == name).values(**values))
    open_ones = sa.update(tables.sessions).where(_s.account == name, _s.revoked_at.is_(None))
    await connection.execute(open_ones.values(revoked_at=now))
    return done.rowcount > 0


async def remove(connection: AsyncConnection, name: str) -> bool:
    return (await connection.execute(sa.delete(tables.accounts).where(_a.name == name))).rowcount > 0


async def everyone(connection: AsyncConnection) -> list[Any]:
    return list(await connection.execute(sa.select(tables.accounts).order_by(_a.name)))
