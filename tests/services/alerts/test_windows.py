"""Findings over windows in PostgreSQL: the same alerts as in a back-test of the same facts, and their technical minutes."""

from datetime import timedelta

import pytest

from schemas.facts import CALL, CallEnded
from schemas.tables import alerts, technical
from services.lab.backtest.alerts import outages
from services.lab.backtest.day import Day
from services.lab.backtest.read import Version
from services.lab.backtest.silent import Silent
from services.rules.baselines import learn
from services.rules.day import working_day
from services.rules.path_rows import history_span
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.payloads import floor as parse_floor
from tests.services.alerts.rows import DAY, at, call, tell
from tests.services.alerts.test_evaluation import Day as Story

pytestmark = pytest.mark.integration
AGENTS = ("ivan", "maria", "petr", "olga")
HISTORY = [DAY - timedelta(days=n) for n in (3, 4, 5, 6, 7)]


def traffic(day, minutes=180, deaf=None):
    """Four agents on two lines, one attempt each a minute, seven of eight answered; *deaf* is (from minute, line)."""
    found = []
    for minute in range(minutes):
        for n, agent in enumerate(AGENTS):
            line = f"pbx/trunk-{'ab'[(minute + n) % 2]}"
            answered = minute % 8 < 7
            clock = f"{9 + minute // 60:02}:{minute % 60:02}:{n * 10 + 5:02}"
            row = call(clock, agent, line, "answered" if answered else "no_answer", day=day)
            short = (minute + n) % 5 == 0 or (deaf and minute >= deaf[0] and line == deaf[1])
            row["talk_s"] = (5.0 if short else 90.0) if answered else 0.0
            row["data"] |= {"did": f"d{minute % 3}", "ring_s": 10.0}
            row["campaign"] = "spring"
            found.append(row)
    return found


def versions(rows):
    found = []
    for row in rows:
        data = CallEnded(
            call_id=row["data"]["call_id"], agent=row["agent"], direction="outbound", started_at=row["occurred_at"],
            ended_at=row["occurred_at"], talk_s=row["talk_s"], ring_s=10.0, disposition=row["disposition"],
            line=row["line"], did=row["data"]["did"], campaign=row["campaign"], customer=row["customer"],
        )  # fmt: skip
        found.append(
            Version(
                row["event_id"], CALL, row["source"], row["line"], row["agent"], None, row["occurred_at"], row["day"],
                row["received_at"], None, data,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.at, one.id))


async def test_live_and_back_test_find_the_same(engine):
    """From 10:00 every call on trunk-b is over at once: one alert, the same by either way, with the time of who used it."""
    floor = parse_floor(FLOOR)
    past = [row for day in HISTORY for row in traffic(day)]
    today = traffic(DAY, deaf=(60, "pbx/trunk-b"))
    await tell(engine, facts=[*past, *today])
    story = Story(engine)
    for clock in ("10:20", "10:40", "11:20"):
        await story.look(clock)
    open_ = [row for row in await story.all(alerts) if row.detector == "short_calls"]
    assert [(row.verdict, row.scope, row.state) for row in open_] == [("line", "line:pbx/trunk-b", "firing")]
    assert {row.agent for row in await story.all(technical)} <= set(AGENTS)
    assert await story.all(technical)
    story.evaluation._windows.forget()
    await story.look("23:00")

    told = await the_same(story, floor, past, today)
    assert at("10:00") <= told[0][3]


async def test_live_and_back_test_see_the_floor_drop(engine):
    """From 10:30 everybody does a third of what is usual at that hour: one alert about the floor, the same by either way."""
    floor = parse_floor(FLOOR)
    past = [row for day in HISTORY for row in traffic(day)]
    whole = traffic(DAY)
    today = [row for n, row in enumerate(whole) if row["occurred_at"] < at("10:30") or n % 3 == 0]
    await tell(engine, facts=[*past, *today])
    story = Story(engine)
    for clock in ("10:20", "11:05", "11:35", "12:05"):
        await story.look(clock)
    story.evaluation._windows.forget()
    await story.look("23:00")
    await the_same(story, floor, past, today)
    dropped = [row for row in await story.all(alerts) if row.detector == "efficiency_drop"]
    assert [(row.verdict, row.scope) for row in dropped] == [("undetermined", "floor:floor")]
    assert await story.all(technical) == [], "people could work"


async def the_same(story, floor, past, today):
    """Alerts of the story and of a back-test of the same facts are equal, evidence too; returns what was told."""
    days = {day: Day(floor, working_day(floor, day), versions([r for r in past if r["day"] == day])) for day in HISTORY}
    first, _ = history_span(floor, DAY)
    known = {day: one.traffic.summary(one.day.ends) for day, one in days.items() if day >= first}
    day = Day(floor, working_day(floor, DAY), versions(today), baselines=learn(floor, known))
    replayed = outages(floor, day, Silent(floor, versions([*past, *today])))
    live = [row for row in await story.all(alerts) if not row.scope.startswith("source:")]
    told = sorted((row.alert, row.verdict, row.scope, row.fired_at, row.resolved_at) for row in live)
    expected = [row for row in replayed if not row.scope.startswith("source:")]
    assert told == sorted((row.alert, row.verdict, row.scope, row.fired_at, row.resolved_at) for row in expected)
    by_id = {row.alert: row.evidence for row in live}
    assert all(by_id[row.alert] == row.evidence for row in expected)
    return told


async def test_between_bins_nothing_is_said_again(engine):
    """Looked at twice within a bin: no message, and nothing is read."""
    await tell(
        engine, facts=[*(row for day in HISTORY for row in traffic(day)), *traffic(DAY, 120, (60, "pbx/trunk-b"))]
    )
    story = Story(engine)
    await story.look("10:41:10")
    assert await story.look("10:42") == 0
