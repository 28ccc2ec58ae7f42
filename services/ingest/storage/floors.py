"""The floor file in PostgreSQL: the newest version, and a further one. Services follow the table by themselves."""

import hashlib
from datetime import datetime
from typing import Any, NamedTuple


class Version(NamedTuple):
    number: int
    text: str


async def lock(connection: Any) -> None:
    """Until the transaction ends nobody else adds a version; reading goes on."""
    await connection.execute("LOCK TABLE floors IN EXCLUSIVE MODE")


async def newest(connection: Any) -> Version | None:
    row = await connection.fetchrow("SELECT version, text FROM floors ORDER BY version DESC LIMIT 1")
    return Version(*row) if row else None


async def add(connection: Any, text: str, applied_at: datetime) -> tuple[int, bool]:
    """Store *text*, which must parse, as the newest version unless it is that already: (version, whether it is new).

    Inside a transaction that holds ``lock``.
    """
    digest = hashlib.sha256(text.encode()).digest()
    row = await connection.fetchrow("SELECT version, hash FROM floors ORDER BY version DESC LIMIT 1")
    if row is not None and row["hash"] == digest:
        return row["version"], False
    number: int = await connection.fetchval(
        "INSERT INTO floors (applied_at, text, hash) VALUES ($1, $2, $3) RETURNING version", applied_at, text, digest
    )
    return number, True
