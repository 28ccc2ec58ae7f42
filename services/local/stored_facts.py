"""Stored facts as lines of a facts file: what `srez backtest` and `srez norms propose --facts` read.

An event that was corrected comes out once for each content that it had, each with the instant at which it was known: judged
by it, a slice sees what it saw when it closed. Day after day, by a cursor of the server: memory does not grow with the days.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec

from schemas.facts import CALL, BadFact, Data, Fact, decode_data, encode, moment
from services.ingest.storage.journal import DATABASE_ERRORS
from services.kit.errors import BadInput, Misconfigured, Unavailable
from services.kit.postgres import CONNECT_TIMEOUT_S

AT_ONCE: Final = 1000
"""Rows fetched at a time."""
STOOD: Final = timedelta(seconds=60)
"""What stood shorter no slice can have been judged by: legs of a call that come one after the other, say."""
AGAIN: Final = timedelta(hours=1)
"""What replaced a content so long after it had come was read again, by a mended parser: the wrong reading is nobody's word."""
PATIENCE_S: Final = 600.0
"""A day of a large floor is sorted by the server before its first row comes."""
_DAYS = """
SELECT day, count(*)::int AS facts FROM facts
WHERE ($1::date IS NULL OR day >= $1) AND ($2::date IS NULL OR day <= $2) GROUP BY day ORDER BY day
"""
_REACH = "SELECT min(day), max(day) FROM facts"
_FACTS = f"""
SELECT f.event_id::text AS id, f.type, f.source, f.occurred_at, f.received_at, f.agent, f.data::text AS data,
  r.replaced_at, r.data AS earlier, l.first AS first_leg
FROM facts f LEFT JOIN LATERAL (
  SELECT array_agg(replaced_at ORDER BY revision) AS replaced_at, array_agg(data::text ORDER BY revision) AS data
  FROM fact_revisions WHERE event_id = f.event_id AND revision < f.revision
) r ON f.revision > 0
LEFT JOIN LATERAL (
  SELECT min(received_at) AS first FROM legs WHERE source = f.source AND call = substr(f.data->>'call_id', length(f.source) + 2)
) l ON f.revision > 0 AND f.type = '{CALL}'
WHERE f.day = $1 ORDER BY f.occurred_at, f.event_id
"""  # noqa: S608 - a constant of ours

Advance = Callable[[int, int], None]
"""Told how far the work is: (facts done, of all)."""


class Exported(NamedTuple):
    """``lines`` are more than ``facts`` by the earlier contents of what was corrected."""

    facts: int
    lines: int
    first: Date
    last: Date


async def export(
    dsn: str,
    since: Date | None,
    until: Date | None,
    write: Callable[[bytes], object],
    advance: Advance = lambda *_: None,
    stood: timedelta = STOOD,
) -> Exported:
    """Every stored fact of the floor's days *since* to *until*, both included (None: all there are), in order of time.

    Args:
        write: called with lines, each with its end. Whatever it raises passes through.
        stood: earlier contents that stood shorter are left out; longer where the floor's clock ran faster than life.
    Raises: Unavailable, Misconfigured, BadInput (no facts in those days, or one that cannot be read).
    """
    done = lines = 0
    async with contextlib.aclosing(_stored(dsn, since, until)) as stored:
        days = await anext(stored)
        of_all = sum(days.values())
        async for row in stored:
            for fact in deliveries(row, stood):
                write(encode(fact) + b"\n")
                lines += 1
            done += 1
            if done % AT_ONCE == 0:
                advance(done, of_all)
    advance(done, of_all)
    return Exported(done, lines, min(days), max(days))


def deliveries(row: Any, stood: timedelta = STOOD) -> list[Fact]:
    """The contents that one event had, in order of arrival, the one in force last.

    Of earlier ones the database keeps until when they stood, not when they came: each came when the one before was replaced, the
    first with the first leg of its call, or else when it happened. What stood for no time is left out (joined from legs, or
    read again by a mended parser): a close a few seconds after its cut-off sees the row that is there then.
    Raises: BadInput.
    """
    newest = Fact(
        id=row["id"],
        type=row["type"],
        source=row["source"],
        time=row["occurred_at"],
        received_at=row["received_at"],
        data=_decoded(row, row["data"]),
    ).with_agent(row["agent"])
    found, known_from = [newest], row["received_at"]
    replaced: list[datetime] = row["replaced_at"] or []
    for number in range(len(replaced) - 1, -1, -1):
        fact = _earlier(newest, _decoded(row, row["earlier"][number]))
        known = replaced[number - 1] if number else min(row["first_leg"] or fact.time, replaced[0])
        if known_from - known >= stood and replaced[number] - known_from < AGAIN:
            found.append(msgspec.structs.replace(fact, received_at=known))
            known_from = known
    return found[::-1]


def _earlier(newest: Fact, data: Data) -> Fact:
    """With the time it named itself, and whose the same identity is by now."""
    if data.agent is None and data.identity == newest.identity:
        data = msgspec.structs.replace(data, agent=newest.agent)
    named = moment(data)
    time = newest.time if named is None or named == moment(newest.data) else named
    return msgspec.structs.replace(newest, time=time, data=data)


def _decoded(row: Any, data: str) -> Data:
    try:
        return decode_data(row["type"], data.encode())
    except BadFact as error:
        raise BadInput(f"the stored fact {row['id']} cannot be read by this version of Srez: {error}") from error


async def _stored(dsn: str, since: Date | None, until: Date | None) -> AsyncGenerator[Any, None]:
    """First the days with their numbers of facts, then the rows; all of one moment."""
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, command_timeout=PATIENCE_S)
    except DATABASE_ERRORS as error:
        raise _away(error) from error
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            days = {row["day"]: row["facts"] for row in await connection.fetch(_DAYS, since, until)}
            if not days:
                raise _nothing(since, until, await connection.fetchrow(_REACH))
            yield days
            for day in days:
                async for row in connection.cursor(_FACTS, day, prefetch=AT_ONCE):
                    yield row
    except asyncpg.UndefinedTableError as error:
        raise Misconfigured("this database has no tables of Srez: srez migrate, or set SREZ_POSTGRES_DSN") from error
    except DATABASE_ERRORS as error:
        raise _away(error) from error
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)


def _away(error: BaseException) -> Unavailable:
    why = str(error) or type(error).__name__
    return Unavailable(f"the database does not answer: {why}; start `srez up` here, or look at SREZ_POSTGRES_DSN")


def _nothing(since: Date | None, until: Date | None, reach: Any) -> BadInput:
    first, last = reach
    if first is None:
        return BadInput("no facts are stored yet: connect a source, or bring your history along (docs/OPERATIONS.md)")
    return BadInput(f"no facts from {since or first} to {until or last}; there are some from {first} to {last}")
