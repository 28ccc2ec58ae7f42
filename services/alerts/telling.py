"""Whether anybody is told of an alert, by the steps of ``services.rules.alerting.pipeline``; and what is said again.

Everything happens in the transaction of whoever calls, one at a time: what was decided and the message are one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.floor import Floor
from services.alerts import announcing, reading, routing
from services.alerts.storage import outbox, standing
from services.alerts.storage.outbox import Outgoing
from services.alerts.wording import render
from services.kit.clock import Clock
from services.rules.alerting import pipeline, places
from services.rules.alerting.model import SEVERE, Standing, World, rank
from services.rules.day import date_of
from services.rules.versions import floor_on

Versions = Callable[[], Sequence[tuple[int, datetime, Floor]]]


class Telling:
    def __init__(self, engine: AsyncEngine, clock: Clock, versions: Versions) -> None:
        self._engine, self._clock, self._versions = engine, clock, versions

    async def look(self, now: datetime) -> int:
        """Alerts that were held and are not any more; reminders and escalations that are due. Returns messages written."""
        async with self._engine.connect() as connection:
            open_ = await standing.waiting(connection)
            if not open_:
                return 0
            worlds = {date: await self._world(connection, self.floor(date), now) for date in {d for _, d in open_}}
        written = 0
        severe_first = sorted(open_, key=lambda each: -_rank(each[0], worlds[each[1]]))
        for alert, date in severe_first:
            one = next((each for each in worlds[date].others if each.alert == alert), None)
            if one is not None and _something(one, worlds[date]):
                async with self._engine.begin() as connection:
                    await standing.alone(connection)
                    written += await self._again(connection, self.floor(date), alert, now)
        return written

    def floor(self, date: Any) -> Floor:
        """The newest routes and people with the day's own rules are one file: notifications take effect at once."""
        return replace_notify(floor_on(self._versions(), date)[1], self._versions()[-1][2])

    async def changed(
        self, connection: AsyncConnection, floor: Floor, alert: str, payload: Mapping[str, Any] | None = None
    ) -> int:
        """The alert's row was changed: tell, change what was told, or write down why nobody is told.

        Args:
            payload: what messages are rendered from, when the finding itself changed.
        """
        await standing.alone(connection)
        row = await standing.locked(connection, alert)
        if row is None or (payload is None and row.payload is None):
            return 0
        return await self._tell(connection, floor, row, dict(payload or row.payload))

    async def _tell(self, connection: AsyncConnection, floor: Floor, row: Any, payload: dict[str, Any]) -> int:
        now = self._clock.now()
        payload |= {
            "state": row.state,
            "resolved_at": row.resolved_at.isoformat() if row.resolved_at else None,
            "owner": floor.called(row.owner) if row.owner else None,
            "escalated": row.escalated_at is not None,
            "asked_by": None,
        }
        if row.state not in ("firing", "acknowledged"):
            payload["phase"] = None
        await standing.write(connection, row.alert, payload=payload)
        if row.told_at is None:
            if not await self._goes_out(connection, floor, row, now):
                return 0
            row = await standing.locked(connection, row.alert)
        payload |= await self._placed(connection, floor, row, payload)
        await standing.write(connection, row.alert, payload=payload)
        messages = announcing.of_alert(floor, payload, row.transition)
        if payload["was"] and not payload["place"]:
            known = {(one.channel, one.target) for one in messages}
            before = announcing.changed(floor, {**payload, "place": payload["was"]}, row.transition)
            messages += [one for one in before if (one.channel, one.target) not in known]
        written = await self.write(connection, floor, messages)
        return written + (await self._also(connection, floor, row.below) if row.below else 0)

    async def _placed(
        self, connection: AsyncConnection, floor: Floor, row: Any, payload: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Whose thread it stands in, what stands in its own, and who is named."""
        also = [_title(one) for one in await standing.told_below(connection, row.alert)]
        found: dict[str, Any] = {"also": also, "named": row.named, "under": None, "place": None, "was": None}
        if row.below is None:
            return found | await self._moved(connection, floor, row, payload)
        leader = await standing.locked(connection, row.below)
        found["under"] = {"alert": leader.alert, "kind": leader.kind, "team": leader.team}
        midnight = World(floor, self._clock.now()).midnight
        known = await standing.told_before(connection, row, midnight)
        found["mentions"] = [] if known else list(routing.everybody(floor, payload["team"], payload["technical"]))
        return found

    async def _moved(
        self, connection: AsyncConnection, floor: Floor, row: Any, payload: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A verdict that makes it a matter of others (one person's drop becomes a technical fault) changes the message where
        it stands; only what is severe is a new message at its own place too."""
        first = await outbox.first(connection, row.alert)
        if first is None or (first.kind, first.payload["team"]) == (payload["kind"], payload["team"]):
            return {}
        was = {"kind": first.kind, "team": first.payload["team"]}
        one, _ = await self._around(connection, floor, row.alert, self._clock.now())
        return {"was": was, "place": None if rank(one, floor) >= SEVERE else was}

    async def _also(self, connection: AsyncConnection, floor: Floor, leader: str) -> int:
        """What stands in the thread of *leader* is said in its message too, where that can be changed."""
        row = await standing.locked(connection, leader)
        also = [_title(one) for one in await standing.told_below(connection, leader)]
        if row.payload.get("also") == also:
            return 0
        payload = {**row.payload, "also": also}
        await standing.write(connection, leader, transition=row.transition + 1, payload=payload)
        return await self.write(connection, floor, announcing.changed(floor, payload, row.transition + 1))

    async def _goes_out(self, connection: AsyncConnection, floor: Floor, row: Any, now: datetime) -> bool:
        if row.state == "invalidated" or (row.held is not None and row.resolved_at is not None):
            return False  # the end of what was never announced is not announced
        one, around = await self._around(connection, floor, row.alert, now)
        found = pipeline.hold(one, around)
        if found is not None:
            await standing.write(connection, row.alert, held=str(found))
            return False
        await standing.write(connection, row.alert, held=None, told_at=now, below=places.below(one, around))
        return True

    async def _world(self, connection: AsyncConnection, floor: Floor, now: datetime) -> World:
        return await standing.world(connection, floor, now, reading.planned(floor, date_of(now, floor.zone)))

    async def _around(
        self, connection: AsyncConnection, floor: Floor, alert: str, now: datetime
    ) -> tuple[Standing, World]:
        whole = await self._world(connection, floor, now)
        one = next(each for each in whole.others if each.alert == alert)
        return one, replace(whole, others=tuple(each for each in whole.others if each is not one))

    async def _again(self, connection: AsyncConnection, floor: Floor, alert: str, now: datetime) -> int:
        row = await standing.locked(connection, alert)
        if row is None or row.resolved_at is not None:
            return 0
        if row.told_at is None:
            return await self._tell(connection, floor, row, dict(row.payload))
        one, around = await self._around(connection, floor, alert, now)
        if pipeline.hold(one, around, pipeline.OF_REMINDERS) is not None:
            return 0
        if pipeline.escalation_due(one, floor, now):
            named = not places.directly(one, around)
            await standing.step(connection, row, now, "escalate", escalated_at=now, raised_at=now, named=named)
        elif pipeline.reminder_due(one, floor, now):
            await standing.step(connection, row, now, "repeat", raised_at=now)
        else:
            return 0
        fresh = await standing.locked(connection, alert)
        number = await standing.reminders(connection, alert)
        written = await self._tell(connection, floor, fresh, {**fresh.payload, "reminders": number})
        if fresh.escalated_at == now and not fresh.named:
            return written
        fresh = await standing.locked(connection, alert)
        whole = replace(around, others=(*around.others, one))
        aloud = fresh.escalated_at != now and one.below is None and places.aloud(whole)
        reminder = announcing.reminder(floor, fresh.payload, fresh.transition, aloud=aloud)
        return written + await self.write(connection, floor, reminder)

    async def write(self, connection: AsyncConnection, floor: Floor, messages: Sequence[Outgoing]) -> int:
        now = self._clock.real()
        written = 0
        for one in messages:
            due = announcing.due(floor, one.kind, self._clock)
            written += await outbox.write(connection, one, now, due)
        return written


def replace_notify(of_day: Floor, newest: Floor) -> Floor:
    """Roster, sources and notifications take effect at once (DESIGN §10); rules of judgement with the day."""
    return of_day if of_day is newest else of_day.model_copy(update={"notify": newest.notify})


def _rank(alert: str, whole: World) -> int:
    return next((rank(one, whole.floor) for one in whole.others if one.alert == alert), 0)


def _title(payload: Mapping[str, Any]) -> str:
    try:
        return render(payload).title
    except (KeyError, TypeError, ValueError, AttributeError):
        return str(payload.get("scope", ""))  # its own message says what is wrong with it


def _something(one: Standing, whole: World) -> bool:
    around = replace(whole, others=tuple(each for each in whole.others if each is not one))
    if one.told_at is None:
        found = pipeline.hold(one, around)
        return (str(found) if found else None) != one.held or found is None
    return pipeline.escalation_due(one, whole.floor, whole.now) or pipeline.reminder_due(one, whole.floor, whole.now)
