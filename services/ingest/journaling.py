"""What ``srez journal`` does: a connection of its own, the same parser as the service, text for people."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from schemas import floor as floors
from schemas.floor import Floor
from services.ingest.customer import hasher
from services.ingest.metrics import Metrics
from services.ingest.source import configure
from services.ingest.storage import replay
from services.ingest.storage.journal import DATABASE_ERRORS
from services.ingest.storage.replay import Filter
from services.ingest.stream.parser import Knowledge, Parser
from services.kit.clock import Clock
from services.kit.errors import Misconfigured, Unavailable
from services.kit.postgres import pool

SHOWN_BODY = 4000
PAUSE_S = 0.2


@contextlib.asynccontextmanager
async def _connections() -> AsyncIterator[Any]:
    """Raises: Misconfigured, Unavailable."""
    dsn = os.environ.get("SREZ_POSTGRES_DSN")
    if not dsn:
        raise Misconfigured("SREZ_POSTGRES_DSN is not set: the libpq URL of the database whose journal you mean")
    try:
        connections = await pool(dsn, size=2)
    except DATABASE_ERRORS as error:
        raise Unavailable(f"the database does not answer: {type(error).__name__}") from error
    try:
        yield connections
    finally:
        await connections.close()


async def listed(chosen: Filter, limit: int, tell: Callable[[str], None]) -> list[str]:
    async with _connections() as connections:
        async with connections.acquire() as connection:
            rows = await replay.listed(connection, chosen, limit)
        if not rows:
            await _tell_of_nothing(connections, chosen, tell)
    return [_line(row) for row in rows]


async def _tell_of_nothing(connections: Any, chosen: Filter, tell: Callable[[str], None]) -> None:
    """No row was chosen: perhaps because no source has that name."""
    with contextlib.suppress(Misconfigured):
        known = (await _newest_floor(connections)).source_by_id
        if chosen.source is not None and chosen.source not in known:
            tell(f"srez: the floor in force has no source {chosen.source!r}; known are {', '.join(sorted(known))}")


def _line(row: dict[str, Any]) -> str:
    why = f"  {row['reason']}: {row['detail'] or ''}".rstrip(": ") if row["reason"] else ""
    where = f"{row['source']}/{row['path']}" if row["path"] else row["source"]
    return (
        f"{row['id']:>8}  {row['received_at'].isoformat(timespec='milliseconds')}  {row['state']:<8}  "
        f"{row['facts']} {'fact ' if row['facts'] == 1 else 'facts'}  {row['method']} {where}  {row['bytes']} B{why}"
    )


async def shown(id_: int) -> str | None:
    async with _connections() as connections, connections.acquire() as connection:
        row = await replay.shown(connection, id_)
    if row is None:
        return None
    body = row.pop("body")
    row["headers"] = msgspec.json.decode(row["headers"])
    row["body_hash"] = row["body_hash"].hex()
    row["stored_facts"] = [{**fact, "event_id": str(fact["event_id"])} for fact in row["stored_facts"]]
    others = sorted({fact.pop("journal_id") for fact in row["stored_facts"]} - {id_})
    if others:
        row["facts_told_by"] = f"row {', '.join(map(str, others))}, which has the same body"
    elif row["facts"] and not row["stored_facts"]:
        row["facts_told_by"] = "another row that tells of the same call or deal"
    text = body[:SHOWN_BODY].decode("utf-8", "backslashreplace")
    more = f"\n… {len(body) - SHOWN_BODY} bytes more" if len(body) > SHOWN_BODY else ""
    return f"{msgspec.json.format(msgspec.json.encode(row)).decode()}\n\n{text}{more}"


async def replayed(chosen: Filter, tell: Callable[[str], None]) -> dict[str, int]:
    """Parses itself, beside a running ingest if there is one; slices stay untrusted meanwhile (DOMAIN §5 d).

    Returns: state → rows. Raises: Misconfigured without a floor, Unavailable.
    """
    clock = Clock.from_environment()
    async with _connections() as connections:
        knowledge = await _knowledge(connections)
        parser = Parser(connections, lambda: knowledge, clock, Metrics())
        async with connections.acquire() as connection:
            number, ids = await replay.begin(connection, chosen, clock.now())
            if absent := [str(wanted) for wanted in chosen.ids if wanted not in ids]:
                tell(f"srez: no such row among those asked for: {', '.join(absent)}")
            if not ids:
                await _tell_of_nothing(connections, chosen, tell)
            tell(f"replaying {len(ids)} rows")
            try:
                await _parsed(connection, parser, ids, tell)
            finally:
                await replay.end(connection, number, clock.now())
            outcome = await replay.outcome(connection, ids)
    tell("done: " + (", ".join(f"{count} {state}" for state, count in outcome.items()) or "nothing to do"))
    return outcome


async def _parsed(connection: Any, parser: Parser, ids: list[int], tell: Callable[[str], None]) -> None:
    told = len(ids)
    while waiting := await replay.left(connection, ids):
        if waiting != told:
            tell(f"{len(ids) - waiting} of {len(ids)} rows parsed")
            told = waiting
        if not await parser.batch():
            # What is left is in the hands of a running ingest.
            await asyncio.sleep(PAUSE_S)


async def applied_floor() -> Floor:
    """The floor that the services follow. Raises: Misconfigured, Unavailable."""
    async with _connections() as connections:
        return await _newest_floor(connections)


async def _newest_floor(connections: Any) -> Floor:
    async with connections.acquire() as connection:
        text = await connection.fetchval("SELECT text FROM floors ORDER BY version DESC LIMIT 1")
    if text is None:
        raise Misconfigured("no floor is applied yet: srez floor apply FILE")
    return floors.parse(text)


async def _knowledge(connections: Any) -> Knowledge:
    floor = await _newest_floor(connections)
    return Knowledge.of(floor, configure(floor, hasher(os.environ.get("SREZ_CUSTOMER_KEY"))))
