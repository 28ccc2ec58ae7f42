"""Health of sources and lines as the stored facts and the journal tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.facts import CALL
from schemas.floor import Floor
from services.board.storage.intake import POSTED
from services.rules.causes import is_network_failure

_facts, _journal = tables.facts.c, tables.journal.c


@dataclass(frozen=True, slots=True)
class LineCount:
    """Attempts of one line since local midnight, and of its last minutes."""

    line: str
    source: str
    attempts: int
    failures: int
    recent_attempts: int
    recent_failures: int
    answered: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SourceCount:
    source: str
    webhooks: int
    rejected: int
    facts: int
    unattributed: int
    last_received_at: datetime | None


async def lines(connection: AsyncConnection, floor: Floor, day: Date, recent_from: datetime) -> list[LineCount]:
    """Lines with calls that day, by name; failures are the network's own (DOMAIN §8)."""
    query = (
        sa.select(
            _facts.line,
            _facts.source,
            _facts.disposition,
            _facts.sip_status,
            _facts.q850,
            sa.func.count().label("attempts"),
            sa.func.count().filter(_facts.occurred_at > recent_from).label("recent"),
            sa.func.max(_facts.occurred_at).label("last_at"),
        )
        .where(_facts.day == day, _facts.type == CALL, _facts.direction != "internal")
        .group_by(_facts.line, _facts.source, _facts.disposition, _facts.sip_status, _facts.q850)
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for row in await connection.execute(query):
        found.setdefault((row.line, row.source), []).append(row)
    return [_line(line, source, rows, floor) for (line, source), rows in sorted(found.items())]


def _line(line: str, source: str, rows: list[Any], floor: Floor) -> LineCount:
    causes = floor.outages.causes
    failed = [row for row in rows if is_network_failure(row.disposition, row.sip_status, row.q850, causes)]
    return LineCount(
        line=line,
        source=source,
        attempts=sum(row.attempts for row in rows),
        failures=sum(row.attempts for row in failed),
        recent_attempts=sum(row.recent for row in rows),
        recent_failures=sum(row.recent for row in failed),
        answered=sum(row.attempts for row in rows if row.disposition == "answered"),
        last_at=max(row.last_at for row in rows),
    )


async def sources(connection: AsyncConnection, day: Date, starts: datetime, ends: datetime) -> list[SourceCount]:
    """Sources heard that day, by name."""
    posted = (
        sa.select(
            _journal.source,
            sa.func.count().label("webhooks"),
            sa.func.count().filter(_journal.state == "rejected").label("rejected"),
            sa.func.max(_journal.received_at).label("last"),
        )
        .where(_journal.received_at > starts, _journal.received_at <= ends, POSTED)
        .group_by(_journal.source)
    )
    counted = (
        sa.select(
            _facts.source,
            sa.func.count().label("facts"),
            sa.func.count().filter(_facts.agent.is_(None)).label("unattributed"),
            sa.func.max(_facts.received_at).label("last"),
        )
        .where(_facts.day == day)
        .group_by(_facts.source)
    )
    hooks: Mapping[str, Any] = {row.source: row for row in await connection.execute(posted)}
    facts: Mapping[str, Any] = {row.source: row for row in await connection.execute(counted)}
    return [_source(name, hooks.get(name), facts.get(name)) for name in sorted({*hooks, *facts})]


def _source(name: str, posted: Any, counted: Any) -> SourceCount:
    heard = [row.last for row in (posted, counted) if row is not None]
    return SourceCount(
        source=name,
        webhooks=posted.webhooks if posted else 0,
        rejected=posted.rejected if posted else 0,
        facts=counted.facts if counted else 0,
        unattributed=counted.unattributed if counted else 0,
        last_received_at=max(heard, default=None),
    )


async def unattributed(connection: AsyncConnection, day: Date, limit: int = 50) -> list[tuple[str, str, int]]:
    """(source, identity, facts) nobody on the roster owns, most first. Identities are extensions or account ids."""
    query = (
        sa.select(_facts.source, sa.func.coalesce(_facts.identity, ""), sa.func.count())
        .where(_facts.day == day, _facts.agent.is_(None))
        .group_by(_facts.source, _facts.identity)
        .order_by(sa.func.count().desc(), _facts.source)
        .limit(limit)
    )
    return [(source, identity, int(count)) for source, identity, count in await connection.execute(query)]
