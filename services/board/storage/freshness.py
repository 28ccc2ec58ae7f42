"""How complete the day's data are at this moment: late facts, backlog, rejections, delays."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.facts import CALL
from services.rules.day import WorkingDay

_facts, _journal, _closes, _replays = tables.facts.c, tables.journal.c, tables.closes.c, tables.replays.c
_differences = tables.differences.c

PARSED_WITHIN_S: Final = 10
"""Real seconds in which a webhook is parsed as a rule; only what waits longer is a backlog."""
CHECKED_WITHIN_S: Final = 60
"""Real seconds for which a difference that somebody saw counts, as at a close."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """``late``: facts that came after their slice was frozen; ``delay_s``: p95 of received − occurred of calls;
    ``backlog``: webhooks that wait to be parsed; ``differing``: agents whose live counters lastingly differ from facts."""

    facts: int
    late: int
    unattributed: int
    rejected: int
    backlog: int
    differing: int
    replaying: bool
    delay_s: float | None


async def read(
    connection: AsyncConnection,
    day: WorkingDay,
    since: datetime,
    grace_s: float,
    *,
    now: datetime,
    second: timedelta,
) -> Freshness:
    """Of one local day; delays of the calls since *since*. *second*: a real second on the floor's clock."""
    frozen = sa.exists().where(
        _closes.date == day.date,
        _closes.cut_off >= _facts.occurred_at,
        _facts.received_at > _closes.cut_off + sa.func.make_interval(0, 0, 0, 0, 0, 0, grace_s),
    )
    delay = sa.func.extract("epoch", _facts.received_at - _facts.occurred_at)
    recent = sa.and_(_facts.type == CALL, _facts.occurred_at > since)
    counted = sa.select(
        sa.func.count().label("facts"),
        sa.func.count().filter(frozen).label("late"),
        sa.func.count().filter(_facts.agent.is_(None)).label("unattributed"),
        sa.func.percentile_cont(0.95).within_group(delay.asc()).filter(recent).label("delay_s"),
    ).where(_facts.day == day.date)
    row = (await connection.execute(counted)).one()
    rejected = sa.select(sa.func.count()).where(
        _journal.state == "rejected", _journal.received_at > day.starts, _journal.received_at <= day.ends
    )
    backlog = sa.select(sa.func.count()).where(
        _journal.state == "new", _journal.received_at <= now - PARSED_WITHIN_S * second
    )
    differing = sa.select(sa.func.coalesce(sa.func.sum(_differences.agents), 0)).where(
        _differences.checked_at >= now - CHECKED_WITHIN_S * second
    )
    replaying = sa.select(sa.func.count()).where(_replays.finished_at.is_(None))
    return Freshness(
        facts=row.facts,
        late=row.late,
        unattributed=row.unattributed,
        rejected=(await connection.execute(rejected)).scalar_one(),
        backlog=(await connection.execute(backlog)).scalar_one(),
        differing=int((await connection.execute(differing)).scalar_one()),
        replaying=bool((await connection.execute(replaying)).scalar_one()),
        delay_s=None if row.delay_s is None else float(row.delay_s),
    )
