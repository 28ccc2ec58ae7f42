"""Days from before a source was connected, which it told of afterwards: somebody brought the past of the floor along.

Nothing was received on such a day, yet nothing of it is missing. Whoever reviews past days (``srez norms propose``) takes what
happened before the first receipt of its source as arrived when it happened. What closes slices does not: it goes by what was
known then.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.aggregator.live.floors import FloorDay
from services.rules.connecting import late

_FIRST = """
SELECT name AS source, (SELECT min(received_at) FROM facts WHERE source = name) AS first FROM unnest($1::text[]) AS s(name)
"""
# The first and the last of every half of the source's interval, as live arrivals are thinned out.
_ARRIVED = """
WITH told AS (
  SELECT f.source, f.occurred_at, floor(extract(epoch FROM f.occurred_at) * 2 / e.every_s) AS half
  FROM facts f JOIN unnest($1::text[], $2::float8[], $3::timestamptz[]) AS e(source, every_s, first) ON e.source = f.source
  WHERE f.day = $4 AND f.occurred_at < e.first)
SELECT source, min(occurred_at) AS first, max(occurred_at) AS last FROM told GROUP BY source, half ORDER BY source, half
"""
_CAME = "SELECT count(*) FROM facts WHERE source = $1 AND day = $2 AND occurred_at < $3 AND occurred_at <= $4"
_UNTOLD = """
SELECT name FROM unnest($1::text[]) AS s(name) WHERE NOT EXISTS (SELECT 1 FROM facts WHERE source = name AND received_at <= $2)
  AND NOT EXISTS (SELECT 1 FROM facts WHERE source = name AND day <= $3)
"""
_BEGAN = """
SELECT name AS source, (SELECT min(occurred_at) FROM facts WHERE source = name) AS at FROM unnest($1::text[]) AS s(name)
"""


@dataclass(frozen=True, slots=True)
class Brought:
    """``never``: sources that had sent nothing by the end of the day, and have told nothing of it or of days before it to this
    day. ``first``: source → its first receipt, where that is later than the day began. ``arrived``: when what it told of
    afterwards happened on the day, thinned out."""

    never: frozenset[str]
    first: dict[str, datetime] = field(default_factory=dict)
    arrived: dict[str, list[datetime]] = field(default_factory=dict)

    async def came(self, connection: Any, source: str, on: FloorDay, until: datetime) -> int:
        """Facts of the day up to *until* that were told of afterwards."""
        if source not in self.arrived:
            return 0
        return int(await connection.fetchval(_CAME, source, on.day.date, self.first[source], until))


async def brought(connection: Any, on: FloorDay) -> Brought:
    names = [source.id for source in on.floor.sources]
    never = frozenset(row["name"] for row in await connection.fetch(_UNTOLD, names, on.day.ends, on.day.date))
    rows = await connection.fetch(_FIRST, names)
    first = {row["source"]: row["first"] for row in rows if row["first"] is not None and row["first"] > on.day.starts}
    if not first:
        return Brought(never)
    every_s = [on.floor.source_by_id[name].expect_every_s for name in first]
    found: dict[str, list[datetime]] = {}
    for row in await connection.fetch(_ARRIVED, list(first), every_s, list(first.values()), on.day.date):
        found.setdefault(row["source"], []).extend((row["first"], row["last"]))
    return Brought(never, first, found)


async def first_told(connection: Any, on: FloorDay, besides: Brought) -> dict[str, datetime]:
    """Sources of which nothing is known before some late moment of the day (rules.connecting), with that moment."""
    if not besides.first:
        return {}
    rows = await connection.fetch(_BEGAN, list(besides.first))
    first = {row["source"]: min(row["at"], besides.first[row["source"]]) for row in rows}
    return late(on.floor, on.day, {name: at for name, at in first.items() if on.day.starts < at <= on.day.ends})
