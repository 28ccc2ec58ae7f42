"""Alerts as the pipeline sees them, silences in force, and what is written when somebody is told or not."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.alert_acts import EndSilence, MakeSilence, Matcher
from schemas.floor import Floor
from schemas.tables import alert_acts, alert_transitions, alerts, outbox, silences, technical
from services.rules.alerting.model import Silence, Standing, World

_alerts, _silences = alerts.c, silences.c
LOCK = 7_120_031
"""Who tells of alerts does so alone: the budget of the day is one number."""
LOOK_BACK = timedelta(days=1)


async def alone(connection: AsyncConnection) -> None:
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


async def world(connection: AsyncConnection, floor: Floor, now: datetime, planned: int = 0) -> World:
    """Alerts of the last day and those still open, with the teams they take the time of; silences in force.

    Args:
        planned: messages of the day that are not alerts.
    """
    recent = sa.or_(
        _alerts.resolved_at.is_(None), _alerts.fired_at >= now - LOOK_BACK, _alerts.resolved_at >= now - LOOK_BACK
    )
    rows = (await connection.execute(sa.select(alerts).where(recent).order_by(_alerts.fired_at))).all()
    agents = await _agents_hit(connection, rows)
    held = sa.select(silences).where(_silences.until > now, _silences.ended_at.is_(None)).order_by(_silences.starts)
    kept = tuple(
        Silence(row.silence, msgspec.convert(row.match, Matcher), row.starts, row.until)
        for row in await connection.execute(held)
    )
    found = (standing(row, floor, agents.get(row.alert, frozenset())) for row in rows)
    whole = World(floor, now, tuple(found), kept, planned=planned)
    return replace(whole, reminders=await _aloud_since(connection, whole.midnight))


def standing(row: Any, floor: Floor, agents: frozenset[str] = frozenset()) -> Standing:
    names = Standing.__dataclass_fields__.keys() - {"teams", "agents"}
    return Standing(**{name: getattr(row, name) for name in names}, teams=_teams_hit(floor, agents), agents=agents)


async def _agents_hit(connection: AsyncConnection, rows: Sequence[Any]) -> dict[str, frozenset[str]]:
    """Alert → agents whose time it takes, or took."""
    if not rows:
        return {}
    since = min(row.fired_at for row in rows) - LOOK_BACK
    query = sa.select(technical.c.alert, technical.c.agent).where(
        technical.c.alert.in_([row.alert for row in rows]), technical.c.started_at >= since
    )
    found: dict[str, set[str]] = defaultdict(set)
    for row in await connection.execute(query.distinct()):
        found[row.alert].add(row.agent)
    return {alert: frozenset(agents) for alert, agents in found.items()}


def _teams_hit(floor: Floor, agents: frozenset[str]) -> frozenset[str]:
    """Teams of which at least half are among *agents*."""
    if not agents:
        return frozenset()
    sizes = Counter(agent.team for agent in floor.agents)
    hit = Counter(floor.agent_by_id[agent].team for agent in agents if agent in floor.agent_by_id)
    return frozenset(team for team, count in hit.items() if 2 * count >= sizes[team])


async def locked(connection: AsyncConnection, alert: str) -> Any:
    """The row of *alert*, ours until the transaction ends; None when there is none."""
    query = sa.select(alerts).where(_alerts.alert == alert).with_for_update()
    return (await connection.execute(query)).first()


async def called_technical(connection: AsyncConnection, alert: str) -> str | None:
    """The state in which a person called it technical; None when nobody did, or it was taken back since."""
    steps = alert_transitions.c
    query = sa.select(steps.state, steps.what).where(steps.alert == alert).order_by(steps.transition)
    before, found = "firing", None
    for state, what in await connection.execute(query):
        if what == "technical":
            found = found or before
        elif what == "not_technical":
            found = None
        before = state
    return found


async def open_like(connection: AsyncConnection, alert: Any) -> bool:
    """Whether another alert of its fingerprint is open."""
    like = (_alerts.fingerprint == alert.fingerprint) & (_alerts.alert != alert.alert) & _alerts.resolved_at.is_(None)
    return (await connection.execute(sa.select(sa.literal(1)).where(like).limit(1))).first() is not None


async def waiting(connection: AsyncConnection) -> list[tuple[str, Date]]:
    """Open alerts that something may have to be said about."""
    query = sa.select(_alerts.alert, _alerts.date).where(_alerts.resolved_at.is_(None), _alerts.payload.is_not(None))
    return [(row.alert, row.date) for row in await connection.execute(query.order_by(_alerts.fired_at))]


async def write(connection: AsyncConnection, alert: str, **values: Any) -> None:
    await connection.execute(sa.update(alerts).where(_alerts.alert == alert).values(**values))


async def step(
    connection: AsyncConnection,
    row: Any,
    now: datetime,
    what: str,
    *,
    by: str | None = None,
    note: str = "",
    **values: Any,
) -> int:
    """One more transition of an alert that is not the finding's own doing; returns its number."""
    number: int = row.transition + 1
    await write(connection, row.alert, transition=number, **values)
    await connection.execute(
        insert(alert_transitions).values(
            alert=row.alert,
            transition=number,
            state=values.get("state", row.state),
            verdict=row.verdict,
            at=now,
            what=what,
            by=by,
            note=note or None,
        )
    )
    return number


async def reminders(connection: AsyncConnection, alert: str) -> int:
    """How often it was said again."""
    query = sa.select(sa.func.count()).where(alert_transitions.c.alert == alert, alert_transitions.c.what == "repeat")
    return int((await connection.execute(query)).scalar_one())


async def _aloud_since(connection: AsyncConnection, since: datetime) -> int:
    """How often a whole channel was told that something still lasts."""
    of = alert_transitions.c
    key = sa.cast(of.alert, sa.Text) + "/again/" + sa.cast(of.transition, sa.Text)
    said = sa.exists().where(outbox.c.group_key == key, outbox.c.payload["broadcast"].as_boolean())
    query = sa.select(sa.func.count()).where(of.what == "repeat", of.at >= since, said)
    return int((await connection.execute(query)).scalar_one())


async def told_below(connection: AsyncConnection, alert: str) -> list[Any]:
    """Payloads of the alerts told in the thread of *alert*, in order."""
    query = sa.select(_alerts.payload).where(_alerts.below == alert, _alerts.payload.is_not(None))
    return list((await connection.execute(query.order_by(_alerts.told_at, _alerts.fired_at, _alerts.alert))).scalars())


async def told_before(connection: AsyncConnection, row: Any, since: datetime) -> bool:
    """Whether the same fault was told since, before it came again as *row*."""
    same = (_alerts.fingerprint == row.fingerprint) & (_alerts.alert != row.alert)
    query = sa.select(sa.literal(1)).where(same, _alerts.told_at >= since, _alerts.told_at < row.told_at)
    return (await connection.execute(query.limit(1))).first() is not None


async def held(connection: AsyncConnection) -> dict[str, int]:
    """Open alerts that nobody was told of, by the word that says why."""
    word = sa.func.split_part(_alerts.held, ":", 1)
    query = sa.select(word, sa.func.count()).where(_alerts.resolved_at.is_(None), _alerts.held.is_not(None))
    rows = (await connection.execute(query.group_by(word))).all()
    return {row[0]: row[1] for row in rows}


async def oldest_act(connection: AsyncConnection) -> datetime | None:
    """When the oldest act that is not done was asked for."""
    query = sa.select(sa.func.min(alert_acts.c.at)).where(alert_acts.c.done_at.is_(None))
    found: datetime | None = (await connection.execute(query)).scalar()
    return found


async def acted(connection: AsyncConnection, since: datetime) -> dict[str, float]:
    """Rule → share of the alerts told since that somebody took, closed or called technical."""
    done = sa.exists().where(
        alert_acts.c.alert == _alerts.alert,
        alert_acts.c.done_at.is_not(None),
        alert_acts.c.problem.is_(None),
        alert_acts.c.kind.in_(("acknowledge", "technical", "resolve")),
    )
    share = sa.func.avg(sa.case((done, 1.0), else_=0.0))
    query = sa.select(_alerts.detector, share).where(_alerts.told_at >= since).group_by(_alerts.detector)
    return {detector: float(found) for detector, found in (await connection.execute(query)).all()}


async def silence(connection: AsyncConnection, identity: str, asked: MakeSilence, owner: str, now: datetime) -> None:
    await connection.execute(
        insert(silences)
        .values(
            silence=identity,
            match=msgspec.to_builtins(asked.match),
            owner=owner,
            reason=asked.reason,
            starts=now,
            until=asked.until,
        )
        .on_conflict_do_nothing()
    )


async def end_silence(connection: AsyncConnection, asked: EndSilence, by: str, now: datetime) -> bool:
    """False when there is none in force."""
    mine = (_silences.silence == asked.silence) & _silences.ended_at.is_(None) & (_silences.until > now)
    done = await connection.execute(sa.update(silences).where(mine).values(ended_at=now, ended_by=by))
    return done.rowcount == 1
