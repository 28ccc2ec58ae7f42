"""What is to be read back: asked for in the transaction that parses a thin event, claimed by lease, gone when journaled.

A row that is asked for again while it is being read stays, and is read once more: the answer may be older than the
event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.ingest.providers.base import READBACK, ReadBack

_ASK = """
INSERT INTO readbacks (source, kind, id, since, next_at)
SELECT DISTINCT r.source, r.kind, r.id, $4::timestamptz, $4::timestamptz
FROM unnest($1::text[], $2::text[], $3::text[]) AS r(source, kind, id) ORDER BY 1, 2, 3
ON CONFLICT (source, kind, id) DO UPDATE
SET asked = readbacks.asked + 1, attempts = 0, given_up = false, problem = NULL,
    since = excluded.since, next_at = LEAST(readbacks.next_at, excluded.next_at)
"""
_DUE = "SELECT DISTINCT source FROM readbacks WHERE NOT given_up AND next_at <= $1"
_CLAIM = """
UPDATE readbacks AS r SET next_at = $3, attempts = r.attempts + 1
FROM (SELECT source, kind, id FROM readbacks WHERE source = $1 AND NOT given_up AND next_at <= $2
      ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS due
WHERE (r.source, r.kind, r.id) = (due.source, due.kind, due.id)
RETURNING r.kind, r.id, r.asked, r.attempts, r.since
"""
_DONE = "DELETE FROM readbacks WHERE (source, kind, id, asked) = ($1, $2, $3, $4)"
_AGAIN = "UPDATE readbacks SET next_at = $4, attempts = 0 WHERE (source, kind, id) = ($1, $2, $3)"
_LATER = """
UPDATE readbacks SET next_at = $5, problem = $6, given_up = $7 WHERE (source, kind, id, asked) = ($1, $2, $3, $4)
"""
_FORGET = "DELETE FROM readbacks WHERE source = $1 AND kind = ANY($2::text[])"
_ANSWERED = """
SELECT received_at FROM journal
WHERE source = $1 AND method = $3 AND split_part(path, '/', 1) = $2 AND received_at > $4
ORDER BY received_at DESC LIMIT 1
"""
_WAITING = """
SELECT source, count(*) FILTER (WHERE NOT given_up), count(*) FILTER (WHERE given_up) FROM readbacks GROUP BY source
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One row of *source*; ``asked`` tells on return whether it was asked for again; ``since`` is real time."""

    source: str
    wanted: ReadBack
    asked: int
    attempts: int
    since: datetime


async def ask(connection: Any, wanted: Sequence[tuple[str, ReadBack]], real_now: datetime) -> None:
    await connection.execute(
        _ASK,
        [source for source, _ in wanted],
        [one.kind for _, one in wanted],
        [one.id for _, one in wanted],
        real_now,
    )


async def ask_anew(connection: Any, source: str, wanted: Sequence[ReadBack], real_now: datetime) -> None:
    """Instead of all earlier questions of the same kinds, answered or not."""
    await connection.execute(_FORGET, source, [one.kind for one in wanted])
    await ask(connection, [(source, one) for one in wanted], real_now)


async def answered(connection: Any, source: str, kind: str, after: datetime) -> datetime | None:
    """When an answer of *kind* was journaled last; None when that was not *after* an instant (the journal is long)."""
    found: datetime | None = await connection.fetchval(_ANSWERED, source, kind, READBACK, after)
    return found


async def due(connection: Any, real_now: datetime) -> list[str]:
    """Sources with something to read now."""
    return [row[0] for row in await connection.fetch(_DUE, real_now)]


async def claim(connection: Any, source: str, real_now: datetime, leased_until: datetime) -> Claimed | None:
    row = await connection.fetchrow(_CLAIM, source, real_now, leased_until)
    return Claimed(source, ReadBack(row[0], row[1]), row[2], row[3], row[4]) if row else None


async def done(connection: Any, read: Claimed, real_now: datetime) -> None:
    key = (read.source, read.wanted.kind, read.wanted.id)
    deleted = await connection.execute(_DONE, *key, read.asked)
    if deleted == "DELETE 0":
        await connection.execute(_AGAIN, *key, real_now)


async def later(connection: Any, read: Claimed, next_at: datetime, problem: str, *, given_up: bool) -> None:
    await connection.execute(
        _LATER, read.source, read.wanted.kind, read.wanted.id, read.asked, next_at, problem, given_up
    )


async def waiting(connection: Any) -> dict[str, tuple[int, int]]:
    """Source → (waiting, given up)."""
    return {row[0]: (row[1], row[2]) for row in await connection.fetch(_WAITING)}
