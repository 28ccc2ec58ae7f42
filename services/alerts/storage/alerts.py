"""Alerts and their transitions: a state changes together with its outbox rows, in one transaction, once.

Evaluated again, or by a second service, nothing happens: the row is locked, compared, and left alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.rows import derived_id
from schemas.tables import alert_transitions, alerts, technical
from services.alerts.findings.episode import Episode

OVER: Final = ("resolved", "invalidated")
AGAIN_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction changed about an alert: to be announced in the same one. ``again``: how often in a week."""

    alert: str
    state: str
    transition: int
    again: int


async def apply(
    connection: AsyncConnection, episode: Episode, now: datetime, others: Collection[str] = ()
) -> Change | None:
    """Bring the alert of *episode* up to date; None when there is nothing to tell.

    Args:
        others: alerts of the other episodes known now; their rows are never taken for this one's.
    """
    row = await _row_of(connection, episode, others)
    if row is None:
        return await _open(connection, episode, now)
    await _write_technical(connection, row.alert, episode)
    if row.state in OVER:
        return None
    state = "resolved" if episode.resolved_at else row.state
    told = (row.state, row.verdict, row.evidence.get("phase"))
    changed = told != (state, episode.verdict, episode.stored_evidence.get("phase"))
    values: dict[str, Any] = {
        "evidence": episode.stored_evidence,
        "verdict": episode.verdict,
        "scope": episode.scope,
        "kind": episode.kind,
        "state": state,
        "resolved_at": episode.resolved_at,
        "transition": row.transition + changed,
    }
    await connection.execute(sa.update(alerts).where(alerts.c.alert == row.alert).values(**values))
    if not changed:
        return None
    await _transit(connection, row.alert, row.transition + 1, state, episode.verdict, now)
    return Change(row.alert, state, row.transition + 1, await _again(connection, episode))


async def withdraw(connection: AsyncConnection, alert: str, now: datetime) -> Change | None:
    """The facts known now never reached the limit: the alert is invalidated, its technical minutes go."""
    query = sa.select(alerts).where(alerts.c.alert == alert, alerts.c.resolved_at.is_(None)).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    evidence = {key: value for key, value in row.evidence.items() if key != "phase"}
    values = {"state": "invalidated", "resolved_at": now, "transition": row.transition + 1, "evidence": evidence}
    await connection.execute(sa.update(alerts).where(alerts.c.alert == alert).values(**values))
    await connection.execute(sa.delete(technical).where(technical.c.alert == alert, technical.c.origin == "detector"))
    await _transit(connection, alert, row.transition + 1, "invalidated", row.verdict, now)
    return Change(alert, "invalidated", row.transition + 1, 1)


async def open_alerts(connection: AsyncConnection, *detectors: str) -> Sequence[Any]:
    query = sa.select(alerts).where(alerts.c.detector.in_(detectors), alerts.c.resolved_at.is_(None))
    return (await connection.execute(query.order_by(alerts.c.fired_at))).all()


async def unannounced(connection: AsyncConnection, limit: int = 200) -> Sequence[Any]:
    """Transitions that Kafka has not heard of."""
    query = sa.select(alert_transitions).where(alert_transitions.c.announced_at.is_(None))
    return (await connection.execute(query.order_by(alert_transitions.c.at).limit(limit))).all()


async def announced(connection: AsyncConnection, rows: Sequence[Any], now: datetime) -> None:
    for row in rows:
        same = (alert_transitions.c.alert == row.alert) & (alert_transitions.c.transition == row.transition)
        await connection.execute(sa.update(alert_transitions).where(same).values(announced_at=now))


async def counted(connection: AsyncConnection, since: datetime) -> dict[tuple[str, str], int]:
    """(kind, state) → alerts that fired since an instant or are open."""
    query = (
        sa.select(alerts.c.kind, alerts.c.state, sa.func.count())
        .where(sa.or_(alerts.c.fired_at >= since, alerts.c.resolved_at.is_(None)))
        .group_by(alerts.c.kind, alerts.c.state)
    )
    return {(kind, state): count for kind, state, count in (await connection.execute(query)).all()}


async def known(connection: AsyncConnection, alert: str) -> bool:
    return (await connection.execute(sa.select(alerts.c.alert).where(alerts.c.alert == alert))).first() is not None


async def _row_of(connection: AsyncConnection, episode: Episode, others: Collection[str]) -> Any:
    """The alert of this episode: by its id, else one of the same fingerprint that overlaps it (late facts moved it).

    A row of another episode may overlap too: a person ended it later than its facts did.
    """
    query = sa.select(alerts).where(alerts.c.fingerprint == episode.fingerprint)
    end = episode.resolved_at or datetime.max.replace(tzinfo=episode.fired_at.tzinfo)
    overlaps = (alerts.c.fired_at <= end) & (
        alerts.c.resolved_at.is_(None) | (alerts.c.resolved_at >= episode.fired_at)
    )
    same_day = (alerts.c.date == episode.date) & overlaps
    rows = (
        await connection.execute(
            query.where((alerts.c.alert == episode.alert) | same_day).order_by(alerts.c.fired_at).with_for_update()
        )
    ).all()
    by_id = next((row for row in rows if row.alert == episode.alert), None)
    free = (row for row in reversed(rows) if row.state != "invalidated" and row.alert not in others)
    return by_id or next(free, None)


async def _open(connection: AsyncConnection, episode: Episode, now: datetime) -> Change | None:
    state = "resolved" if episode.resolved_at else "firing"
    transition = 1 if episode.resolved_at else 0
    fresh = insert(alerts).values(
        alert=episode.alert,
        fingerprint=episode.fingerprint,
        kind=episode.kind,
        verdict=episode.verdict,
        scope=episode.scope,
        detector=episode.detector,
        state=state,
        fired_at=episode.fired_at,
        resolved_at=episode.resolved_at,
        evidence=episode.stored_evidence,
        transition=transition,
        date=episode.date,
        team=episode.team,
    )
    made = await connection.execute(fresh.on_conflict_do_nothing().returning(alerts.c.alert))
    if made.first() is None:
        return None
    await _transit(connection, episode.alert, 0, "firing", episode.verdict, now)
    if transition:
        await _transit(connection, episode.alert, 1, "resolved", episode.verdict, now)
    await _write_technical(connection, episode.alert, episode)
    return Change(episode.alert, state, transition, await _again(connection, episode))


async def _transit(
    connection: AsyncConnection, alert: str, transition: int, state: str, verdict: str, now: datetime
) -> None:
    await connection.execute(
        insert(alert_transitions).values(alert=alert, transition=transition, state=state, verdict=verdict, at=now)
    )


async def _again(connection: AsyncConnection, episode: Episode) -> int:
    """Which time it is within a week, this one included."""
    query = sa.select(sa.func.count()).where(
        alerts.c.fingerprint == episode.fingerprint,
        alerts.c.state != "invalidated",
        alerts.c.fired_at > episode.fired_at - timedelta(days=AGAIN_DAYS),
        alerts.c.fired_at <= episode.fired_at,
    )
    return max(1, (await connection.execute(query)).scalar() or 1)


async def _write_technical(connection: AsyncConnection, alert: str, episode: Episode) -> None:
    """One row an agent; opened, moved and closed with the alert."""
    kept = []
    for agent, started_at, ended_at in episode.technical:
        identity = derived_id("technical", alert, agent)
        kept.append(identity)
        fresh = insert(technical).values(
            id=identity, alert=alert, agent=agent, started_at=started_at, ended_at=ended_at, origin="detector"
        )
        await connection.execute(
            fresh.on_conflict_do_update(
                index_elements=[technical.c.id], set_={"started_at": started_at, "ended_at": ended_at}
            )
        )
    gone = (technical.c.alert == alert) & (technical.c.origin == "detector") & technical.c.id.notin_(kept)
    await connection.execute(sa.delete(technical).where(gone))
