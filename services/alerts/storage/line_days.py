"""Lines as ``facts`` has them: which could have failed today, their attempts in order, their base rate."""

from collections.abc import Iterable
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import CALL
from schemas.floor import Floor
from schemas.tables import facts
from services.rules.causes import is_network_failure
from services.rules.detectors.line_failure import Attempt, base_rate
from services.rules.technical import HISTORY_DAYS

OUTBOUND: Final = (facts.c.type == CALL) & (facts.c.direction == "outbound")
CODES: Final = (facts.c.disposition, facts.c.sip_status, facts.c.q850)


async def suspicious(connection: AsyncConnection, floor: Floor, date: Date) -> set[str]:
    """Lines with enough network failures on *date* for a finding to be possible."""
    query = (
        sa.select(facts.c.line, *CODES, sa.func.count().label("n"))
        .where(OUTBOUND, facts.c.day == date, facts.c.disposition.notin_(("answered", "voicemail")))
        .group_by(facts.c.line, *CODES)
    )
    failures: dict[str, int] = {}
    for row in await connection.execute(query):
        if _failed(row, floor):
            failures[row.line] = failures.get(row.line, 0) + row.n
    by = floor.outages.line_failure
    return {line for line, count in failures.items() if count >= min(by.in_a_row, by.min_failures)}


async def attempts(
    connection: AsyncConnection, floor: Floor, date: Date, lines: Iterable[str]
) -> dict[str, list[Attempt]]:
    """Line → its outbound attempts of *date*, in order of time."""
    found: dict[str, list[Attempt]] = {line: [] for line in lines}
    query = (
        sa.select(
            facts.c.line,
            facts.c.occurred_at,
            facts.c.agent,
            facts.c.customer,
            *CODES,
            sa.case((facts.c.disposition != "answered", facts.c.data["call_id"].astext), else_="").label("call_id"),
        )
        .where(OUTBOUND, facts.c.day == date, facts.c.line.in_(found))
        .order_by(facts.c.occurred_at, facts.c.event_id)
    )
    for row in await connection.execute(query):
        found[row.line].append(_attempt(row, floor))
    return found


async def bases(connection: AsyncConnection, floor: Floor, date: Date, lines: Iterable[str]) -> dict[str, float]:
    """Line → base rate of network failures, fixed for *date*."""
    query = (
        sa.select(facts.c.line, facts.c.day, *CODES, sa.func.count().label("n"))
        .where(
            OUTBOUND,
            facts.c.line.in_(list(lines)),
            facts.c.day >= date - timedelta(days=HISTORY_DAYS),
            facts.c.day < date,
        )
        .group_by(facts.c.line, facts.c.day, *CODES)
    )
    days: dict[str, dict[Date, list[int]]] = {}
    for row in await connection.execute(query):
        total = days.setdefault(row.line, {}).setdefault(row.day, [0, 0])
        total[0] += row.n
        total[1] += row.n if _failed(row, floor) else 0
    by = floor.outages.line_failure
    return {line: base_rate([(n, k) for n, k in own.values()], by) for line, own in days.items()}


async def calls(connection: AsyncConnection, since: datetime, until: datetime) -> list[tuple[datetime, str, str]]:
    """(ended_at, agent, line) of outbound attempts in [since, until]."""
    query = sa.select(facts.c.occurred_at, facts.c.agent, facts.c.line).where(
        OUTBOUND, facts.c.agent.is_not(None), facts.c.occurred_at >= since, facts.c.occurred_at <= until
    )
    return [(row.occurred_at, row.agent, row.line) for row in await connection.execute(query)]


def _failed(row: Any, floor: Floor) -> bool:
    return is_network_failure(row.disposition, row.sip_status, row.q850, floor.outages.causes)


def _attempt(row: Any, floor: Floor) -> Attempt:
    code = f"SIP {row.sip_status}" if row.sip_status else f"Q.850 {row.q850}" if row.q850 else ""
    return Attempt(
        row.occurred_at, row.agent, row.customer, _failed(row, floor), code, row.call_id or "", row.disposition
    )
