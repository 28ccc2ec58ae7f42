"""For people: looking at the journal, and reading rows of it again after a cause was mended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Filter:
    """Which journal rows; instants are received_at, *to* excluded. ``rejected`` includes rows with a rejected part."""

    source: str | None = None
    since: datetime | None = None
    to: datetime | None = None
    rejected: bool = False
    ids: tuple[int, ...] = ()


_WHERE = """
WHERE ($1::text IS NULL OR source = $1)
  AND ($2::timestamptz IS NULL OR received_at >= $2)
  AND ($3::timestamptz IS NULL OR received_at < $3)
  AND (NOT $4 OR state = 'rejected' OR (state = 'parsed' AND reason IS NOT NULL))
  AND (cardinality($5::bigint[]) = 0 OR id = ANY($5))
"""
_LIST = f"""
SELECT id, received_at, source, method, path, length(body) AS bytes, state, facts, reason, detail
FROM journal {_WHERE} ORDER BY id DESC LIMIT $6
"""  # noqa: S608 - constants only
_AGAIN = f"""
UPDATE journal SET state = 'new', reason = NULL, detail = NULL, parsed_at = NULL {_WHERE} RETURNING id
"""  # noqa: S608


def _arguments(chosen: Filter) -> tuple[Any, ...]:
    return chosen.source, chosen.since, chosen.to, chosen.rejected, list(chosen.ids)


async def listed(connection: Any, chosen: Filter, limit: int) -> list[dict[str, Any]]:
    """Newest first."""
    return [dict(row) for row in await connection.fetch(_LIST, *_arguments(chosen), limit)]


_FACTS_OF = """
SELECT event_id, type, occurred_at, agent, identity, line, revision, journal_id FROM facts WHERE journal_id = ANY($1)
"""
_SAME_BODY = """
SELECT id FROM journal
WHERE source = $1 AND body_hash = $2 AND id <> $3
  AND received_at BETWEEN $4::timestamptz - interval '7 days' AND $4::timestamptz + interval '7 days'
"""


async def shown(connection: Any, id_: int) -> dict[str, Any] | None:
    """One row whole, with the facts that name it; of a repeated webhook those that name a row with the same body."""
    row = await connection.fetchrow("SELECT * FROM journal WHERE id = $1", id_)
    if row is None:
        return None
    facts = await connection.fetch(_FACTS_OF, [id_])
    if not facts and row["facts"]:
        same = await connection.fetch(_SAME_BODY, row["source"], row["body_hash"], id_, row["received_at"])
        facts = await connection.fetch(_FACTS_OF, [one[0] for one in same])
    return {**dict(row), "stored_facts": [dict(fact) for fact in facts]}


async def begin(connection: Any, chosen: Filter, now: datetime) -> tuple[int, list[int]]:
    """Set rows back to ``new`` and note that a replay is under way, in one transaction: (replay, row ids)."""
    async with connection.transaction():
        ids = [row[0] for row in await connection.fetch(_AGAIN, *_arguments(chosen))]
        replay = await connection.fetchval(
            "INSERT INTO replays (started_at, rows) VALUES ($1, $2) RETURNING id", now, len(ids)
        )
    return replay, ids


async def left(connection: Any, ids: Sequence[int]) -> int:
    found: int = await connection.fetchval(
        "SELECT count(*) FROM journal WHERE id = ANY($1::bigint[]) AND state = 'new'", ids
    )
    return found


async def end(connection: Any, replay: int, now: datetime) -> None:
    await connection.execute("UPDATE replays SET finished_at = $2 WHERE id = $1", replay, now)


async def outcome(connection: Any, ids: Sequence[int]) -> dict[str, int]:
    """State → rows."""
    rows = await connection.fetch(
        "SELECT state, count(*) FROM journal WHERE id = ANY($1::bigint[]) GROUP BY state ORDER BY state", ids
    )
    return {row[0]: row[1] for row in rows}
