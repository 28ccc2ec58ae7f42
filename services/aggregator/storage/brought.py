"""Days from before a source was connected, which it told of afterwards: somebody brought the past of the floor along.

Nothing was received on such a day, yet nothing of it is missing. Whoever reviews past days (``srez norms propose``) takes what
happened before the first receipt of its source as arrived when it happened. What closes slices does not: it goes by what was
known then.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.aggregator.live.floors import FloorDay

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


@dataclass(frozen=True, slots=True)
class Brought:
    """``first``: source → its first receipt, where that is later than the day began. ``arrived``: when what it told of
    afterwards happened on the day, thinned out."""

    first: dict[str, datetime] = field(default_factory=dict)
    arrived: dict[str, list[datetime]] = field(default_factory=dict)

    async def came(self, connection: Any, source: str, on: FloorDay, until: datetime) -> int:
        """Facts of the day up to *until* that were told of afterwards."""
        if source not in self.arrived:
            return 0
        return int(await connection.fetchval(_CAME, source, on.day.date, self.first[source], until))


NOTHING = Brought()


async def brought(connection: Any, on: FloorDay) -> Brought:
    sources = on.floor.sources
    rows = await connection.fetch(_FIRST, [source.id for source in sources])
    first = {row["source"]: row["first"] for row in rows if row["first"] is not None and row["first"] > on.day.starts}
    if not first:
        return NOTHING
    every_s = [on.floor.source_by_id[name].expect_every_s for name in first]
    found: dict[str, list[datetime]] = {}
    for row in await connection.fetch(_ARRIVED, list(first), every_s, list(first.values()), on.day.date):
        found.setdefault(row["source"], []).extend((row["first"], row["last"]))
    return Brought(first, found)


async def never_told(connection: Any, on: FloorDay) -> frozenset[str]:
    """Sources that had sent nothing by the end of the day, and have told nothing of it or of days before it to this day."""
    names = [source.id for source in on.floor.sources]
    rows = await connection.fetch(_UNTOLD, names, on.day.ends, on.day.date)
    return frozenset(row["name"] for row in rows)
