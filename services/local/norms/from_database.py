"""Past days off PostgreSQL, by the queries of the closer: technical minutes, silences and doubts as it would find them."""

import asyncio
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from typing import Any

import asyncpg

from schemas.facts import STATE
from schemas.floor import Floor, FloorError, parse
from schemas.steps import STEPS, Step
from services.aggregator.live.floors import FloorDay, Floors
from services.aggregator.storage import evidence, technical
from services.aggregator.storage.brought import brought, first_told
from services.aggregator.storage.counting import LIMITS, counts, limits
from services.aggregator.storage.failures import DATABASE_ERRORS
from services.aggregator.storage.line_days import LineDays
from services.aggregator.storage.path_days import PathDays
from services.kit.errors import Misconfigured, Unavailable
from services.kit.postgres import CONNECT_TIMEOUT_S
from services.local.norms.looked import Advance, Looked, working_dates
from services.rules.connecting import missing
from services.rules.day import BIN_MIN
from services.rules.history import AgentDay, agent_days
from services.rules.trust import TrustEvidence, gate

_COUNTS = f"""
SELECT f.agent, floor(extract(epoch FROM (f.occurred_at AT TIME ZONE $6)::time) / {BIN_MIN * 60})::int AS bin,
  count(*) FILTER (WHERE f.type <> '{STATE}')::int AS known, {counts()}
FROM facts f JOIN {LIMITS} ON b.agent = f.agent
WHERE f.day = $5 GROUP BY 1, 2
"""  # noqa: S608 - constants of ours
_VERSIONS = "SELECT version, applied_at, text FROM floors ORDER BY version"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def look(
    dsn: str, floor: Floor | None, since: Date | None, until: Date | None, now: datetime, advance: Advance
) -> Looked:
    """*floor* instead of the versions applied. Only days that are over are looked at. Raises: Unavailable, Misconfigured."""
    return asyncio.run(_look(dsn, floor, since, until, now, advance))


async def _look(
    dsn: str, floor: Floor | None, since: Date | None, until: Date | None, now: datetime, advance: Advance
) -> Looked:
    try:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=2, timeout=CONNECT_TIMEOUT_S) as pool:
            versions = [(0, LONG_AGO, floor)] if floor else await _versions(pool)
            floors = Floors(lambda: versions, lambda: now)
            yesterday = floors.date_of(now) - timedelta(days=1)
            if until is not None and until > yesterday:
                raise Misconfigured(f"--until {until}: that day is not over; the last one is {yesterday}")
            dates = working_dates(floors.latest, since, until or yesterday)
            lines, found = LineDays(pool, 1), []
            async with (
                pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                for number, date in enumerate(dates, 1):
                    found += await _of_day(connection, floors, lines, date, now)
                    advance(number, len(dates))
            return Looked(floors.latest, None if floor else versions[-1][0], dates, found)
    except DATABASE_ERRORS as error:
        raise Unavailable(f"the database does not answer: {error}") from error


async def _versions(pool: Any) -> list[tuple[int, datetime, Floor]]:
    found = []
    for number, applied_at, text in await pool.fetch(_VERSIONS):
        try:
            found.append((number, applied_at, parse(text)))
        except FloorError:
            continue  # of a release that read floor files otherwise; services skip it too
    if not found:
        raise Misconfigured("no floor was applied yet: srez floor apply FILE, or give --floor FILE")
    return found


async def _of_day(connection: Any, floors: Floors, lines: LineDays, date: Date, now: datetime) -> list[AgentDay]:
    on = floors.on(date)
    paths = PathDays(connection)
    watched = await technical.watched(connection, on, paths)
    besides = await brought(connection, on)
    silent = await technical.silences_of(connection, on, watched, on.day.ends, besides)
    carried = await technical.silent_since_earlier(connection, floors.on, on, watched, paths, on.day.ends)
    bases = await lines.bases(on.floor, date)
    unusable, facts = await evidence.unusable(connection, on, on.day.ends)
    spans, quiet = await technical.technical_spans(connection, on, bases, paths, silent, on.day.ends, now)
    seen = TrustEvidence(
        silent=carried | {one.source for one in silent if one.resolved_at is None},
        silent_feeds=quiet,
        unheard=besides.never,
        connected=await first_told(connection, on, besides),
        unusable=unusable,
        facts=facts,
    )
    counted, known = await _counts(connection, on)
    states = await evidence.states(connection, on, date, on.day.ends, now)
    return agent_days(
        on.floor,
        on.day,
        counted,
        known,
        states.get(date, {}),
        spans,
        gate(on.floor, seen),
        missing(on.floor, seen.unheard, seen.connected),
    )


async def _counts(connection: Any, on: FloorDay) -> tuple[dict[str, dict[Step, dict[int, int]]], frozenset[str]]:
    """(agent → step → bin → count, agents with any fact but a state)."""
    found: dict[str, dict[Step, dict[int, int]]] = {}
    known = set()
    for row in await connection.fetch(_COUNTS, *limits(on.by_agent), on.day.date, on.floor.timezone):
        own = found.setdefault(row["agent"], {})
        for step in STEPS:
            if row[step]:
                own.setdefault(step, {})[row["bin"]] = row[step]
        if row["known"]:
            known.add(row["agent"])
    return found, frozenset(known)
