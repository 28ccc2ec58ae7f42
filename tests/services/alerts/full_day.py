"""A day with more than two hundred findings of every detector, on a floor of three teams; and a process that lives it.

``python -m tests.services.alerts.full_day DSN SLACK_URL FROM`` evaluates every five minutes of the day from FROM on, with
a clock moved by hand, and delivers; it prints each clock when it is done with it. Killed at any moment and started again
at the clock after the last it printed, it must come to the same day. Facts and rows are those of PostgreSQL, findings of
detectors over windows are given as they would be found.
"""

import asyncio
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from schemas.floor import parse
from services.alerts.delivery.channels import Channels
from services.alerts.delivery.worker import Delivery
from services.alerts.findings.episode import Episode
from services.alerts.findings.windows import Windows
from services.alerts.metrics import Metrics
from services.alerts.notifiers import Making
from services.alerts.settings import AlertsSettings
from services.kit import postgres
from tests.services.alerts.rows import DAY, ZONE, at, call, case_row, close_row, issue_row, slice_row, tell
from tests.services.alerts.test_evaluation import Day
from tests.support.fake_slack import TOKEN

TEAMS = ("red", "green", "blue")
SIZE = 10
STEP = timedelta(minutes=5)
CUTS = ("11:00", "13:00", "16:00", "18:00")
HALL, STILL = ("15:20", "16:05"), ("16:30", "16:55")
"""When the line that all of team blue use is dead; when nothing works any more."""
MORE = (("red", "11:20", "12:00"), ("green", "14:15", "14:50"), ("red", "17:10", "17:45"))
"""When other teams' lines are dead as well: more severe faults than a day has messages for."""


def people(team):
    return [f"{team}-{n}" for n in range(SIZE)]


EVERYBODY = [agent for team in TEAMS for agent in people(team)]


def floor_text():
    teams = "".join(
        f"  - {{id: {team}, name: {team}, trainer: {team}-0, slack: {{channel: C0{team.upper()}, lead: U0{team.upper()}}}}}\n"
        for team in TEAMS
    )
    agents = "".join(
        f'  - {{id: {one}, team: {one.split("-")[0]}, identities: {{pbx: ["{one}"]}}}}\n' for one in EVERYBODY
    )
    norms = "".join(f"  - {{for: {{team: {team}}}, per_day: {{calls: 80, presentations: 8}}}}\n" for team in TEAMS)
    return f"""
version: 1
floor: main
timezone: Europe/Moscow
language: ru
currency: RUB
day: {{start: "09:00", end: "18:00", breaks: ["13:00-14:00"]}}
slices: ["11:00", "13:00", "16:00", "18:00"]
teams:
{teams}agents:
{agents}norms:
{norms}sources:
  - {{id: pbx, provider: generic, secrets: {{signing: {{env: PBX}}}}, feeds: [calls, presentations], expect_every_s: 120}}
notify:
  head: {{slack: U0HEAD}}
  channels: [{{id: slack, kind: slack, token: {{env: SLACK_BOT_TOKEN}}}}]
  routes:
    - {{match: {{kind: [outage, data]}}, to: [slack], channel: C0FLOOR}}
    - {{match: {{kind: [task, slice, coaching, efficiency]}}, to: [slack]}}
"""


def minutes(first, last):
    now, end = at(first), at(last)
    while now < end:
        yield now
        now += timedelta(minutes=1)


def clock(instant):
    return instant.astimezone(ZONE).strftime("%H:%M:%S")


def facts():
    """Calls of the day: a steady trickle, sixty-odd lines that die and recover, four that flap, the hall, the standstill."""
    dice = random.Random(7)
    still = [at(one) for one in STILL]
    found = []
    for n, now in enumerate(minutes("09:00", "18:30")):
        found.append(call(clock(now), EVERYBODY[n * 7 % len(EVERYBODY)], "pbx/quiet"))
    for n in range(64):
        start = at("09:05") + timedelta(minutes=dice.uniform(0, 500))
        found += _dies(f"pbx/line-{n:02}", start, dice)
    for n in range(4):
        for again in range(8):
            found += _dies(f"pbx/flap-{n}", at("09:20") + timedelta(minutes=9 * n + 55 * again), dice)
    found += _hall("blue", *HALL, "pbx/hall")
    for team, begins, ends in MORE:
        found += _hall(team, begins, ends, f"pbx/hall-{team}")
    return sorted(
        (row for row in found if not still[0] <= row["occurred_at"] < still[1]), key=lambda row: row["occurred_at"]
    )


def _hall(team, begins, ends, line):
    """All of a team fail on their line, two a minute; then a quarter of an hour of good calls."""
    found = []
    for n, now in enumerate(minutes(begins, ends)):
        for half in (0, 1):
            who = people(team)[(n * 2 + half) % SIZE]
            found.append(call(clock(now + half * timedelta(seconds=30)), who, line, "failed", 34))
    good = (at(ends) + timedelta(minutes=n) for n in range(15))
    return found + [call(clock(now), people(team)[n % SIZE], line) for n, now in enumerate(good)]


def _dies(line, start, dice):
    """Four network failures of two people of one team, then a quarter of an hour of good calls."""
    pair = dice.sample(people(dice.choice(TEAMS)), 2)
    half = timedelta(seconds=30)
    bad = [call(clock(start + n * half), pair[n % 2], line, "failed", 34) for n in range(4)]
    return bad + [call(clock(start + (4 + 2 * n) * half), pair[n % 2], line) for n in range(16)]


@dataclass(frozen=True)
class Kind:
    detector: str
    path: str
    verdict: str
    kind: str
    evidence: dict


KINDS = (
    Kind("answer_rate", "did", "number", "outage", {"answered": 9, "attempts": 80, "expected": 22.4, "base": 0.28}),
    Kind("answer_rate", "campaign", "list", "outage", {"answered": 9, "attempts": 80, "expected": 22.4, "base": 0.28}),
    Kind("answer_rate", "line", "line", "outage", {"answered": 9, "attempts": 80, "expected": 22.4, "base": 0.28}),
    Kind("no_progress", "line", "line", "outage", {"why": "stuck", "stuck": 14, "attempts": 31, "base": 0.02}),
    Kind("short_calls", "line", "line", "outage", {"short": 18, "answered": 24, "base": 0.2}),
    Kind("workplace_audio", "agent", "workplace", "outage", {"short": 18, "answered": 24, "base": 0.2}),
    Kind("workplace_audio", "agent", "agent", "efficiency", {"short": 12, "answered": 24, "base": 0.2}),
)


def over_windows() -> Iterator[Episode]:
    """A hundred and twenty findings over windows all day long; two of team blue's people while the hall stands, and the
    whole floor's drop that follows from the standstill."""
    for agent in ("blue-3", "blue-4"):
        yield _window(KINDS[5], agent, at("15:40"), at("16:00"))
    drop = Kind(
        "efficiency_drop", "floor", "undetermined", "efficiency", {"step": "calls", "done": 3, "expected": 140.0}
    )
    yield _window(drop, "floor", at("16:40"), at("16:55"))
    dice = random.Random(8)
    for n in range(120):
        kind = KINDS[n % len(KINDS)]
        name = EVERYBODY[n % len(EVERYBODY)] if kind.path == "agent" else f"{kind.path}-{n}"
        fired = at("09:10") + timedelta(minutes=5 * dice.randrange(0, 102))
        yield _window(kind, name, fired, fired + timedelta(minutes=5 * dice.randrange(3, 20)))


def _window(kind, name, fired, ends):
    own = (name,) if kind.path == "agent" and kind.kind == "outage" else ()
    since = fired - timedelta(minutes=15)
    return Episode(
        detector=kind.detector,
        subject=f"{kind.path}:{name}",
        kind=kind.kind,
        verdict=kind.verdict,
        scope=f"{kind.path}:{name}",
        date=DAY,
        fired_at=fired,
        resolved_at=ends,
        evidence={**kind.evidence, "p_value": 1e-5, "since": since.isoformat(), "rules_out": ["people"]},
        form="window",
        technical=tuple((agent, since, ends) for agent in own),
        shown={"detector": kind.detector, "name": name, "last_bad": fired.isoformat()},
    )


class Planned(Windows):
    """Detectors over windows that find what was planned; each subject once at a time."""

    def __init__(self):
        super().__init__()
        self.all = []
        for one in over_windows():
            same = [other for other in self.all if other.fingerprint == one.fingerprint]
            if all(other.resolved_at < one.fired_at or one.resolved_at < other.fired_at for other in same):
                self.all.append(one)
        self.all.sort(key=lambda one: one.fired_at)

    async def look(self, connection, floor, date, failing, silent, now):
        known = [one for one in self.all if one.fired_at <= now]
        return [one if one.resolved_at <= now else replace(one, resolved_at=None) for one in known]


def closed_at(cut):
    """What the closer writes at a cut-off: slices of three teams, a team below its norm, from the third on coaching."""
    n = CUTS.index(cut)
    rows = [
        slice_row(agent, slice_=cut, team=team, done=10 * n + i, level="soft" if i < 2 else "ok")
        for team in TEAMS
        for i, agent in enumerate(people(team)[:4])
    ]
    below = {"red": (0, 1), "green": (1, 2), "blue": (3,)}
    issues = [{**issue_row(n in below[team], cut, dropped=n == 2), "team": team} for team in TEAMS]
    cases = [{**case_row(f"{team}-{n}", slice_=cut), "team": team} for team in TEAMS] if n >= 2 else []
    return {"closes": [close_row(cut)], "slices": rows, "issues": issues, "coaching": cases}


async def live(dsn: str, slack_url: str, since: str) -> None:
    engine = postgres.engine(dsn)
    day = Day(engine, floor_text())
    day.evaluation._windows = Planned()
    settings = AlertsSettings(
        postgres_dsn=dsn, kafka_bootstrap="unused:1", slack_api_url=slack_url, alerts_send_timeout_s=1, alerts_lease_s=2,
        alerts_spacing_s=0, alerts_retry_s=0.05, alerts_retry_max_s=0.2,
    )  # fmt: skip
    channels = Channels(Making({"SLACK_BOT_TOKEN": TOKEN}, slack_url, 1))
    floor = parse(floor_text())
    await channels.follow(floor)
    delivering = asyncio.create_task(
        Delivery(engine, day, settings, Metrics(), channels, lambda: floor).run()  # type: ignore[arg-type]
    )
    calls, now = facts(), at(since)
    while now <= at("18:40"):
        await tell(engine, facts=[row for row in calls if now - STEP < row["occurred_at"] <= now])
        for cut in CUTS:
            if at(cut) < now <= at(cut) + STEP:
                await tell(engine, **closed_at(cut))
        await day.look(clock(now))
        assert not delivering.done()
        print(clock(now), flush=True)
        now += STEP
    while await waiting(day):
        await asyncio.sleep(0.05)
    print("over", flush=True)
    delivering.cancel()
    await channels.close()
    await engine.dispose()


async def waiting(day):
    return [row for row in await day.box() if row.state in ("pending", "sending") and row.next_at <= datetime.now(UTC)]


if __name__ == "__main__":
    asyncio.run(live(*sys.argv[1:]))
