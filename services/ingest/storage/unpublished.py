"""Facts and agent-days that Kafka has not acknowledged yet. Rows stay locked while they are sent, so that replicas share
the work; a crash lets them go unpublished, and they are sent again."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from schemas.facts import Fact, decode_data

_FACTS = """
SELECT event_id, type, source, occurred_at, received_at, data::text FROM facts
WHERE published_at IS NULL LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
"""
_DIRTY = "SELECT id, agent, day FROM dirty ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED"


class DirtyRow(NamedTuple):
    id: int
    agent: str
    day: date


async def claim_facts(connection: Any, limit: int) -> list[Fact]:
    return [
        Fact(
            id=str(event_id),
            type=type_,
            source=source,
            time=occurred_at,
            data=decode_data(type_, data.encode()),
            received_at=received_at,
        )
        for event_id, type_, source, occurred_at, received_at, data in await connection.fetch(_FACTS, limit)
    ]


async def mark_published(connection: Any, facts: Sequence[Fact], at: datetime) -> None:
    await connection.execute(
        "UPDATE facts SET published_at = $2 WHERE event_id = ANY($1::uuid[])", [fact.id for fact in facts], at
    )


async def claim_dirty(connection: Any, limit: int) -> list[DirtyRow]:
    return [DirtyRow(*row) for row in await connection.fetch(_DIRTY, limit)]


async def forget_dirty(connection: Any, rows: Sequence[DirtyRow]) -> None:
    await connection.execute("DELETE FROM dirty WHERE id = ANY($1::bigint[])", [row.id for row in rows])


async def waiting(connection: Any) -> tuple[int, datetime | None]:
    """(facts not published, received_at of the oldest of them)"""
    row = await connection.fetchrow("SELECT count(*), min(received_at) FROM facts WHERE published_at IS NULL")
    return row[0], row[1]
