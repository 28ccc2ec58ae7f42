"""Technical minutes and silences by SQL and the pure fold of rules.technical; beside them what a person recorded."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from schemas.facts import CALL
from services.aggregator.live.floors import FloorDay, Floors
from services.aggregator.storage.brought import Brought
from services.aggregator.storage.failures import DATABASE_ERRORS
from services.aggregator.storage.line_days import ATTEMPTS, attempt_of_row
from services.aggregator.storage.path_days import PathDays
from services.kit import logs
from services.rules import technical as rules
from services.rules.baselines import Feed
from services.rules.connecting import late
from services.rules.detectors.line_failure import Attempt, LineState
from services.rules.detectors.source_silence import Silence, at_pace, silence, silences
from services.rules.sources import Load
from services.rules.spans import Spans, at, union

_SUSPICIOUS = f"""
SELECT line FROM facts
WHERE day = $1 AND type = '{CALL}' AND direction = 'outbound' AND occurred_at <= $2 AND received_at <= $3
  AND disposition NOT IN ('answered', 'voicemail')
GROUP BY line HAVING count(*) >= $4
"""
_CALLS = f"""
SELECT occurred_at, agent, line FROM facts
WHERE day = $1 AND type = '{CALL}' AND direction = 'outbound' AND agent IS NOT NULL
  AND occurred_at > $2 AND occurred_at <= $3 AND received_at <= $4
ORDER BY occurred_at, event_id
"""
# Arrivals thinned out: the first and the last of every half of the source's interval. A longer gap keeps both its ends,
# and none appears that was none: all `silences` needs.
_ARRIVALS = """
WITH arrived AS (
  SELECT f.source, f.received_at, floor(extract(epoch FROM f.received_at) * 2 / e.every_s) AS half
  FROM facts f JOIN unnest($1::text[], $2::float8[]) AS e(source, every_s) ON e.source = f.source
  WHERE f.received_at > $3 AND f.received_at <= $4),
seen AS (
  SELECT *, lag(half) OVER own AS before, lead(half) OVER own AS after
  FROM arrived WINDOW own AS (PARTITION BY source ORDER BY received_at))
SELECT source, received_at FROM seen
WHERE before IS DISTINCT FROM half OR after IS DISTINCT FROM half
ORDER BY source, received_at
"""
_CAME = "SELECT count(*) FROM facts WHERE source = $1 AND received_at > $2 AND received_at <= $3"
_HEARD_EVER = """
SELECT name AS source FROM unnest($1::text[]) AS s(name) WHERE EXISTS (SELECT 1 FROM facts WHERE source = s.name)
"""
_LAST = """
SELECT s.name AS source, (SELECT max(received_at) FROM facts WHERE source = s.name AND received_at <= $2) AS last
FROM unnest($1::text[]) AS s(name) WHERE EXISTS (SELECT 1 FROM facts WHERE source = s.name AND received_at <= $2)
"""
_UNHEARD = """
SELECT name FROM unnest($1::text[]) AS s(name)
WHERE NOT EXISTS (SELECT 1 FROM facts WHERE source = s.name AND received_at <= $2)
"""
_CONNECTED = """
SELECT * FROM (
  SELECT s.name AS source, (SELECT min(received_at) FROM facts WHERE source = s.name) AS first
  FROM unnest($1::text[]) AS s(name)) AS found
WHERE first > $2 AND first <= $3
"""
LOOK_BACK = timedelta(days=7)
_PERSON = """
SELECT agent, started_at, ended_at FROM technical
WHERE origin = 'person' AND started_at < $2 AND coalesce(ended_at, $2) > $1
"""
_ALL = _PERSON.replace("origin = 'person' AND ", "")


@dataclass(frozen=True, slots=True)
class Watched:
    """Sources that something is expected from on a day and that were ever heard of: what, and how often."""

    expected: dict[str, Load]
    every_s: dict[str, float]


async def watched(connection: Any, on: FloorDay, path_days: PathDays) -> Watched:
    expected = await path_days.loads(
        on
    )  # half a second for a floor of ten thousand; with a history once a day some more
    known = {row["source"] for row in await connection.fetch(_HEARD_EVER, sorted(expected))}
    every_s = {name: on.floor.source_by_id[name].expect_every_s for name in expected}
    return Watched({name: load for name, load in sorted(expected.items()) if name in known}, every_s)


async def unheard(connection: Any, on: FloorDay, known_by: datetime) -> frozenset[str]:
    """Sources of the floor file that had never sent a fact by *known_by*: they may not be connected yet."""
    rows = await connection.fetch(_UNHEARD, [source.id for source in on.floor.sources], known_by)
    return frozenset(row["name"] for row in rows)


async def connected(connection: Any, on: FloorDay, known_by: datetime) -> dict[str, datetime]:
    """Sources whose first fact ever came on that day by *known_by*, and late on it (rules.connecting)."""
    names = [source.id for source in on.floor.sources]
    rows = await connection.fetch(_CONNECTED, names, on.day.starts, min(known_by, on.day.ends))
    return late(on.floor, on.day, {row["source"]: row["first"] for row in rows})


async def silences_of(
    connection: Any, on: FloorDay, watched: "Watched", known_by: datetime, besides: Brought | None = None
) -> list[Silence]:
    """Silences of the day up to *known_by*; a source that was never heard by then is not silent. What is *besides* counts
    as arrived when it happened."""
    never = besides.never if besides else await unheard(connection, on, known_by)
    expected, every_s = {name: load for name, load in watched.expected.items() if name not in never}, watched.every_s
    arrivals = {name: list(besides.arrived.get(name, ())) if besides else [] for name in expected}
    names = list(expected)
    for row in await connection.fetch(_ARRIVALS, names, [every_s[name] for name in names], on.day.starts, known_by):
        arrivals[row["source"]].append(row["received_at"])
    least = on.floor.outages.source_silence.min_expected
    found = []
    for name, load in expected.items():
        for one in silences(
            load, arrivals[name], on.day.starts, known_by, expect_every_s=every_s[name], min_expected=least
        ):
            paced = await _at_pace(connection, one, load, on, every_s[name], known_by, besides)
            found += [paced] if paced else []
    return found


async def _at_pace(
    connection: Any,
    one: Silence,
    load: Load,
    on: FloorDay,
    every_s: float,
    known_by: datetime,
    besides: Brought | None = None,
) -> Silence | None:
    by = on.floor.outages.source_silence
    came = await connection.fetchval(_CAME, one.source, on.day.starts, one.since)
    came += await besides.came(connection, one.source, on, one.since) if besides else 0
    return at_pace(one, load, came, on.day.starts, known_by, expect_every_s=every_s, by=by)


async def silent_since_earlier(
    connection: Any,
    day_on: Callable[[Date], FloorDay],
    on: FloorDay,
    watched: "Watched",
    path_days: PathDays,
    known_by: datetime,
) -> frozenset[str]:
    """Sources that fell silent on an earlier day and have not been heard of today."""
    expected, every_s = watched.expected, watched.every_s
    rows = await connection.fetch(_LAST, list(expected), known_by)
    found = set()
    for row in rows:
        last, name = row["last"], row["source"]
        if last > on.day.starts:
            continue
        date = max(last.astimezone(on.floor.zone).date(), on.day.date - LOOK_BACK)
        while date < on.day.date and name not in found:
            earlier = day_on(date)
            load = (await path_days.loads(earlier)).get(name)
            least, ends = earlier.floor.outages.source_silence.min_expected, earlier.day.ends
            since = max(last, earlier.day.starts)
            one = load and silence(load, since, ends, expect_every_s=every_s[name], min_expected=least)
            if load and one and await _at_pace(connection, one, load, earlier, every_s[name], ends):
                found.add(name)
            date += timedelta(days=1)
    return frozenset(found)


async def technical_spans(
    connection: Any,
    on: FloorDay,
    bases: Mapping[str, float],
    path_days: PathDays,
    silent: Sequence[Silence],
    until: datetime,
    known_by: datetime,
) -> tuple[dict[str, Spans], frozenset[Feed]]:
    """Agent → technical spans of the day known then, up to *until*: the detectors' fold, and what a person recorded; and
    the feeds that are silent then."""
    states = await _fold(connection, on, bases, until, known_by)
    found = rules.Technical((), {})
    starts = [finding.since for state in states.values() for finding in state.findings] + [one.since for one in silent]
    if starts:
        reach = timedelta(seconds=on.floor.outages.line_failure.window_s)
        rows = await connection.fetch(_CALLS, on.day.date, min(starts) - reach, until, known_by)
        calls = [(row["occurred_at"], row["agent"], row["line"]) for row in rows]
        found = await asyncio.to_thread(rules.technical, on.floor, states, calls, silent, on.day, until)
    windows, quiet = await path_days.spans(connection, on, found.lines, silent, until, known_by)
    return await _with_recorded(connection, on, rules.with_issues(found, windows).spans, until, _PERSON), quiet


async def _fold(
    connection: Any, on: FloorDay, bases: Mapping[str, float], until: datetime, known_by: datetime
) -> dict[str, LineState]:
    by = on.floor.outages.line_failure
    least = min(by.in_a_row, by.min_failures)
    suspicious = [row["line"] for row in await connection.fetch(_SUSPICIOUS, on.day.date, until, known_by, least)]
    if not suspicious:
        return {}
    query = ATTEMPTS + " AND occurred_at <= $3 AND received_at <= $4 ORDER BY occurred_at, event_id"
    rows = await connection.fetch(query, on.day.date, suspicious, until, known_by)
    return await asyncio.to_thread(_fold_rows, rows, on, bases, until, least)


def _fold_rows(
    rows: list[Any], on: FloorDay, bases: Mapping[str, float], until: datetime, least: int
) -> dict[str, LineState]:
    attempts: dict[str, list[Attempt]] = {}
    for row in rows:
        attempts.setdefault(row["line"], []).append(attempt_of_row(row, on.floor))
    guilty = {line: own for line, own in attempts.items() if sum(one.failed for one in own) >= least}
    return rules.fold_lines(guilty, bases, on.floor, on.day, until)


async def _with_recorded(
    connection: Any, on: FloorDay, spans: Mapping[str, Spans], until: datetime, query: str
) -> dict[str, Spans]:
    merged = {agent: list(own) for agent, own in spans.items()}
    for row in await connection.fetch(query, on.day.starts, until):
        merged.setdefault(row["agent"], []).append((at(row["started_at"]), at(row["ended_at"] or until)))
    return {agent: union(own) for agent, own in merged.items()}


class TechnicalNow:
    """Technical minutes of today as the alerts service keeps them, for the live target; refreshed now and then."""

    def __init__(self, pool: "asyncpg.Pool[Any]", floors: Floors) -> None:
        self._pool, self._floors = pool, floors
        self.spans: dict[str, Spans] = {}

    async def run(self, every_s: float) -> None:
        while True:
            try:
                on = self._floors.today()
                self.spans = await _with_recorded(self._pool, on, {}, on.day.ends, _ALL)
            except DATABASE_ERRORS as error:
                logs.get().warning("cannot read technical minutes", error=repr(error)[:200])
            await asyncio.sleep(every_s)
