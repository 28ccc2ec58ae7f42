"""Facts whose identity the roster now gives to somebody (else): attributed again, with both agent-days marked dirty."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from schemas.topics import key_hash


class Owner(NamedTuple):
    """(source, identity) belongs to *agent*."""

    source: str
    identity: str
    agent: str


_UNATTRIBUTED = """
SELECT source, identity, count(*) FROM facts WHERE agent IS NULL AND identity IS NOT NULL GROUP BY source, identity
"""
_OF_DAY = """
SELECT DISTINCT source, identity, agent FROM facts WHERE day >= $1 AND agent IS NOT NULL AND identity IS NOT NULL
"""
# Old values come from the locked self-join: RETURNING OLD needs PostgreSQL 18.
_ATTRIBUTE = """
WITH old AS (
  SELECT f.event_id, coalesce(f.agent, f.source || ':' || f.identity) AS key, o.agent AS agent, o.key_hash
  FROM facts AS f JOIN unnest($1::text[], $2::text[], $3::text[], $4::int[]) AS o(source, identity, agent, key_hash)
    ON f.source = o.source AND f.identity = o.identity
  WHERE f.agent IS DISTINCT FROM o.agent AND (f.agent IS NULL OR f.day >= $5)
  ORDER BY f.event_id FOR UPDATE OF f
), changed AS (
  UPDATE facts AS f
  SET agent = old.agent, key_hash = old.key_hash, published_at = NULL,
      data = jsonb_set(f.data, '{agent}', to_jsonb(old.agent))
  FROM old WHERE f.event_id = old.event_id
  RETURNING old.key, f.agent, f.day
), marked AS (
  INSERT INTO dirty (agent, day)
  SELECT DISTINCT k, day FROM changed CROSS JOIN LATERAL (VALUES (key), (agent)) AS v(k) ORDER BY k, day
)
SELECT count(*) FROM changed
"""


async def unattributed(connection: Any) -> list[tuple[str, str, int]]:
    """(source, identity, number of facts) without an agent, of all days."""
    return [(row[0], row[1], row[2]) for row in await connection.fetch(_UNATTRIBUTED)]


async def attributed_since(connection: Any, day: date) -> list[Owner]:
    """Who the facts of *day* and later belong to now."""
    return [Owner(*row) for row in await connection.fetch(_OF_DAY, day)]


async def attribute(connection: Any, owners: Sequence[Owner], since: date) -> int:
    """Give facts without an agent (of any day), and facts of other agents from the day *since*, to their owners."""
    if not owners:
        return 0
    columns = [list(column) for column in zip(*owners, strict=True)]
    hashes = [key_hash(owner.agent) for owner in owners]
    changed: int = await connection.fetchval(_ATTRIBUTE, *columns, hashes, since)
    return changed
