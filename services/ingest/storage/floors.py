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


async def numbered(connection: Any, number: int) -> Version | None:
    row = await connection.fetchrow("SELECT version, text FROM floors WHERE version = $1", number)
    return Version(*row) if row else None


async def only_the_board_since(connection: Any, text: str) -> bool:
    """Was *text* in force once, and did nothing but orders of the board change it since?

    An order names the version that says it; it made that version when it is the older of the two.
    """
    rows = await connection.fetch(
        """
        SELECT EXISTS (
            SELECT 1 FROM commands AS c
            WHERE c.kind = 'assign' AND c.problem IS NULL
              AND (c.outcome ->> 'version')::int = f.version AND c.requested_at <= f.applied_at
        )
        FROM floors AS f WHERE f.version > (SELECT max(version) FROM floors WHERE hash = $1)
        """,
        _digest(text),
    )
    return bool(rows) and all(row[0] for row in rows)


async def add(connection: Any, text: str, applied_at: datetime) -> tuple[int, bool]:
    """Store *text*, which must parse, as the newest version unless it is that already: (version, whether it is new).

    Inside a transaction that holds ``lock``.
    """
    digest = _digest(text)
    row = await connection.fetchrow("SELECT version, hash FROM floors ORDER BY version DESC LIMIT 1")
    if row is not None and row["hash"] == digest:
        return row["version"], False
    number: int = await connection.fetchval(
        "INSERT INTO floors (applied_at, text, hash) VALUES ($1, $2, $3) RETURNING version", applied_at, text, digest
    )
    return number, True


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
