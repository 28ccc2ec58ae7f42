"""Rows of ``commands``: what the board asked for. Each is taken by one worker at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Order:
    """``arguments`` and ``outcome`` are JSON; the outcome of an open order says how far it is."""

    id: int
    kind: str
    arguments: str
    outcome: str | None


async def waiting(connection: Any) -> Sequence[int]:
    """Ids of open orders, oldest first."""
    return [row[0] for row in await connection.fetch("SELECT id FROM commands WHERE done_at IS NULL ORDER BY id")]


async def claim(connection: Any, id_: int) -> Order | None:
    """Inside a transaction: the order is this worker's until it ends. None when it is done, or another's."""
    row = await connection.fetchrow(
        "SELECT id, kind, arguments::text, outcome::text FROM commands WHERE id = $1 AND done_at IS NULL"
        " FOR UPDATE SKIP LOCKED",
        id_,
    )
    return Order(*row) if row else None


async def note(connection: Any, id_: int, state: msgspec.Struct) -> None:
    """How far an open order is."""
    await connection.execute(
        "UPDATE commands SET outcome = $2::jsonb WHERE id = $1", id_, msgspec.json.encode(state).decode()
    )


async def finish(connection: Any, id_: int, at: datetime, outcome: msgspec.Struct, problem: str | None = None) -> None:
    await connection.execute(
        "UPDATE commands SET done_at = $2, outcome = $3::jsonb, problem = $4 WHERE id = $1",
        id_,
        at,
        msgspec.json.encode(outcome).decode(),
        problem,
    )
