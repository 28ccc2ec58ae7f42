"""A hasty morning of failing lines that people act upon, and the service alerts that is killed all the time.

``Morning`` makes the calls: lines die, first for one person or at once for several (so that the verdict changes), and
recover. ``Killer`` runs the service, kills it −9 at moments of a seeded plan, also between Slack's yes and the mark, also two
at once. What must be true afterwards: ``tests/faults/test_alerts_killed.py``.
"""

import asyncio
import heapq
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.alert_acts import Acknowledge, AlertAct, Mute, Resolve, Unacknowledge, WasTechnical, arguments_of, kind_of
from schemas.rows import derived_id
from schemas.tables import alert_acts, alerts
from services.kit.clock import Clock
from tests.services.alerts.rows import ZONE, at, call, tell
from tests.support.fake_slack import FakeSlack
from tests.support.running import Service, Services
from tests.support.waiting import eventually

RATE = 60.0
BEGINS = "09:30"
LINES = 8
AGENTS = ("ivan", "maria", "petr", "olga")
MINUTE = timedelta(minutes=1)
ACTS: tuple[AlertAct, ...] = (
    *(Acknowledge(), Acknowledge(), Unacknowledge(), Mute(for_s=600), Mute(for_s=1200)),
    *(WasTechnical(note="стойка без питания"), Resolve(reason="оператор починил")),
)


class Morning:
    """Calls in order of time; ``over`` stops lines from dying, those that are dead recover."""

    def __init__(self, dice: random.Random) -> None:
        self._dice, self._minute = dice, at(BEGINS)
        self._planned: list[tuple[datetime, int, dict[str, Any]]] = []
        self._free_from = dict.fromkeys((f"pbx/line-{n}" for n in range(LINES)), self._minute)
        self.calls: list[dict[str, Any]] = []
        self.over = False

    def until(self, now: datetime) -> list[dict[str, Any]]:
        """New calls up to *now*."""
        while self._minute <= now:
            self._plan(self._minute)
            self._minute += MINUTE
        found = []
        while self._planned and self._planned[0][0] <= now:
            found.append(heapq.heappop(self._planned)[2])
        self.calls += found
        return found

    @property
    def settled_at(self) -> datetime:
        """When the last dead line has recovered."""
        return max(self._free_from.values())

    def _plan(self, minute: datetime) -> None:
        self._call(minute, "petr", "pbx/quiet")
        self._call(minute + MINUTE / 2, "olga", "pbx/quiet")
        free = sorted(line for line, since in self._free_from.items() if since <= minute)
        if not self.over and free and self._dice.random() < 0.3:
            self._die(self._dice.choice(free), minute)

    def _die(self, line: str, minute: datetime) -> None:
        """Four failures, of one person among others who get through, or of two; perhaps more of others; good calls."""
        lonely = self._dice.random() < 0.5
        now = minute
        if lonely:
            for n in range(4):
                self._call(now, AGENTS[1 + n % 3], line)
                now += MINUTE / 12
        for n in range(4):
            self._call(now, "ivan" if lonely else AGENTS[n % 2], line, "failed")
            now += MINUTE / 6
        if lonely and self._dice.random() < 0.7:
            now += 3 * MINUTE
            for n in range(4):
                self._call(now, AGENTS[n], line, "failed")
                now += MINUTE / 6
        for n in range(16):
            now += MINUTE
            self._call(now, AGENTS[n % 4], line)
        self._free_from[line] = now + self._dice.randrange(1, 30) * MINUTE

    def _call(self, moment: datetime, agent: str, line: str, disposition: str = "answered") -> None:
        clock = moment.astimezone(ZONE).strftime("%H:%M:%S")
        row = call(clock, agent, line, disposition, 34 if disposition == "failed" else None)
        heapq.heappush(self._planned, (row["occurred_at"], len(self.calls) + len(self._planned), row))


@dataclass(frozen=True)
class Kill:
    """``how``: after *after_s* of life; as soon as Slack has kept a message; while it starts; of one of two."""

    how: str
    after_s: float
    faults: tuple[str, ...]


def plan(dice: random.Random, kills: int) -> list[Kill]:
    """Every way at least four times in twenty; now and then Slack is not well either."""
    ways = ["anytime", "accepted", "accepted", "starting", "two"]
    found = []
    for n in range(kills):
        faults = tuple(dice.choices(("ok", "429", "500", "drop"), (5, 1, 1, 1), k=3))
        found.append(Kill(ways[n % len(ways)], dice.uniform(0.2, 2.5), faults))
    dice.shuffle(found)
    return found


class Killer:
    def __init__(
        self, engine: AsyncEngine, services: Services, slack: FakeSlack, environment: dict[str, str], seed: int
    ) -> None:
        self.engine, self.services, self.slack = engine, services, slack
        self.dice = random.Random(seed)
        self.morning = Morning(random.Random(seed + 1))
        anchor, text = str(time.time() + 3), f"{at(BEGINS).isoformat()}@{RATE:g}"
        self.clock = Clock.parse(text, anchor)
        self.environment = environment | {"SREZ_CLOCK": text, "SREZ_CLOCK_ANCHOR": anchor}
        self.module: str | None = None
        self.happened: list[str] = []
        self._acts = 0

    async def live(self, kills: Sequence[Kill]) -> None:
        """The whole morning; afterwards every line has recovered and everything is delivered."""
        going = asyncio.create_task(self._go_on())
        for kill in kills:
            assert not going.done(), going.exception()
            await self._strike(kill)
        self.morning.over = True
        last = self.services.start("alerts", self.environment, module=self.module)
        await asyncio.to_thread(last.wait_ready)
        quiet = max(self.morning.settled_at, self.clock.now()) + 12 * MINUTE
        await eventually(lambda: self.clock.now() > quiet, "every line to recover", 300)
        await eventually(self._at_rest, "everything to be told", 60)
        going.cancel()

    async def _go_on(self) -> None:
        """Calls arrive and people act, whatever becomes of the service."""
        while True:
            await tell(self.engine, facts=self.morning.until(self.clock.now()))
            if not self.morning.over and self.dice.random() < 0.12:
                await self._act()
            await asyncio.sleep(0.1)

    async def _act(self) -> None:
        """Somebody acts about an alert, mostly an open one; some press twice."""
        async with self.engine.begin() as connection:
            query = sa.select(alerts.c.alert).order_by(alerts.c.resolved_at.is_not(None), alerts.c.fired_at.desc())
            known = list((await connection.execute(query.limit(4))).scalars())
            if not known:
                return
            self._acts += 1
            act, alert, by = self.dice.choice(ACTS), self.dice.choice(known), f"person {self._acts}"
            row = {"act": derived_id("test", by), "alert": alert, "kind": kind_of(act), "arguments": arguments_of(act)}
            for _ in range(self.dice.choice((1, 1, 2))):
                values = insert(alert_acts).values(**row, at=self.clock.now(), by=by, via="board")
                await connection.execute(values.on_conflict_do_nothing())

    async def _strike(self, kill: Kill) -> None:
        self.slack.next("chat.postMessage", *kill.faults)
        running = [self._start() for _ in range(2 if kill.how == "two" else 1)]
        if kill.how == "starting":
            await asyncio.sleep(kill.after_s)
        elif kill.how == "accepted":
            if not await self._killed_by_slack(running[0]):
                self.happened.append("nothing to accept")
                return
        else:
            for one in running:
                await asyncio.to_thread(one.wait_ready)
            await asyncio.sleep(kill.after_s)  # the moment of death
        for one in running:
            one.kill()
        self.happened.append(kill.how)

    def _start(self) -> Service:
        return self.services.start("alerts", self.environment, module=self.module)

    async def _killed_by_slack(self, service: Service) -> bool:
        """Slack has kept the message, and the sender dies before it hears of it. False when nothing was sent for long."""
        kept = threading.Event()
        self.slack.on_kept = lambda _: (service.process.kill(), kept.set())
        try:
            await eventually(lambda: kept.is_set() or service.process.poll() is not None, "a message", 45)
        except AssertionError:
            service.kill()
            return False
        finally:
            self.slack.on_kept = None
        await asyncio.to_thread(service.process.wait, 10)
        return True

    async def _at_rest(self) -> bool:
        query = "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')"
        acts = "SELECT count(*) FROM alert_acts WHERE done_at IS NULL"
        firing = "SELECT count(*) FROM alerts WHERE resolved_at IS NULL"
        async with self.engine.connect() as connection:
            counts = [int((await connection.execute(sa.text(one))).scalar_one()) for one in (query, acts, firing)]
        return counts == [0, 0, 0]
