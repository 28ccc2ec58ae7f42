"""Legs of calls that come in several requests: all that is known of a call is joined into its one fact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from services.ingest.providers.base import Leg

Call = tuple[str, str]
"""(source, whole-call id)"""

# One worker at a time per call: else two would each join the leg they see and miss the other's.
_LOCK = """
SELECT pg_advisory_xact_lock(k) FROM (
  SELECT DISTINCT hashtextextended(s || '|' || c, 0) AS k FROM unnest($1::text[], $2::text[]) AS r(s, c) ORDER BY 1
) AS keys
"""
_KEEP = """
INSERT INTO legs (source, call, leg, data, received_at)
SELECT r.source, r.call, r.leg, r.data::jsonb, r.received_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
  AS r(source, call, leg, data, received_at)
ORDER BY r.source, r.call, r.leg
ON CONFLICT (source, call, leg) DO UPDATE SET data = excluded.data, received_at = excluded.received_at
WHERE legs.received_at <= excluded.received_at
"""
_OF_CALLS = """
SELECT l.source, l.call, l.leg, l.data::text, l.received_at
FROM legs AS l JOIN unnest($1::text[], $2::text[]) AS r(source, call) ON l.source = r.source AND l.call = r.call
ORDER BY l.source, l.call, l.leg
"""


@dataclass(frozen=True, slots=True)
class Known:
    """All legs of one call; ``received_at`` is the newest."""

    legs: list[Leg]
    received_at: datetime


async def keep(connection: Any, arrived: Sequence[tuple[str, Leg, datetime]]) -> dict[Call, Known]:
    """Store (source, leg, received_at) and return all legs known of the calls they belong to."""
    newest: dict[tuple[str, str, str], tuple[Leg, datetime]] = {}
    for source, leg, at in arrived:
        key = (source, leg.call, leg.leg)
        if key not in newest or newest[key][1] <= at:
            newest[key] = (leg, at)
    calls = sorted({(source, call) for source, call, _ in newest})
    sources, names = [source for source, _ in calls], [call for _, call in calls]
    await connection.execute(_LOCK, sources, names)
    await connection.execute(
        _KEEP,
        [key[0] for key in newest],
        [key[1] for key in newest],
        [key[2] for key in newest],
        [msgspec.json.encode(leg.data).decode() for leg, _ in newest.values()],
        [at for _, at in newest.values()],
    )
    known: dict[Call, Known] = {}
    for source, call, leg_id, data, at in await connection.fetch(_OF_CALLS, sources, names):
        former = known.get((source, call))
        legs = former.legs if former else []
        legs.append(Leg(call, leg_id, msgspec.json.decode(data)))
        known[source, call] = Known(legs, max(at, former.received_at) if former else at)
    return known
