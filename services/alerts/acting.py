"""Does what people asked for: open rows of ``alert_acts``, each once, in one transaction with what follows from it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.alert_acts import (
    LONGEST_SILENCE_S,
    ActProblem,
    AlertAct,
    EndSilence,
    MakeSilence,
    Matcher,
    Mute,
    NotTechnical,
    Resolve,
    WasTechnical,
    alert_act,
)
from schemas.floor import Floor
from schemas.rows import derived_id
from schemas.tables import alert_acts, closes, technical
from services.alerts.storage import standing
from services.alerts.telling import Telling
from services.kit import logs
from services.kit.clock import Clock
from services.rules.alerting.acts import After, after
from services.rules.alerting.model import OPEN
from services.rules.day import working_day

AT_ONCE: Final = 50


class Acting:
    """``done`` is told kind, way and problem (or None) of each act."""

    def __init__(self, engine: AsyncEngine, clock: Clock, telling: Telling) -> None:
        self._engine, self._clock, self._telling = engine, clock, telling
        self.done: Callable[[str, str, str | None], None] = lambda kind, via, problem: None

    async def work(self) -> int:
        """Do what is open, oldest first; returns how many messages were written."""
        written = 0
        for _ in range(AT_ONCE):
            async with self._engine.begin() as connection:
                row = await _next(connection)
                if row is None:
                    return written
                await standing.alone(connection)
                problem, more = await self._one(connection, row)
                written += more
                same = alert_acts.c.act == row.act
                values = {"done_at": self._clock.now(), "problem": problem}
                await connection.execute(sa.update(alert_acts).where(same).values(**values))
            self.done(row.kind, row.via, problem)
            logs.get().info("an act about an alert", kind=row.kind, alert=row.alert, via=row.via, problem=problem)
        return written

    async def _one(self, connection: AsyncConnection, row: Any) -> tuple[ActProblem | None, int]:
        try:
            act = alert_act(row.kind, row.arguments)
        except (KeyError, msgspec.ValidationError):
            return "invalid", 0
        now = self._clock.now()
        if isinstance(act, MakeSilence):
            sane = not act.match.empty and now < act.until <= now + timedelta(seconds=LONGEST_SILENCE_S)
            if not sane or not act.reason.strip():
                return "invalid", 0
            await standing.silence(connection, row.act, act, row.by, now)
            return None, 0
        if isinstance(act, EndSilence):
            ended = await standing.end_silence(connection, act, row.by, now)
            return (None if ended else "no_silence"), 0
        found = await standing.locked(connection, row.alert) if row.alert else None
        if found is None:
            return "no_alert", 0
        return await self._about(connection, found, act, row)

    async def _about(
        self, connection: AsyncConnection, alert: Any, act: AlertAct, row: Any
    ) -> tuple[ActProblem | None, int]:
        before = await standing.called_technical(connection, alert.alert)
        result = after(alert.state, alert.owner, act, row.by, before)
        if not isinstance(result, After):
            return result, 0
        if not result.changed:
            return None, 0
        now, floor = self._clock.now(), self._telling.floor(alert.date)
        taken: dict[str, Any] = {}
        if isinstance(act, WasTechnical):
            taken = await _write_technical(connection, floor, alert, act, now)
            if not taken:
                return "no_people", 0
        if isinstance(act, NotTechnical):
            said = (technical.c.alert == alert.alert) & (technical.c.origin == "person")
            await connection.execute(sa.delete(technical).where(said))
        if isinstance(act, Mute):
            until = now + timedelta(seconds=min(max(act.for_s, 60), LONGEST_SILENCE_S))
            quiet = MakeSilence(match=Matcher(fingerprint=alert.fingerprint), until=until, reason=act.reason)
            await standing.silence(connection, row.act, quiet, row.by, now)
        ends = alert.resolved_at or (now if result.state in ("resolved", "invalidated") else None)
        if isinstance(act, NotTechnical) and result.state in OPEN:
            if await standing.open_like(connection, alert):
                result = After("resolved", row.by)  # another of its like has begun meanwhile
            else:
                ends = None
        note = _note(act)
        values = {"state": result.state, "owner": result.owner, "resolved_at": ends}
        await standing.step(connection, alert, now, row.kind, by=row.by, note=note, **values)
        if not alert.payload:
            return None, 0
        payload = {
            **alert.payload,
            "acted": {"what": row.kind, "by": row.by, "at": now.isoformat(), "note": note, **taken},
        }
        return None, await self._telling.changed(connection, floor, alert.alert, payload)


def _note(act: AlertAct) -> str:
    if isinstance(act, Resolve | Mute):
        return act.reason
    return act.note if isinstance(act, WasTechnical | NotTechnical) else ""


async def _next(connection: AsyncConnection) -> Any:
    query = sa.select(alert_acts).where(alert_acts.c.done_at.is_(None)).order_by(alert_acts.c.at, alert_acts.c.act)
    return (await connection.execute(query.limit(1).with_for_update(skip_locked=True))).first()


async def _write_technical(
    connection: AsyncConnection, floor: Floor, alert: Any, act: WasTechnical, now: datetime
) -> dict[str, Any]:
    """Technical minutes with origin ``person``: out of norms, and tasks of that time are invalidated at the next slice.

    Whose: the agents of the alert's team or agent, else those whose time it takes already, else the whole floor's. Returned:
    how many they are, from when to when; nothing when there is nobody, or no time.
    """
    agents = await _agents(connection, floor, alert)
    since = act.since or await _since(connection, floor, alert)
    until = act.until or alert.resolved_at or now
    if not agents or since >= until:
        return {}
    for agent in agents:
        fresh = insert(technical).values(
            id=derived_id("technical", "person", alert.alert, agent),
            alert=alert.alert,
            agent=agent,
            started_at=since,
            ended_at=until,
            origin="person",
        )
        again = {"started_at": since, "ended_at": until}
        await connection.execute(fresh.on_conflict_do_update(index_elements=[technical.c.id], set_=again))
    return {"people": len(agents), "since": since.isoformat(), "until": until.isoformat()}


async def _agents(connection: AsyncConnection, floor: Floor, alert: Any) -> list[str]:
    what, _, name = alert.scope.partition(":")
    if what == "agent":
        return [name] if name in floor.agent_by_id else []
    if what == "team" or alert.team:
        team = name if what == "team" else alert.team
        return [agent.id for agent in floor.agents if agent.team == team]
    query = sa.select(technical.c.agent).where(technical.c.alert == alert.alert).distinct()
    known = sorted((await connection.execute(query)).scalars())
    return known or [agent.id for agent in floor.agents]


async def _since(connection: AsyncConnection, floor: Floor, alert: Any) -> datetime:
    """When it began: by its evidence; of a team, the cut-off before the one at which it was seen, else the day's beginning."""
    fired_at: datetime = alert.fired_at
    told = alert.evidence.get("since")
    if isinstance(told, str):
        return min(datetime.fromisoformat(told), fired_at)
    if alert.kind != "efficiency":
        return fired_at
    query = sa.select(sa.func.max(closes.c.cut_off)).where(
        closes.c.date == alert.date, closes.c.cut_off < alert.fired_at
    )
    before: datetime | None = (await connection.execute(query)).scalar()
    return before or min(working_day(floor, alert.date).starts, fired_at)
