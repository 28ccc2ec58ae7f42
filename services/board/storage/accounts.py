"""Accounts of the board as the board uses them: who is there, signing in and out, passwords. Managing: storage.managing."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from services.board.access import Person, Role
from services.board.storage import attempts
from services.board.storage.attempts import digest
from services.kit import passwords

KEPT: Final = timedelta(days=30)
"""How long attempts to sign in, and sessions and links that have ended, are kept."""
_a, _s, _l, _p = tables.accounts.c, tables.sessions.c, tables.logins.c, tables.password_links.c


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts unused, and at all."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str
    lasts: timedelta


class Accounts:
    """Raises TimeoutError when the database does not answer within *deadline_s*."""

    def __init__(self, engine: AsyncEngine, deadline_s: float, limits: Limits) -> None:
        self._engine, self._deadline_s, self.limits = engine, deadline_s, limits
        self._hashing = asyncio.Semaphore(2)  # 64 MiB each

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncConnection]:
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            yield connection

    async def exist(self) -> bool:
        """A disabled account counts: disabling the last one must not open the board."""
        async with self._begin() as connection:
            return (await connection.execute(sa.select(_a.name).limit(1))).first() is not None

    async def people(self) -> list[Person]:
        """Whose accounts work."""
        query = sa.select(tables.accounts).where(_a.disabled_at.is_(None)).order_by(_a.name)
        async with self._begin() as connection:
            return [_person(row) for row in await connection.execute(query)]

    async def who(self, token: str, now: datetime) -> Person | None:
        """Whose live session *token* is; notes at most once a minute that it was seen."""
        key = digest(token)
        query = sa.select(tables.accounts, _s.seen_at).join(tables.sessions, _s.account == _a.name)
        async with self._begin() as connection:
            row = (await connection.execute(query.where(_s.token_hash == key, *self._live(now)))).first()
            if row is None:
                return None
            if now - row.seen_at > timedelta(minutes=1):
                await connection.execute(sa.update(tables.sessions).where(_s.token_hash == key).values(seen_at=now))
        return _person(row)

    async def alive(self, keys: Collection[bytes], now: datetime) -> set[bytes]:
        """Which of these sessions live."""
        query = sa.select(_s.token_hash).join(tables.accounts, _s.account == _a.name)
        async with self._begin() as connection:
            found = await connection.execute(query.where(_s.token_hash.in_(keys), *self._live(now)))
            return {bytes(row.token_hash) for row in found}

    def _live(self, now: datetime) -> tuple[Any, ...]:
        own = sa.func.make_interval(0, 0, 0, _a.session_days)
        return (
            _s.revoked_at.is_(None),
            _s.expires_at > now,
            _s.seen_at > sa.literal(now, tables.Instant) - sa.func.coalesce(own, self.limits.idle),
            _a.disabled_at.is_(None),
        )

    async def sign_in(self, name: str, password: str, address: str, now: datetime) -> SignedIn | None:
        """None: refused, for whatever reason. Every attempt costs one hash, known name or not."""
        row = await self._proved(name, password, address, now)
        if row is None:
            return None
        token = secrets.token_urlsafe(32)
        lasts = timedelta(days=row.session_days) if row.session_days else self.limits.absolute
        session = {"token_hash": digest(token), "account": name, "created_at": now, "seen_at": now}
        same = sa.select(_a.name).where(
            _a.name == name, _a.password_hash == row.password_hash, _a.disabled_at.is_(None)
        )
        async with self._begin() as connection:
            if (await connection.execute(same.with_for_update())).first() is None:
                return None  # changed or disabled while its password was looked at
            await connection.execute(sa.insert(tables.sessions).values(**session, expires_at=now + lasts))
        return SignedIn(token, lasts)

    async def _proved(self, name: str, password: str, address: str, now: datetime) -> Any:
        """The account when *password* is its own and there were not too many attempts, else None."""
        async with self._begin() as connection:
            row = (await connection.execute(sa.select(tables.accounts).where(_a.name == name))).first()
            attempt, goes_on = await attempts.begin(connection, name, row.name if row else None, address, now)
        if not goes_on:
            return None
        async with self._hashing:
            right = await asyncio.to_thread(passwords.verify, row.password_hash if row else None, password)
        right = right and row is not None and row.disabled_at is None
        async with self._begin() as connection:
            await attempts.finish(connection, attempt, "ok" if right else "wrong")
        return row if right else None

    async def sign_out(self, token: str, now: datetime) -> None:
        async with self._begin() as connection:
            mine = sa.update(tables.sessions).where(_s.token_hash == digest(token))
            await connection.execute(mine.values(revoked_at=now))

    async def sign_out_everywhere(self, name: str, now: datetime) -> None:
        async with self._begin() as connection:
            await end_sessions(connection, name, now)

    async def change_password(self, name: str, old: str, new: str, address: str, now: datetime) -> bool:
        """Ends all sessions of the account. False: *old* is not its password, or there were too many attempts."""
        row = await self._proved(name, old, address, now)
        if row is None:
            return False
        return await self._set(name, new, now)

    async def of_link(self, token: str, now: datetime) -> str | None:
        """Whose password may be set by this link; None: nobody's, or no longer."""
        query = sa.select(_p.account).join(tables.accounts, _p.account == _a.name)
        usable = (_p.token_hash == digest(token), _p.used_at.is_(None), _p.expires_at > now, _a.disabled_at.is_(None))
        async with self._begin() as connection:
            found: str | None = (await connection.execute(query.where(*usable))).scalar_one_or_none()
        return found

    async def set_by_link(self, token: str, new: str, now: datetime) -> bool:
        """Uses the link up. False: it cannot be used, or no longer."""
        name = await self.of_link(token, now)
        return name is not None and await self._set(name, new, now, link=digest(token))

    async def _set(self, name: str, new: str, now: datetime, link: bytes | None = None) -> bool:
        async with self._hashing:
            kept = await asyncio.to_thread(passwords.hashed, new)
        async with self._begin() as connection:
            if link is not None:
                unused = sa.update(tables.password_links).where(_p.token_hash == link, _p.used_at.is_(None))
                if (await connection.execute(unused.values(used_at=now))).rowcount == 0:
                    return False
            of = sa.update(tables.accounts).where(_a.name == name)
            await connection.execute(of.values(password_hash=kept, password_changed_at=now))
            await end_sessions(connection, name, now)
        return True

    async def prune(self, now: datetime) -> None:
        """Forget attempts, ended sessions and links that are older than KEPT."""
        before = now - KEPT
        async with self._begin() as connection:
            await connection.execute(sa.delete(tables.logins).where(_l.at < before))
            ended = sa.or_(_s.expires_at < before, _s.revoked_at < before)
            await connection.execute(sa.delete(tables.sessions).where(ended))
            await connection.execute(sa.delete(tables.password_links).where(_p.expires_at < before))


async def end_sessions(connection: AsyncConnection, name: str, now: datetime) -> None:
    open_ones = sa.update(tables.sessions).where(_s.account == name, _s.revoked_at.is_(None))
    await connection.execute(open_ones.values(revoked_at=now))


def _person(row: Any) -> Person:
    role: Role = row.role
    if role not in get_args(Role):
        raise ValueError(f"account {row.name}: unknown role")
    return Person(row.name, role, row.team, row.agent)
