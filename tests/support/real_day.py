"""A whole simulated day through the real services: feeder, fake Slack, and a seeded plan of faults if there is one."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from schemas.floor import Floor, dump, parse
from services.kit.clock import Clock
from services.lab.feeder import FeedReport, feed
from services.lab.simulate import FloorDay, scenario_named, simulate
from services.local.floors import apply
from services.local.stored_facts import STOOD, export
from tests.support.acting_people import People
from tests.support.fake_slack import TOKEN, FakeSlack
from tests.support.running import ROOT, Service, Services, embedded_environment
from tests.support.waiting import eventually

RATE = 200.0
SERVICES = ("ingest", "aggregator", "alerts", "board")
SECRETS = {
    "MANGO_KEY": "key-of-tests",
    "MANGO_SALT": "salt-of-tests",
    "FS_BASIC": "freeswitch:basic-of-tests",
    "AMO_PATH_SECRET": "path-of-tests",
    "OWN_SIGNING": "whsec_c2VjcmV0LW9mLXRlc3RzLW5vdC1yZWFs",
    "SLACK_BOT_TOKEN": TOKEN,
    "SLACK_SIGNING_SECRET": "signing-of-tests",
}


@dataclass(frozen=True)
class Fault:
    """``at``: real seconds after the first call. ``kind``: kill, or pause (SIGSTOP for *lasts_s*, then SIGCONT)."""

    at: float
    service: str
    kind: str
    lasts_s: float


def plan(seed: int, length_s: float) -> list[Fault]:
    """Every service is killed at least once; two of them are paused as well. The same seed, the same plan."""
    dice = random.Random(seed)
    found = [
        Fault(dice.uniform(0.05, 0.85) * length_s, service, "kill", dice.uniform(0.2, 2.0))
        for service in (*SERVICES, *dice.sample(SERVICES, 2))
    ]
    found += [
        Fault(dice.uniform(0.05, 0.85) * length_s, service, "pause", dice.uniform(1.0, 8.0))
        for service in dice.sample(SERVICES, 2)
    ]
    return sorted(found, key=lambda fault: fault.at)


def demo(floor: Floor, seed: int) -> FloorDay:
    return simulate(floor, scenario_named("demo"), seed=seed)


class RealDay:
    """``play(faults)`` runs the day; afterwards everything is settled and can be looked at."""

    def __init__(
        self,
        services: Services,
        dsn: str,
        broker: str,
        slack: FakeSlack,
        folder: Path,
        seed: int,
        story: Callable[[Floor, int], FloorDay] = demo,
        patience_s: float = 3.0,
        start_s: float = 12.0,
    ) -> None:
        """*patience_s*: real seconds that a webhook may be late and still be known at its slice; *start_s*: until the day
        begins, for the services to be ready. A busy machine is no story."""
        self.start_s = start_s
        self.services, self.dsn, self.slack, self.folder, self.seed = services, dsn, slack, folder, seed
        text = (ROOT / "deploy" / "floor.example.yaml").read_text(encoding="utf-8")
        described = parse(text)
        hasty = described.model_copy(update={"grace_s": described.grace_s + patience_s * RATE})
        self.text = dump(hasty)
        self.floor: Floor = parse(self.text)
        self.day: FloorDay = story(self.floor, seed)
        self.opening = min(fact.received_at or fact.time for fact in self.day.deliveries) - timedelta(minutes=5)
        self.ends = self.day.days[0].cut_offs[-1].at + timedelta(seconds=self.floor.grace_s + 3 * RATE)
        self.environment = {**embedded_environment(dsn, broker), **SECRETS, "SREZ_SLACK_API_URL": slack.url}
        self.running: dict[str, Service] = {}
        self.happened: list[Fault] = []
        self.rest = ""
        self.people = People(self.running, self.all, random.Random(seed), SECRETS["SLACK_SIGNING_SECRET"])

    @property
    def length_s(self) -> float:
        return (self.ends - self.opening).total_seconds() / RATE

    async def play(self, faults: Sequence[Fault] = ()) -> FeedReport:
        loop = asyncio.get_running_loop()
        anchor = str(time.time() + self.start_s)
        clock_text = f"{self.opening.isoformat()}@{RATE:g}"
        self.environment |= {"SREZ_CLOCK": clock_text, "SREZ_CLOCK_ANCHOR": anchor}
        clock = Clock.parse(clock_text, anchor)
        await asyncio.to_thread(apply, self.dsn, self.text, self.opening - timedelta(hours=10))
        for name in SERVICES:
            self.running[name] = self.services.start(name, self.environment)
        for service in self.running.values():
            await asyncio.to_thread(service.wait_ready)
        feeding = asyncio.create_task(
            feed(
                self.floor,
                self.day,
                ingest_url=self.running["ingest"].url,
                secrets=SECRETS,
                clock=clock,
                ledger_path=self.folder / "ledger.ndjson",
                attempts=40,
            )
        )
        began = loop.time()
        acting = asyncio.create_task(self.people.act()) if faults else None
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(max(0.0, began + fault.at - loop.time()))
                group.create_task(self._strike(fault))
        report = await feeding
        await clock.sleep_until(self.ends)
        if acting is not None:
            acting.cancel()
            await asyncio.gather(acting, return_exceptions=True)
        await self.settled()
        if acting is not None:
            await self._technical()
        return report

    async def _technical(self) -> None:
        """Said when everything is over, and the services that heard it die right after."""
        await self.people.say_technical()
        for service in ("alerts", "board"):
            await self._strike(Fault(0.0, service, "kill", 0.2))
        await self.settled()

    async def _strike(self, fault: Fault) -> None:
        service = self.running[fault.service]
        if service.process.poll() is not None:
            return  # already down by another fault: nothing to strike
        if fault.kind == "pause":
            service.pause()
            await asyncio.sleep(fault.lasts_s)
            service.resume()
        else:
            service.kill()
            await asyncio.sleep(fault.lasts_s)
            port = int(service.url.rsplit(":", 1)[1])
            self.running[fault.service] = self.services.start(fault.service, self.environment, port=port)
        self.happened.append(fault)

    async def settled(self) -> None:
        """Everything parsed, published, closed and delivered, within minutes: the liveness check."""
        for service in self.running.values():
            await asyncio.to_thread(service.wait_ready)
        try:
            await eventually(self._at_rest, f"all to be settled (seed {self.seed})", 180)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.rest}") from None

    async def _at_rest(self) -> bool:
        counts = await self.one(
            "SELECT (SELECT count(*) FROM journal WHERE state = 'new') AS backlog, "
            "(SELECT count(*) FROM facts WHERE published_at IS NULL) AS unpublished, "
            "(SELECT count(*) FROM closes WHERE announced_at IS NULL) AS unannounced, "
            "(SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')) AS waiting, "
            "(SELECT count(*) FROM alert_acts WHERE done_at IS NULL) AS asked, "
            "(SELECT count(*) FROM closes) AS closes"
        )
        wanted = len(self.day.days[0].cut_offs)
        self.rest = str(counts)
        settled = counts == {
            "backlog": 0,
            "unpublished": 0,
            "unannounced": 0,
            "waiting": 0,
            "asked": 0,
            "closes": wanted,
        }
        return settled and await self._last_slice_is_told() and await self._day_is_reported()

    async def _last_slice_is_told(self) -> bool:
        """Each team of the last slice has its message. A slice closed late has none: the alerts are over then."""
        untold = await self.one(
            "WITH last AS (SELECT date, slice FROM closes WHERE on_time ORDER BY cut_off DESC LIMIT 1) "
            "SELECT count(*) AS teams FROM (SELECT DISTINCT 'slice:' || date || ':' || slice || ':' || team AS key "
            "FROM slices JOIN last USING (date, slice)) wanted "
            "WHERE NOT EXISTS (SELECT FROM outbox WHERE group_key = key)"
        )
        return bool(untold["teams"] == 0)

    async def _day_is_reported(self) -> bool:
        """A last slice closed on time is followed by the day's report; one closed late is not."""
        last = await self.one("SELECT date::text AS date, on_time FROM closes ORDER BY cut_off DESC LIMIT 1")
        told = await self.one(f"SELECT count(*) AS rows FROM outbox WHERE group_key = 'report:{last['date']}'")
        return bool(told["rows"]) or not last["on_time"]

    async def all(self, sql: str) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return [dict(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def one(self, sql: str) -> dict[str, Any]:
        return (await self.all(sql))[0]

    def planned_file(self) -> Path:
        """The day as it was thought out, whatever the machine makes of it, as a file that a back-test reads."""
        path = self.folder / "planned.ndjson"
        path.write_bytes(self.day.ndjson())
        return path

    async def facts_file(self) -> Path:
        """The stored facts as a file that a back-test reads."""
        path = self.folder / "facts.ndjson"
        with path.open("wb") as file:
            await export(self.dsn, None, None, file.write, stood=STOOD * RATE)
        return path

    def shown(self) -> Mapping[tuple[str, str], int]:
        """(agent, step) → count today, as the aggregator exports it."""
        found = {}
        for line in httpx.get(f"{self.running['aggregator'].url}/metrics", timeout=10).text.splitlines():
            if line.startswith("srez_funnel_today{"):
                labels = dict(part.split("=", 1) for part in line[line.index("{") + 1 : line.index("}")].split(","))
                key = labels["agent"].strip('"'), labels["step"].strip('"')
                found[key] = int(float(line.rsplit(" ", 1)[1]))
        return found
