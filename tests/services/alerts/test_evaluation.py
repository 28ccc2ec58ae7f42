"""Stories of a day: facts and frozen rows in PostgreSQL become alerts, technical minutes and messages, each once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from schemas.rows import alert_id
from schemas.tables import alert_transitions, alerts, facts, outbox, slices, tasks, technical
from services.alerts.evaluation import Evaluation
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.payloads import floor as parse_floor
from tests.services.alerts.rows import (
    DAY,
    DROP,
    ZONE,
    at,
    call,
    case_row,
    close_row,
    dead_trunk,
    issue_row,
    slice_row,
    task_row,
    tell,
)

pytestmark = pytest.mark.integration


class Day:
    """The floor's day: ``await day.look("10:05")`` evaluates at that moment; a new Day is a restarted service."""

    def __init__(self, engine, text=FLOOR):
        self.engine = engine
        self.versions = [(1, datetime(2026, 11, 1, tzinfo=UTC), parse_floor(text))]
        self.clock = at("09:00")
        self.evaluation = Evaluation(
            engine, self, lambda: self.versions, board_url="http://board.test", refresh_s=0, lines_s=0
        )

    now = property(lambda self: lambda: self.clock)

    def real(self):
        return datetime.now(UTC)

    def allow(self, seconds):
        return timedelta(seconds=seconds)

    def real_seconds_until(self, instant):
        return max(0.0, (instant - self.clock).total_seconds())

    async def look(self, clock, day=DAY):
        self.clock = at(clock, day)
        self.evaluation._silences._day = None
        return await self.evaluation.look()

    async def all(self, table, *order):
        async with self.engine.connect() as connection:
            return (await connection.execute(sa.select(table).order_by(*order))).all()

    async def box(self):
        return await self.all(outbox, outbox.c.id)


@pytest.fixture
def day(engine):
    return Day(engine)


def steady(since="09:00", minutes=60, line="pbx/trunk-a"):
    """One good call a minute, so that the source is not silent."""
    first = at(since).astimezone(ZONE)
    stamps = [(first + timedelta(minutes=n)).strftime("%H:%M:%S") for n in range(minutes)]
    return [call(stamp, ["petr", "olga"][n % 2], line) for n, stamp in enumerate(stamps)]


async def test_a_dead_trunk_is_reported_as_a_trunk(day, engine):
    """10:02 ivan and maria fail four times on trunk-b, others talk on trunk-a: line, with their technical minutes."""
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    await day.look("10:04")
    (alert,) = await day.all(alerts)
    assert (alert.kind, alert.verdict, alert.scope, alert.state) == ("outage", "line", "line:pbx/trunk-b", "firing")
    assert alert.alert == alert_id("line_failure", "line:pbx/trunk-b", at("10:03:30"))
    assert alert.evidence["rules_out"] == ["people", "other_lines"]
    lost = await day.all(technical, technical.c.agent)
    assert [(row.agent, row.started_at, row.ended_at) for row in lost] == [
        ("ivan", at("10:02"), None),
        ("maria", at("10:02"), None),
    ]
    assert [(row.kind, row.target, row.transition) for row in await day.box()] == [("outage", "C0FLOOR", 0)] * 2


async def test_looking_again_says_nothing_new(day, engine):
    """The same facts, looked at again, by a restarted service and by two at once: nothing more is written."""
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    await asyncio.gather(*[Day(engine).look("10:04") for _ in range(3)])
    assert await Day(engine).look("10:04:10") == 0
    assert len(await day.all(alerts)) == 1
    assert len(await day.all(alert_transitions)) == 1
    assert len(await day.box()) == 2


async def test_a_mended_trunk_is_resolved(day, engine):
    """Ten minutes of good calls on trunk-b: one more state of the same message, technical minutes end at the last failure."""
    await tell(engine, facts=[*steady(minutes=80), *dead_trunk("10:02")])
    await day.look("10:04")
    await tell(engine, facts=steady("10:05", 14, "pbx/trunk-b"))
    await day.look("10:19")
    (alert,) = await day.all(alerts)
    assert alert.state == "resolved"
    assert alert.resolved_at is not None
    assert "phase" not in alert.evidence
    assert {row.ended_at for row in await day.all(technical)} == {at("10:03:30")}
    newest = [row for row in await day.box() if row.payload["form"] == "line"][-1]
    assert newest.payload["state"] == "resolved"
    states = {row.state for row in await day.box() if row.payload["form"] == "line" and row.id != newest.id}
    assert states == {"superseded"}


async def test_an_outage_that_came_and_went_while_we_were_down(day, engine):
    """Started after it was over: one message that tells the whole of it."""
    await tell(engine, facts=[*steady(minutes=80), *dead_trunk("10:02"), *steady("10:05", 14, "pbx/trunk-b")])
    await day.look("10:25")
    (alert,) = await day.all(alerts)
    assert (alert.state, alert.transition) == ("resolved", 1)
    assert [row.transition for row in await day.box() if row.payload["form"] == "line"] == [1]


async def test_late_facts_can_take_an_alert_back(day, engine):
    """Good calls between the failures arrive late: the four were never in a row."""
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    await day.look("10:04")
    between = [call(f"10:0{m}:{s}", "olga", "pbx/trunk-b", received="10:06") for m, s in ((2, 15), (2, 45), (3, 15))]
    await tell(engine, facts=between)
    await day.look("10:06:30")
    (alert,) = await day.all(alerts)
    assert alert.state == "invalidated"
    assert await day.all(technical) == []
    assert (await day.box())[-1].payload["state"] == "invalidated"


async def test_a_line_without_calls_is_closed_at_the_end_of_the_day(day, engine):
    """No attempts, no verdict: it stays open as “no data” and ends with the working day."""
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    await day.look("10:04")
    await day.look("12:00")
    alert = next(row for row in await day.all(alerts) if row.detector == "line_failure")
    assert alert.evidence["phase"] == "no_data"
    await day.look("18:01")
    closed = [row for row in await day.all(alerts) if row.detector == "line_failure"]
    assert [(row.state, row.resolved_at) for row in closed] == [("resolved", at("18:00"))]


async def test_a_day_that_ended_while_we_were_down_is_closed(day, engine):
    """Restarted on the next morning: yesterday's open line ends with yesterday."""
    await tell(engine, facts=[*steady(minutes=64), *dead_trunk("10:02")])
    await day.look("10:04")
    await Day(engine).look("08:00", DAY + timedelta(days=1))
    line = next(row for row in await day.all(alerts) if row.detector == "line_failure")
    assert (line.state, line.resolved_at) == ("resolved", at("18:00"))


async def test_the_second_time_is_called_so(day, engine):
    """A second outage of the same line in a week says so; so soon after the first it waits until it has lasted."""
    await tell(engine, facts=[*steady(minutes=90), *dead_trunk("10:02"), *steady("10:05", 14, "pbx/trunk-b")])
    await day.look("10:25")
    await tell(engine, facts=dead_trunk("10:25"))
    before = len(await day.box())
    await day.look("10:28")
    assert len(await day.box()) == before
    assert (await day.all(alerts, alerts.c.fired_at))[-1].held == "again"
    await day.look("10:42")
    assert (await day.box())[-1].payload["again"] == 2


async def test_a_silent_source_is_found_by_the_clock(day, engine):
    """Calls until 10:00, then nothing although ten were due; one event ends it, told when calls came for five minutes."""
    await tell(engine, facts=[call("10:00", "ivan", day=DAY - timedelta(days=3)), *steady(minutes=61)])
    await day.look("10:05")
    assert await day.all(alerts) == []
    await day.look("10:30")
    (alert,) = await day.all(alerts)
    assert (alert.detector, alert.scope, alert.state) == ("source_silence", "source:pbx", "firing")
    assert (alert.kind, alert.verdict) == ("outage", "floor")
    assert len(alert.evidence["calls"]) == 3, "the last calls before it"
    await tell(engine, facts=[call("10:31", "ivan")])
    await day.look("10:31:10")
    (alert,) = await day.all(alerts)
    assert alert.state == "firing", "one talk that ends is no end of a power cut"
    await tell(engine, facts=[call(f"10:{minute}", "ivan") for minute in range(32, 36)])
    await day.look("10:35:59")
    (alert,) = await day.all(alerts)
    assert alert.state == "firing"
    await day.look("10:36")
    (alert,) = await day.all(alerts)
    assert (alert.state, alert.resolved_at) == ("resolved", at("10:31"))
    assert {row.agent for row in await day.all(technical)} == {"ivan", "maria", "petr", "olga"}


async def test_a_source_that_never_sent_anything_is_not_silent(day, engine):
    """Connected later, or not at all: nothing to miss."""
    await day.look("15:00")
    assert await day.all(alerts) == []


async def test_a_source_connected_in_the_middle_of_its_first_day_was_not_silent(day, engine):
    """Its first event ever arrives at 15:00."""
    await tell(engine, facts=[call("15:00", "ivan")])
    await day.look("15:01")
    assert await day.all(alerts) == []


async def test_webhooks_not_parsed_yet_are_no_silence(day, engine):
    """The journal holds what facts do not show yet."""
    await tell(engine, facts=[call("10:00", "ivan", day=DAY - timedelta(days=3)), *steady(minutes=61)])
    async with engine.begin() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO journal (source, received_at, method, path, query, headers, body, body_hash) "
                "VALUES ('pbx', now(), 'POST', '', '', '{}', '', '')"
            )
        )
    await day.look("10:30")
    assert await day.all(alerts) == []


async def test_a_team_below_the_norm_is_one_alert(day, engine):
    """Fires at 11:00, still at 13:00, back on norm at 16:00: one living message to the team's channel."""
    await tell(engine, closes=[close_row("11:00")], issues=[issue_row(True, "11:00")])
    await day.look("11:03")
    await tell(engine, closes=[close_row("13:00")], issues=[issue_row(True, "13:00")])
    await day.look("13:03")
    await tell(engine, closes=[close_row("16:00")], issues=[issue_row(False, "16:00")])
    await day.look("16:03")
    (alert,) = [row for row in await day.all(alerts) if row.detector == "team"]
    assert (alert.state, alert.fired_at, alert.resolved_at) == ("resolved", at("11:00"), at("16:00"))
    assert alert.alert == alert_id("team", "team:hunters", at("11:00"))
    told = [row for row in await day.box() if row.group_key == alert.alert]
    assert [(row.transition, row.target) for row in told] == [(n, "C0HUNTERS") for n in range(4)]
    assert [row.payload["escalated"] for row in told] == [False, False, True, True]


async def test_a_team_below_the_norm_all_day_is_closed_with_it(day, engine):
    """Nothing said that it is over: the day did."""
    await tell(engine, closes=[close_row("18:00")], issues=[issue_row(True, "18:00")])
    await day.look("18:03")
    team = next(row for row in await day.all(alerts) if row.detector == "team")
    assert (team.state, team.resolved_at) == ("resolved", at("18:00"))


async def test_a_drop_of_a_team_is_an_alert_of_its_own(day, engine):
    """13:00 below the morning's pace, 16:00 even again: resolved; it is no common cause."""
    await tell(engine, closes=[close_row("13:00")], issues=[issue_row(False, "13:00", dropped=True)])
    await day.look("13:03")
    await tell(engine, closes=[close_row("16:00")], issues=[issue_row(False, "16:00")])
    await day.look("16:03")
    (alert,) = [row for row in await day.all(alerts) if row.detector.startswith("team")]
    assert (alert.detector, alert.kind, alert.verdict) == ("team_drop", "efficiency", "undetermined")
    assert (alert.state, alert.fired_at, alert.resolved_at) == ("resolved", at("13:00"), at("16:00"))
    assert alert.alert == alert_id("team_drop", "team:hunters", at("13:00"))
    assert alert.evidence["drops"] == [DROP]


async def test_one_message_a_head_a_slice(day, engine):
    """Tasks stand inside the slice's message, their details in its thread; seen again, nothing is added."""
    await tell(
        engine,
        closes=[close_row()],
        slices=[slice_row("ivan"), slice_row("maria", level="ok", p_below=0.2), slice_row("petr", p_below=0.81)],
        tasks=[task_row("ivan")],
    )
    await day.look("11:03")
    assert await day.look("11:04") == 0
    message, details = [row for row in await day.box() if row.kind in ("slice", "task")]
    assert (message.group_key, message.target) == ("slice:2026-11-23:11:00:hunters", "C0HUNTERS")
    assert [task["name"] for task in message.payload["tasks"]] == ["Иван Петров"]
    assert [one["name"] for one in message.payload["lagging"]] == ["Пётр Лунин"]
    assert message.payload["board"] == "http://board.test"
    assert details.payload["parent"] == message.group_key


async def test_the_next_slice_verifies(day, engine):
    """13:00: ivan's task is done, maria goes to the trainer, who came back to norm is named."""
    await tell(
        engine,
        closes=[close_row("11:00"), close_row("13:00")],
        slices=[slice_row("petr"), slice_row("petr", level="ok", p_below=0.1, slice_="13:00")],
        tasks=[
            task_row("ivan", verified=at("13:00"), result="done"),
            task_row("maria", verified=at("13:00"), result="not_done"),
            task_row("olga"),
        ],
        coaching=[case_row("maria")],
    )
    await day.look("13:03")
    found = {row.kind: row.payload for row in await day.box()}
    assert [(one["agent"], one["result"]) for one in found["slice"]["verified"]] == [
        ("ivan", "done"),
        ("maria", "not_done"),
    ]
    assert [one["agent"] for one in found["slice"]["carried"]] == ["olga"]
    assert [one["agent"] for one in found["slice"]["good"]] == ["petr"]
    assert (found["coaching"]["name"], found["coaching"]["trainer"]) == ("Мария Соколова", "oleg")


async def test_a_slice_that_is_history_is_not_announced(day, engine):
    """We were down until the next cut-off had passed: rows stand on the board, no message."""
    await tell(engine, closes=[close_row("11:00")], slices=[slice_row("ivan")])
    await day.look("13:01")
    assert [row for row in await day.box() if row.kind == "slice"] == []


async def test_a_slice_closed_too_late_is_not_announced(day, engine):
    """The closer says so."""
    await tell(engine, closes=[close_row("11:00", on_time=False)], slices=[slice_row("ivan")])
    await day.look("11:10")
    assert await day.box() == []


async def test_a_slice_follows_what_changes_later(day, engine):
    """A technical verdict withdraws the task: the same message says so."""
    await tell(engine, closes=[close_row()], slices=[slice_row("ivan")], tasks=[task_row("ivan")])
    await day.look("11:03")
    async with engine.begin() as connection:
        await connection.execute(sa.update(tasks).values(result="invalidated", verified=at("11:20")))
    await day.look("11:21")
    newest = [row for row in await day.box() if row.kind == "slice"][-1]
    assert (newest.transition, newest.payload["tasks"][0]["result"]) == (1, "invalidated")


async def test_an_untrusted_slice_says_why(day, engine):
    """Reasons of the steps that the team has rows of."""
    trust = {"hunters": {"calls": ["silent:pbx"], "payments": ["silent:crm"]}}
    await tell(engine, closes=[close_row(trust=trust)], slices=[slice_row("ivan", level="not_enough_data")])
    await day.look("11:03")
    (row,) = [row for row in await day.box() if row.kind == "slice"]
    assert row.payload["untrusted"] == {"calls": ["silent:pbx"]}


async def test_late_facts_are_told_at_the_next_slice(day, engine):
    """Two calls came after 11:00 was frozen."""
    await tell(
        engine,
        closes=[close_row("11:00"), close_row("13:00")],
        slices=[slice_row("ivan"), slice_row("ivan", slice_="13:00")],
    )
    async with engine.begin() as connection:
        await connection.execute(sa.update(slices).where(slices.c.slice == "11:00").values(late=2))
    await day.look("13:03")
    (row,) = [row for row in await day.box() if row.kind == "slice"]
    assert row.payload["late"] == 2


async def test_quiet_hours_hold_everything_but_outages(engine):
    """A slice at 18:00 in quiet hours from 17:30 waits for the morning; a dead trunk does not."""
    day = Day(engine, FLOOR + '  quiet_hours: "17:30-08:30"\n')
    await tell(engine, facts=[*steady("17:00", 64), *dead_trunk("17:50")])
    await day.look("17:53")
    await tell(engine, closes=[close_row("18:00")], slices=[slice_row("ivan", slice_="18:00")])
    await day.look("18:03")
    held = {row.kind: (row.next_at - row.created_at).total_seconds() for row in reversed(await day.box())}
    assert held["outage"] < 60
    assert held["slice"] > 14 * 3600


async def test_a_quiet_floor_says_nothing(day, engine):
    """Calls come, nobody fails: no alert, no message."""
    await tell(engine, facts=steady(minutes=70))
    assert await day.look("10:10") == 0
    assert len(await day.all(facts)) == 70
    assert await day.box() == []
