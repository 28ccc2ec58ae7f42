"""Calls of a day, newest first. Customers stay keyed hashes and are not shown."""

from datetime import date as Date
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.facts import CALL

_facts = tables.facts.c


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """One ended call; ``recording_url`` only when it is a web address."""

    call_id: str
    agent: str | None
    source: str
    line: str
    direction: str
    disposition: str
    started_at: datetime
    ended_at: datetime
    talk_s: float
    q850: int | None
    sip_status: int | None
    campaign: str | None
    recording_url: str | None


async def find(
    connection: AsyncConnection,
    day: Date,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    agents: tuple[str, ...] | None = None,
    min_talk_s: float | None = None,
    limit: int = 500,
) -> list[CallRow]:
    """Calls that ended in (start, end] of *day*, of these *agents*; the newest *limit*."""
    query = sa.select(tables.facts).where(_facts.day == day, _facts.type == CALL)
    if start is not None:
        query = query.where(_facts.occurred_at > start)
    if end is not None:
        query = query.where(_facts.occurred_at <= end)
    if agents is not None:
        query = query.where(_facts.agent.in_(agents))
    if min_talk_s is not None:
        query = query.where(_facts.talk_s >= min_talk_s, _facts.disposition == "answered")
    rows = await connection.execute(query.order_by(_facts.occurred_at.desc(), _facts.event_id).limit(limit))
    return [call_row(row) for row in rows]


def call_row(row: Any) -> CallRow:
    """*row*: of the table ``facts``, a call."""
    return CallRow(
        call_id=str(row.data.get("call_id", "")),
        agent=row.agent,
        source=row.source,
        line=row.line,
        direction=row.direction or "",
        disposition=row.disposition or "",
        started_at=datetime.fromisoformat(row.data["started_at"]) if row.data.get("started_at") else row.occurred_at,
        ended_at=row.occurred_at,
        talk_s=row.talk_s or 0.0,
        q850=row.q850,
        sip_status=row.sip_status,
        campaign=row.campaign,
        recording_url=_web_address(row.data.get("recording_url")),
    )


def _web_address(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else None
