"""Journal rows that wait for the parser: claimed in order of arrival, by several workers without getting in each other's way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.ingest.storage.entry import Entry

_CLAIM = """
SELECT id, source, received_at, method, path, query, headers::text, body, body_hash
FROM journal WHERE state = 'new' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_FINISH = """
UPDATE journal AS j
SET state = r.state, reason = r.reason, detail = r.detail, facts = r.facts, parsed_at = $6
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::int[]) AS r(id, state, reason, detail, facts)
WHERE j.id = r.id
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    id: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a row: state is parsed, ignored or rejected; *reason* also tells of a part that was rejected."""

    id: int
    state: str
    reason: str | None = None
    detail: str | None = None
    facts: int = 0


async def claim(connection: Any, limit: int) -> list[Waiting]:
    """Inside a transaction: the rows stay locked until it ends."""
    return [Waiting(row[0], Entry(*row[1:])) for row in await connection.fetch(_CLAIM, limit)]


async def finish(connection: Any, rows: Sequence[Finished], at: datetime) -> None:
    await connection.execute(
        _FINISH,
        [row.id for row in rows],
        [row.state for row in rows],
        [row.reason for row in rows],
        [clean(row.detail) for row in rows],
        [row.facts for row in rows],
        at,
    )


async def count(connection: Any) -> int:
    found: int = await connection.fetchval("SELECT count(*) FROM journal WHERE state = 'new'")
    return found


def clean(text: str | None) -> str | None:
    """A detail that PostgreSQL can hold, short enough to be read."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:500] if text else None
