"""Attempts to prove a password: kept in ``logins``, counted before each one, so that many at once get no more tries than few."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables

WINDOW: Final = timedelta(minutes=15)
MOST_OF_NAME: Final = 10
MOST_OF_ADDRESS: Final = 50
"""Failures within WINDOW after which nobody is let in, under this name or from this address."""
_l = tables.logins.c


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def begin(
    connection: AsyncConnection, name: str, account: str | None, address: str, now: datetime
) -> tuple[int, bool]:
    """(number of the attempt, whether it may go on). It counts as a failure until it is told otherwise.

    Attempts of one name or from one address wait for each other here, for the length of the caller's transaction.
    """
    for lock in sorted({_lock("name", name), _lock("address", address)}):
        await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
    recent = (_l.at > now - WINDOW, _l.outcome.in_(("wrong", "trying")))
    of_name = sa.select(sa.func.count()).where(_l.name_hash == digest(name), *recent)
    of_address = sa.select(sa.func.count()).where(_l.address == address, *recent)
    by_name = (await connection.execute(of_name)).scalar_one()
    by_address = (await connection.execute(of_address)).scalar_one()
    goes_on = by_name < MOST_OF_NAME and by_address < MOST_OF_ADDRESS
    row = {"at": now, "account": account, "name_hash": digest(name), "address": address}
    made = sa.insert(tables.logins).values(**row, outcome="trying" if goes_on else "throttled")
    return (await connection.execute(made.returning(_l.id))).scalar_one(), goes_on


async def finish(connection: AsyncConnection, attempt: int, outcome: str) -> None:
    """*outcome*: ok or wrong."""
    await connection.execute(sa.update(tables.logins).where(_l.id == attempt).values(outcome=outcome))


def _lock(kind: str, value: str) -> int:
    return int.from_bytes(digest(f"srez board {kind} {value}")[:8], signed=True)
