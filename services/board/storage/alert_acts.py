"""Acts on alerts: the board inserts them, alerts does them; silences and how precise each rule is, to be shown."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.alert_acts import AlertAct, arguments_of, kind_of
from schemas.rows import derived_id

_acts, _alerts, _silences = tables.alert_acts.c, tables.alerts.c, tables.silences.c
_outbox = tables.outbox.c
PRECISION_DAYS: Final = 28


class AlertActs:
    """What does not answer within *deadline_s* raises TimeoutError."""

    def __init__(self, engine: AsyncEngine, deadline_s: float) -> None:
        self._engine, self._deadline_s = engine, deadline_s

    async def ask(self, act: AlertAct, alert: str | None, at: datetime, by: str, key: str) -> str:
        """The act's id; asked twice with the same *key* it is one act."""
        identity = derived_id("alert_act", "board", alert, kind_of(act), by, key)
        row = {"act": identity, "alert": alert, "kind": kind_of(act), "arguments": arguments_of(act)}
        values = insert(tables.alert_acts).values(**row, at=at, by=by, via="board")
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            await connection.execute(values.on_conflict_do_nothing())
        return identity


@dataclass(frozen=True, slots=True)
class Precision:
    """Of one rule in 28 days: alerts that somebody was told of, and those that somebody acted upon."""

    detector: str
    told: int
    acted: int

    @property
    def share(self) -> float:
        return self.acted / self.told


async def known(connection: AsyncConnection, alert: str) -> Any:
    """``team``, ``state`` and ``transition`` of an alert; None when there is none."""
    query = sa.select(_alerts.team, _alerts.state, _alerts.transition).where(_alerts.alert == alert)
    return (await connection.execute(query)).first()


async def precision(connection: AsyncConnection, now: datetime) -> list[Precision]:
    acted = sa.exists().where(
        _acts.alert == _alerts.alert,
        _acts.problem.is_(None),
        _acts.done_at.is_not(None),
        _acts.kind.in_(("acknowledge", "technical", "resolve")),
    )
    query = (
        sa.select(_alerts.detector, sa.func.count(), sa.func.count().filter(acted))
        .where(_alerts.told_at >= now - timedelta(days=PRECISION_DAYS))
        .group_by(_alerts.detector)
        .order_by(_alerts.detector)
    )
    return [Precision(*row) for row in await connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A channel whose newest news is bad: ``count`` messages of the last day died there after the last that arrived."""

    channel: str
    target: str
    count: int
    reason: str
    last_at: datetime

    @property
    def word(self) -> str:
        """What the channel said, without what it said about it: ``missing_scope: im:write``."""
        return self.reason.partition(":")[0]

    @property
    def about(self) -> str:
        return self.reason.partition(":")[2].strip()


async def undelivered(connection: AsyncConnection) -> list[Undelivered]:
    """By channel and target, the machine's time; gone as soon as something arrives there again."""
    other = tables.outbox.alias()
    arrived = sa.select(sa.func.max(other.c.sent_at)).where(
        other.c.state == "sent", other.c.channel == _outbox.channel, other.c.target == _outbox.target
    )
    since = sa.func.coalesce(arrived.scalar_subquery(), sa.func.to_timestamp(0))
    newest = sa.func.array_agg(aggregate_order_by(_outbox.error, _outbox.id.desc()))
    query = (
        sa.select(_outbox.channel, _outbox.target, sa.func.count(), newest, sa.func.max(_outbox.created_at))
        .where(_outbox.state == "dead", _outbox.created_at >= sa.func.now() - timedelta(days=1))
        .where(_outbox.created_at > since)
        .group_by(_outbox.channel, _outbox.target)
        .order_by(_outbox.channel, _outbox.target)
    )
    return [Undelivered(one[0], one[1], one[2], one[3][0] or "", one[4]) for one in await connection.execute(query)]


async def silences(connection: AsyncConnection, now: datetime) -> list[Any]:
    """Those in force, the next to end first."""
    query = sa.select(tables.silences).where(_silences.until > now, _silences.ended_at.is_(None))
    return list(await connection.execute(query.order_by(_silences.until)))
