"""How complete the day's data are at this moment: late facts, backlog, rejections, delays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.facts import CALL
from schemas.floor import Floor
from services.rules.connecting import late
from services.rules.day import WorkingDay
from services.rules.trust import TrustEvidence

_facts, _journal, _closes, _replays = tables.facts.c, tables.journal.c, tables.closes.c, tables.replays.c
_differences = tables.differences.c

PARSED_WITHIN_S: Final = 10
"""Real seconds in which a webhook is parsed as a rule; only what waits longer is a backlog."""
CHECKED_WITHIN_S: Final = 60
"""Real seconds for which a difference that somebody saw counts, as at a close."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """``unheard``: sources that never sent a fact; ``connected``: those that did first on this day, and late on it.
    ``late``: facts that came after their slice was frozen; ``delay_p95_s``: received − occurred of each source's calls;
    ``backlog``: webhooks that wait to be parsed; ``differing``: agents whose live counters lastingly differ from facts."""

    facts: int
    late: int
    unattributed: int
    rejected: int
    backlog: int
    differing: int
    replaying: bool
    delay_p95_s: Mapping[str, float]
    unheard: frozenset[str] = frozenset()
    connected: Mapping[str, datetime] = field(default_factory=dict)


def evidence(fresh: Freshness, silences: Iterable[tuple[str, str, Mapping[str, Any]]]) -> TrustEvidence:
    """What the trust gate would be asked at this moment.

    Args:
        silences: (detector, scope, evidence) of every open alert about a source.
    """
    silent, feeds = set(), set()
    for detector, scope, found in silences:
        if detector == "crm_silence":
            feeds.add((str(found.get("source")), str(found.get("feed"))))
        else:
            silent.add(scope.removeprefix("source:"))
    return TrustEvidence(
        silent=frozenset(silent),
        silent_feeds=frozenset(feeds),
        unheard=fresh.unheard,
        connected=fresh.connected,
        delay_p95_s=fresh.delay_p95_s,
        unusable=fresh.rejected + fresh.unattributed,
        facts=fresh.facts + fresh.rejected,
        backlog=fresh.backlog,
        replaying=fresh.replaying,
        differing=fresh.differing > 0,
    )


async def read(
    connection: AsyncConnection,
    day: WorkingDay,
    since: datetime,
    floor: Floor,
    *,
    now: datetime,
    second: timedelta,
) -> Freshness:
    """Of one local day; delays of the calls since *since*. *second*: a real second on the floor's clock."""
    frozen = sa.exists().where(
        _closes.date == day.date,
        _closes.cut_off >= _facts.occurred_at,
        _facts.received_at > _closes.cut_off + sa.func.make_interval(0, 0, 0, 0, 0, 0, floor.grace_s),
    )
    counted = sa.select(
        sa.func.count().label("facts"),
        sa.func.count().filter(frozen).label("late"),
        sa.func.count().filter(_facts.agent.is_(None)).label("unattributed"),
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
        delay_p95_s=await _delays_p95(connection, day, since, now),
        unheard=await _unheard(connection, [source.id for source in floor.sources]),
        connected=late(floor, day, await _first_heard(connection, [source.id for source in floor.sources], day)),
    )


async def _unheard(connection: AsyncConnection, sources: Sequence[str]) -> frozenset[str]:
    heard = [sa.select(sa.literal(name)).where(sa.exists().where(_facts.source == name)) for name in sources]
    found = (await connection.execute(sa.union_all(*heard))).scalars() if heard else ()
    return frozenset(sources) - frozenset(found)


async def _first_heard(connection: AsyncConnection, sources: Sequence[str], day: WorkingDay) -> dict[str, datetime]:
    """Source → arrival of its first fact, of those that were first heard on *day*."""
    first = sa.select(sa.func.min(_facts.received_at))
    asked = [
        sa.select(sa.literal(name).label("source"), first.where(_facts.source == name).scalar_subquery().label("first"))
        for name in sources
    ]
    rows = (await connection.execute(sa.union_all(*asked))).all() if asked else ()
    return {row.source: row.first for row in rows if row.first is not None and day.starts < row.first <= day.ends}


async def _delays_p95(connection: AsyncConnection, day: WorkingDay, since: datetime, now: datetime) -> dict[str, float]:
    """As at a close: of calls of this very day only; what happened on another one is no lateness of today."""
    delay = sa.cast(sa.func.extract("epoch", _facts.received_at - _facts.occurred_at), sa.Float)
    query = (
        sa.select(_facts.source, sa.func.percentile_cont(0.95).within_group(delay.asc()))
        .where(_facts.day == day.date, _facts.type == CALL, _facts.occurred_at > since, _facts.occurred_at <= now)
        .group_by(_facts.source)
    )
    return {source: float(p95) for source, p95 in await connection.execute(query)}
