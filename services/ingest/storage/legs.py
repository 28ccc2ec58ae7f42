"""Legs of calls that come in several requests: all that is known of a call is joined into its one fact."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.ingest.providers.base import HAS_PART, PART_OF, Leg

Call = tuple[str, str]
"""(source, whole-call id)"""
_PARTS = 20
"""A call that was passed on more often than this is no call."""

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
    """All legs of one call and of what continues it; ``received_at`` is the newest. ``arrived``: which call had news.

    ``absorbed``: calls that are parts of this one; a fact one of them gave before that was known is no fact any more.
    """

    legs: list[Leg]
    received_at: datetime
    arrived: Call
    absorbed: tuple[Call, ...] = ()


async def keep(connection: Any, arrived: Sequence[tuple[str, Leg, datetime]]) -> dict[Call, Known]:
    """Store (source, leg, received_at) and return all legs known of the calls they belong to, by the first call's id."""
    newest: dict[tuple[str, str, str], tuple[Leg, datetime]] = {}
    for source, leg, at in arrived:
        key = (source, leg.call, leg.leg)
        if key not in newest or newest[key][1] <= at:
            newest[key] = (leg, at)
    touched = sorted({(source, call) for source, call, _ in newest})
    await _lock(connection, touched)
    await connection.execute(
        _KEEP,
        [key[0] for key in newest],
        [key[1] for key in newest],
        [key[2] for key in newest],
        [msgspec.json.encode(leg.data).decode() for leg, _ in newest.values()],
        [at for _, at in newest.values()],
    )
    known = await _of(connection, touched)
    for _ in range(_PARTS):
        others = sorted({other for call in known for other in _linked(call, known)} - known.keys())
        if not others:
            break
        await _lock(connection, others)
        known |= dict.fromkeys(others, Known([], datetime.min.replace(tzinfo=UTC), touched[0]))
        known |= await _of(connection, others)
    return whole(known, touched)


def whole(known: Mapping[Call, Known], touched: Iterable[Call]) -> dict[Call, Known]:
    """The calls that *touched* are or belong to, each with the legs of all its parts. Pure."""
    out: dict[Call, Known] = {}
    for call in touched:
        first, seen = call, {call}
        while (before := _named(first, known, PART_OF) - seen) and len(seen) < _PARTS:
            first = min(before)
            seen.add(first)
        parts: list[Call] = []
        waiting = [*sorted(seen), first]
        while waiting and len(parts) < _PARTS:
            part = waiting.pop()
            if part not in parts and part in known:
                parts.append(part)
                waiting += sorted(_named(part, known, HAS_PART))
        legs = [leg for part in parts for leg in known[part].legs]
        absorbed = tuple(part for part in parts if part != first)
        out[first] = Known(legs, max(known[part].received_at for part in parts), call, absorbed)
    return out


def _linked(call: Call, known: Mapping[Call, Known]) -> set[Call]:
    return _named(call, known, PART_OF) | _named(call, known, HAS_PART)


def _named(call: Call, known: Mapping[Call, Known], key: str) -> set[Call]:
    legs = known[call].legs if call in known else []
    return {(call[0], str(leg.data[key])) for leg in legs if leg.data.get(key)}


async def _lock(connection: Any, calls: Sequence[Call]) -> None:
    await connection.execute(_LOCK, [source for source, _ in calls], [call for _, call in calls])


async def _of(connection: Any, calls: Sequence[Call]) -> dict[Call, Known]:
    known: dict[Call, Known] = {}
    rows = await connection.fetch(_OF_CALLS, [source for source, _ in calls], [call for _, call in calls])
    for source, call, leg_id, data, at in rows:
        former = known.get((source, call))
        legs = former.legs if former else []
        legs.append(Leg(call, leg_id, msgspec.json.decode(data)))
        known[source, call] = Known(legs, max(at, former.received_at) if former else at, (source, call))
    return known
