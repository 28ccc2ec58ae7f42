"""When facts of a source arrived."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.tables import facts, journal
from services.rules.detectors.source_silence import name_of


async def since(connection: AsyncConnection, source: str, after: datetime, until: datetime) -> list[datetime]:
    """Instants of arrival in (after, until], in order."""
    query = sa.select(facts.c.received_at).where(
        facts.c.source == source, facts.c.received_at > after, facts.c.received_at <= until
    )
    return list((await connection.execute(query.order_by(facts.c.received_at))).scalars())


async def count(connection: AsyncConnection, source: str, after: datetime, until: datetime) -> int:
    query = sa.select(sa.func.count()).where(
        facts.c.source == source, facts.c.received_at > after, facts.c.received_at <= until
    )
    return int((await connection.execute(query)).scalar_one())


async def known(connection: AsyncConnection, source: str, before: datetime | None = None) -> bool:
    """Whether the source ever sent a fact (before an instant)."""
    query = sa.select(sa.literal(1)).where(facts.c.source == source)
    if before is not None:
        query = query.where(facts.c.received_at < before)
    return (await connection.execute(query.limit(1))).first() is not None


async def first_after(connection: AsyncConnection, source: str, after: datetime) -> datetime | None:
    query = sa.select(sa.func.min(facts.c.received_at)).where(facts.c.source == source, facts.c.received_at > after)
    found: datetime | None = (await connection.execute(query)).scalar()
    return found


async def unparsed_sources(connection: AsyncConnection) -> frozenset[str]:
    """Sources with webhooks in the journal that are not parsed yet."""
    query = sa.select(journal.c.source).where(journal.c.state == "new").distinct()
    return frozenset((await connection.execute(query)).scalars())


async def last_before(connection: AsyncConnection, source: str, until: datetime, most: int) -> list[str]:
    """Names of the last facts that had arrived at *until*, the newest first."""
    query = (
        sa.select(facts.c.data)
        .where(facts.c.source == source, facts.c.received_at <= until)
        .order_by(facts.c.received_at.desc(), facts.c.event_id.desc())
        .limit(most)
    )
    return [name for data in (await connection.execute(query)).scalars() if (name := name_of(data))]
