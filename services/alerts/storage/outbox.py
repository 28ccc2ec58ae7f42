"""The outbox: one row a message state and channel; claimed with a lease, never held open across HTTP (RELIABILITY §2).

A *lane* is one (channel, target): its messages go out one after another, in the order they were written. Leases and
``next_at`` are the machine's time, not the floor's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.tables import alerts, messages, outbox
from services.alerts.notifiers import CONSOLE


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message state for one lane, to be written in the transaction that changed the state."""

    group_key: str
    transition: int
    channel: str
    target: str
    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours until ``lease_until``."""

    id: int
    group_key: str
    transition: int
    channel: str
    target: str
    kind: str
    payload: dict[str, Any]
    attempts: int
    ambiguous: bool
    created_at: datetime
    lease_until: datetime

    @property
    def lane(self) -> tuple[str, str]:
        return self.channel, self.target

    @property
    def parent(self) -> str | None:
        """group_key of the message in whose thread this one goes."""
        found: str | None = self.payload.get("parent") or (self.payload.get("under") or {}).get("alert")
        return found

    @property
    def whole(self) -> bool:
        """It says all there is to say: where nothing can be answered below, it is a message of its own."""
        return "parent" not in self.payload


CLAIM: Final = sa.text("""
    WITH heads AS (
        SELECT o.id FROM outbox o
        WHERE o.state = 'pending' AND o.next_at <= :now
          AND NOT EXISTS (
            SELECT 1 FROM outbox e
            WHERE e.channel = o.channel AND e.target = o.target AND e.id <> o.id
              AND (e.state = 'sending'
                   OR (e.id < o.id AND e.state = 'pending' AND (e.next_at <= :now OR e.attempts > 0))))
        ORDER BY o.id LIMIT :limit
        FOR UPDATE SKIP LOCKED)
    UPDATE outbox SET state = 'sending', attempts = attempts + 1, lease_until = :lease
    FROM heads WHERE outbox.id = heads.id
    RETURNING outbox.id, group_key, transition, channel, target, kind, payload, attempts, ambiguous, created_at,
              lease_until
""")


async def write(connection: AsyncConnection, one: Outgoing, now: datetime, due: datetime) -> bool:
    """Write a message state; False when it was there already. What waits with an older state is superseded.

    A superseded state that may have arrived hands its doubt on.
    """
    waiting = (
        (outbox.c.group_key == one.group_key)
        & (outbox.c.channel == one.channel)
        & (outbox.c.target == one.target)
        & (outbox.c.transition < one.transition)
        & (outbox.c.state == "pending")
    )
    superseded = await connection.execute(
        sa.update(outbox).where(waiting).values(state="superseded").returning(outbox.c.ambiguous)
    )
    doubtful = any(superseded.scalars())
    found = await connection.execute(
        insert(outbox)
        .values(
            group_key=one.group_key,
            transition=one.transition,
            channel=one.channel,
            target=one.target,
            kind=one.kind,
            payload=one.payload,
            created_at=now,
            next_at=due,
            ambiguous=doubtful,
        )
        .on_conflict_do_nothing()
        .returning(outbox.c.id)
    )
    return found.first() is not None


async def claim(connection: AsyncConnection, now: datetime, lease_s: float, limit: int) -> list[Claimed]:
    """Heads of all lanes that are due; commit before you send."""
    lease = now + timedelta(seconds=lease_s)
    rows = await connection.execute(CLAIM, {"now": now, "lease": lease, "limit": limit})
    return [Claimed(**row._mapping) for row in rows]


async def expire(connection: AsyncConnection, now: datetime) -> int:
    """Rows whose sender died or hangs wait again; whether they arrived is in doubt."""
    lost = _free((outbox.c.state == "sending") & (outbox.c.lease_until < now))
    done = await connection.execute(
        sa.update(outbox).where(lost).values(state="pending", ambiguous=True, next_at=now, lease_until=None)
    )
    return done.rowcount


def _free(which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Those of *which* that nobody else is changing: two who change many rows would wait for each other for ever."""
    return outbox.c.id.in_(sa.select(outbox.c.id).where(which).with_for_update(skip_locked=True))


async def settle(connection: AsyncConnection, row: Claimed, **values: Any) -> bool:
    """Write the result of an attempt, unless the row has gone to somebody else meanwhile."""
    ours = (outbox.c.id == row.id) & (outbox.c.state == "sending") & (outbox.c.lease_until == row.lease_until)
    done = await connection.execute(sa.update(outbox).where(ours).values(lease_until=None, **values))
    return done.rowcount == 1


async def pause(connection: AsyncConnection, channel: str, until: datetime) -> None:
    """The whole channel waits."""
    waiting = (outbox.c.channel == channel) & (outbox.c.state == "pending") & (outbox.c.next_at < until)
    await connection.execute(sa.update(outbox).where(_free(waiting)).values(next_at=until))


@dataclass(frozen=True, slots=True)
class Shown:
    ts: str
    transition: int


async def shown(connection: AsyncConnection, channel: str, target: str, group_key: str) -> Shown | None:
    """The living message of a group in a lane."""
    query = sa.select(messages.c.ts, messages.c.transition).where(
        messages.c.channel == channel, messages.c.target == target, messages.c.group_key == group_key
    )
    row = (await connection.execute(query)).first()
    return Shown(row.ts, row.transition) if row else None


async def show(connection: AsyncConnection, row: Claimed, ts: str, transition: int, now: datetime) -> None:
    """Remember what a living message shows; the transition only grows."""
    fresh = insert(messages).values(
        channel=row.channel, target=row.target, group_key=row.group_key, ts=ts, transition=transition, updated_at=now
    )
    await connection.execute(
        fresh.on_conflict_do_update(
            index_elements=[messages.c.channel, messages.c.target, messages.c.group_key],
            set_={"ts": ts, "transition": transition, "updated_at": now},
            where=messages.c.transition <= transition,
        )
    )


async def is_waiting(connection: AsyncConnection, channel: str, target: str, group_key: str) -> bool:
    query = sa.select(sa.literal(1)).where(
        outbox.c.group_key == group_key,
        outbox.c.channel == channel,
        outbox.c.target == target,
        outbox.c.state.in_(("pending", "sending")),
    )
    return (await connection.execute(query.limit(1))).first() is not None


async def is_hopeless(connection: AsyncConnection, row: Claimed) -> bool:
    """True when this state of the message reaches nobody by any other lane."""
    query = sa.select(sa.literal(1)).where(
        outbox.c.group_key == row.group_key,
        outbox.c.transition >= row.transition,
        outbox.c.id != row.id,
        outbox.c.state.in_(("pending", "sending", "sent")),
    )
    return (await connection.execute(query.limit(1))).first() is None


async def overdue(connection: AsyncConnection, before: datetime) -> list[Outgoing]:
    """Outages that nobody has heard of since *before*."""
    other = outbox.alias()
    told = sa.exists().where(
        other.c.group_key == outbox.c.group_key,
        other.c.id != outbox.c.id,
        sa.or_(other.c.state == "sent", other.c.channel == CONSOLE.id),
    )
    query = sa.select(outbox).where(
        outbox.c.state.in_(("pending", "sending")), outbox.c.kind == "outage", outbox.c.created_at < before, ~told
    )
    rows = (await connection.execute(query)).all()
    return [
        Outgoing(row.group_key, row.transition, row.channel, row.target, row.kind, row.payload)
        for row in rows
        if "parent" not in row.payload
    ]


async def newest(connection: AsyncConnection, group_key: str) -> Any:
    """The newest state of a message: transition, payload, kind, created_at; None when there is none."""
    columns = (outbox.c.transition, outbox.c.payload, outbox.c.kind, outbox.c.created_at)
    query = sa.select(*columns).where(outbox.c.group_key == group_key).order_by(outbox.c.transition.desc(), outbox.c.id)
    return (await connection.execute(query.limit(1))).first()


async def everywhere(connection: AsyncConnection, group_key: str) -> list[Outgoing]:
    """The newest state of a message in each of its places."""
    query = sa.select(outbox).where(outbox.c.group_key == group_key).order_by(outbox.c.transition, outbox.c.id)
    newest = {(row.channel, row.target): row for row in await connection.execute(query)}
    return [
        Outgoing(row.group_key, row.transition, row.channel, row.target, row.kind, row.payload)
        for row in newest.values()
    ]


async def first(connection: AsyncConnection, group_key: str) -> Any:
    """The state with which a message began: kind and payload; None when there is none."""
    query = sa.select(outbox.c.kind, outbox.c.payload).where(outbox.c.group_key == group_key)
    return (await connection.execute(query.order_by(outbox.c.transition, outbox.c.id).limit(1))).first()


async def alone(connection: AsyncConnection, group_key: str) -> None:
    """Until the transaction ends nobody else who asks the same writes this message."""
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(group_key, 0))))


async def by_state(connection: AsyncConnection) -> dict[str, int]:
    query = sa.select(outbox.c.state, sa.func.count().label("n")).group_by(outbox.c.state)
    return {row.state: row.n for row in await connection.execute(query)}


async def oldest(connection: AsyncConnection, now: datetime) -> dict[str, float]:
    """Channel → age in seconds of its oldest message that is due and not sent."""
    age = sa.func.min(sa.func.greatest(outbox.c.created_at, sa.case((outbox.c.attempts == 0, outbox.c.next_at))))
    query = (
        sa.select(outbox.c.channel, age)
        .where(
            outbox.c.state.in_(("pending", "sending")),
            sa.or_(outbox.c.next_at <= now, outbox.c.attempts > 0),
        )
        .group_by(outbox.c.channel)
    )
    rows = (await connection.execute(query)).all()
    return {channel: max(0.0, (now - since).total_seconds()) for channel, since in rows}


async def refused(connection: AsyncConnection, since: datetime) -> set[str]:
    """Channels with a message that died *since* then, and none to the same place that arrived later."""
    later = outbox.alias()
    arrived = sa.exists().where(
        later.c.state == "sent",
        later.c.channel == outbox.c.channel,
        later.c.target == outbox.c.target,
        later.c.sent_at > outbox.c.created_at,
    )
    query = sa.select(outbox.c.channel).where(outbox.c.state == "dead", outbox.c.created_at >= since, ~arrived)
    return set((await connection.execute(query.distinct())).scalars())


async def standing(connection: AsyncConnection, channel: str, since: datetime) -> list[Outgoing]:
    """The newest delivered state of each alert that is open, or whose end was delivered after *since*, as *channel* knows it."""
    query = (
        sa.select(outbox)
        .distinct(outbox.c.group_key, outbox.c.target)
        .join(alerts, sa.cast(alerts.c.alert, sa.Text) == outbox.c.group_key)
        .where(outbox.c.channel == channel, outbox.c.state == "sent")
        .where(sa.or_(alerts.c.resolved_at.is_(None), outbox.c.sent_at >= since))
        .order_by(outbox.c.group_key, outbox.c.target, outbox.c.transition.desc())
    )
    return [
        Outgoing(row.group_key, row.transition, row.channel, row.target, row.kind, row.payload)
        for row in await connection.execute(query)
    ]
