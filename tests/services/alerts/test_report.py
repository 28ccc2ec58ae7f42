"""The day report: one message when the day is over, never a second one, and none where there is nothing to report."""

import asyncio
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from schemas.facts import INVOICE, PAYMENT, REFUND
from schemas.rows import derived_id
from schemas.tables import alerts, facts, month_forecasts, outbox, technical
from services.alerts.notifiers.base import Reference
from services.alerts.notifiers.slack import Slack
from services.alerts.wording import render
from tests.services.alerts.delivery.test_delivery import running, settled
from tests.services.alerts.payloads import FLOOR, REPORT
from tests.services.alerts.rows import DAY, at, call, case_row, close_row, slice_row, task_row, tell
from tests.services.alerts.test_evaluation import Day
from tests.support.fake_slack import TOKEN
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration

WITH_HEAD = FLOOR + "  head: {slack: U0HEAD}\n"
TUESDAY = DAY + timedelta(days=1)
FRIDAY, MONDAY = date(2026, 11, 27), date(2026, 11, 30)


@pytest.fixture
def day(engine):
    return Day(engine, WITH_HEAD)


def last(**more):
    """The whole floor at 18:00."""
    rows = [("ivan", "calls", 70, 80.0), ("maria", "calls", 80, 80.0), ("ivan", "presentations", 6, 8.0)]
    return [
        slice_row(agent, step, done=done, target=target, slice_="18:00", level="ok", **more)
        for agent, step, done, target in rows
    ]


def money(type_, minor, agent="ivan", currency="RUB"):
    row = call("15:00", agent)
    gone = ("direction", "disposition", "talk_s", "q850", "customer")
    kept = {name: value for name, value in row.items() if name not in gone}
    return {**kept, "type": type_, "amount_minor": minor, "currency": currency}


async def reports(day):
    return [row for row in await day.box() if row.kind == "report"]


async def test_the_head_hears_of_the_day_once(day, engine):
    """18:03, the last slice is closed: one message to the head with plan and fact, money and tasks; looked at again, none."""
    await tell(
        engine,
        closes=[close_row("16:00", {"hunters": {"calls": ["silent:pbx"]}}), close_row("18:00")],
        slices=last(),
        tasks=[
            task_row("ivan", verified=at("13:00"), result="done"),
            task_row("maria", verified=at("16:00"), result="not_done"),
            task_row("petr", slice_="18:00", due="18:00"),
            {**task_row("olga", verified=at("11:00"), result="done"), "date": DAY - timedelta(days=3)},
        ],
        coaching=[case_row("maria")],
        facts=[
            call("10:50", "ivan"),
            call("10:51", "maria"),
            money(INVOICE, 900_00),
            money(PAYMENT, 500_00),
            money(REFUND, 100_00),
            money(PAYMENT, 7, currency="EUR"),
        ],
    )
    assert await day.look("18:03") > 0
    for clock in ("18:04", "19:30", "23:59"):
        await Day(engine, WITH_HEAD).look(clock)
    (row,) = await reports(day)
    assert (row.group_key, row.target, row.transition) == ("report:2026-11-23", "U0HEAD", 0)
    told = row.payload
    assert [(one["step"], one["done"], one["plan"]) for one in told["steps"]] == [
        ("calls", 2, 320),
        ("answered", 2, None),
        ("presentations", 0, 32),
        ("invoices", 1, None),
        ("payments", 2, None),
    ]
    assert told["tasks"] == {"given": 3, "results": {"done": 2, "not_done": 1}}
    assert [one["name"] for one in told["coaching"]] == ["Мария Соколова"]
    assert [(one["kind"], one["currency"], one["minor"]) for one in told["money"]] == [
        ("invoices", "RUB", 900_00),
        ("payments", "RUB", 400_00),
        ("payments", "EUR", 7),
        ("refunds", "RUB", 100_00),
    ]
    assert (told["untrusted"], told["not_closed"]) == (["16:00"], ["11:00", "13:00"])
    assert render(told).link == ("Отчёт за день", "http://board.test/report?date=2026-11-23")


async def test_the_month_as_its_last_close_foretold_it(day, engine):
    """What came, where it is heading and how likely the plan is; of the floor, in money."""
    await tell(engine, closes=[close_row("18:00")], slices=last())
    told = {
        "date": DAY,
        "done": 900_000_00,
        "plan": 2_000_000_00.0,
        "low": 1_500_000_00,
        "high": 2_100_000_00,
        "p_plan": 0.34,
    }
    rows = [
        {**told, "scope": "floor:main", "unit": "minor", "median": 1_800_000_00},
        {**told, "scope": "floor:main", "unit": "payments", "median": 18},
        {**told, "scope": "team:hunters", "unit": "minor", "median": 1},
    ]
    async with engine.begin() as connection:
        await connection.execute(sa.insert(month_forecasts), rows)
    await day.look("18:03")
    (row,) = await reports(day)
    (section,) = [one for one in render(row.payload).sections if one.heading == "Месяц"]
    text = " ".join(section.lines).replace("\u202f", " ").replace("\u00a0", " ")
    assert "900 000 ₽" in text
    assert "около 1 800 000 ₽" in text
    assert "план 2 000 000 ₽ выполняется с вероятностью 34 %" in text


@pytest.mark.parametrize(
    "scope", ["line:a", "source:a", "did:a", "campaign:a", "agent:ivan", "team:hunters", "floor:floor"]
)
async def test_an_incident_of_any_scope_has_words(day, engine, scope):
    """Whatever the alert is about, the report of its day is written and rendered."""
    await tell(engine, closes=[close_row("18:00")], slices=last())
    row = {
        "alert": derived_id("alert", 1), "fingerprint": f"x|{scope}", "kind": "outage", "verdict": "undetermined",
        "scope": scope, "detector": "answer_rate", "state": "resolved", "fired_at": at("12:51"),
        "resolved_at": at("14:10"), "evidence": {}, "transition": 1, "date": DAY, "team": None,
    }  # fmt: skip
    async with engine.begin() as connection:
        await connection.execute(sa.insert(alerts), [row])
    await day.look("18:03")
    (report,) = await reports(day)
    assert render(report.payload).sections


async def test_incidents_tell_what_they_took(day, engine):
    """A trunk was dead 12:50–14:10 for ivan: twenty working minutes without lunch. Withdrawn alerts were none."""
    await tell(engine, closes=[close_row("18:00")], slices=last())
    line = {
        "fingerprint": "line_failure|line:pbx/trunk-b", "kind": "outage", "verdict": "line", "scope": "line:pbx/trunk-b",
        "detector": "line_failure", "state": "resolved", "fired_at": at("12:51"), "resolved_at": at("14:10"),
        "evidence": {"line": "pbx/trunk-b"}, "transition": 1, "date": DAY, "team": None,
    }  # fmt: skip
    async with engine.begin() as connection:
        first, second = derived_id("alert", 1), derived_id("alert", 2)
        await connection.execute(sa.insert(alerts), [{**line, "alert": first}])
        await connection.execute(sa.insert(alerts), [{**line, "alert": second, "state": "invalidated"}])
        lost = {"alert": first, "started_at": at("12:50"), "ended_at": at("14:10"), "origin": "detector"}
        await connection.execute(sa.insert(technical), [{**lost, "id": derived_id("t", 1), "agent": "ivan"}])
    await day.look("18:03")
    (row,) = await reports(day)
    (incident,) = row.payload["incidents"]
    assert (incident["what"], incident["name"], incident["minutes"]) == ("line", "pbx/trunk-b", 20)
    assert incident["agents"] == ["ivan"]


async def test_late_facts_are_counted(day, engine):
    """One call of the morning arrived after its slice was frozen."""
    await tell(
        engine,
        closes=[close_row("11:00"), close_row("18:00")],
        slices=last(),
        facts=[call("10:50", "ivan", received="11:30"), call("10:52", "ivan")],
    )
    await day.look("18:03")
    (row,) = await reports(day)
    assert row.payload["late"] == 1


@pytest.mark.parametrize(
    ("closes", "clock"),
    [
        ([close_row("16:00")], "18:03"),
        ([close_row("18:00", on_time=False)], "18:03"),
        ([close_row("18:00")], "17:59"),
    ],
    ids=["not closed yet", "closed late", "work goes on"],
)
async def test_before_the_day_is_over_there_is_nothing_to_report(day, engine, closes, clock):
    """The last slice is not closed, was closed late, or the shift still runs."""
    await tell(engine, closes=closes, slices=last())
    await day.look(clock)
    assert await reports(day) == []


async def test_a_shift_beyond_the_last_slice_is_waited_for(engine):
    """The last slice at 17:00, work until 18:00."""
    day = Day(engine, WITH_HEAD.replace('"18:00"]', '"17:00"]'))
    await tell(engine, closes=[close_row("17:00")])
    await day.look("17:30")
    assert await reports(day) == []
    await day.look("18:00")
    assert len(await reports(day)) == 1


async def test_the_report_survives_a_night_and_no_longer(engine):
    """Down in the evening: told the next morning, until the next slice's time has come; then it is history."""
    await tell(engine, closes=[close_row("18:00")], slices=last())
    late = Day(engine, WITH_HEAD)
    await late.look("11:00", TUESDAY)
    assert await reports(late) == []
    await late.look("09:00", TUESDAY)
    assert [row.group_key for row in await reports(late)] == ["report:2026-11-23"]


async def test_fridays_report_waits_over_the_weekend(engine):
    """Down from Friday evening on; nothing is said of Saturday and Sunday themselves."""
    await tell(engine, closes=[close_row("18:00", day=FRIDAY)])
    day = Day(engine, WITH_HEAD)
    await day.look("10:00", MONDAY)
    assert [row.group_key for row in await reports(day)] == ["report:2026-11-27"]


async def test_a_day_off_has_no_report(engine):
    """Even if something was closed on it: the floor file has since declared it free."""
    free = WITH_HEAD.replace('breaks: ["13:00-14:00"]}', 'breaks: ["13:00-14:00"], weekdays: [tue, wed, thu, fri]}')
    day = Day(engine, free)
    await tell(engine, closes=[close_row("18:00")], slices=last())
    await day.look("18:03")
    assert await reports(day) == []


async def test_two_services_at_once_write_one(engine):
    """Each with another idea of the route: still one message."""
    await tell(engine, closes=[close_row("18:00")], slices=last())
    await asyncio.gather(*[Day(engine, text).look("18:03") for text in (WITH_HEAD, FLOOR, WITH_HEAD, FLOOR)])
    async with engine.connect() as connection:
        found = (await connection.execute(sa.select(outbox.c.id).where(outbox.c.kind == "report"))).all()
        assert (await connection.execute(sa.select(facts.c.event_id))).all() == []
    assert len(found) == 1


async def test_the_head_reads_it_in_slack(day, engine, deliveries, slack):
    """Delivered to the head directly, with the page's address."""
    await tell(engine, closes=[close_row("18:00")], slices=last())
    await day.look("18:03")
    async with running(await deliveries(on=day.versions[0][2])):
        await eventually(lambda: settled(engine), "everything to be delivered")
    (post,) = slack.posts("report:2026-11-23")
    assert post.channel == "D0HEAD"
    assert "http://board.test/report?date=2026-11-23" in post.shown


async def test_a_persons_messages_are_looked_through(slack):
    """In the conversation with that person; an app without the right to read it sends again, marked."""
    messenger = Slack(TOKEN, base_url=slack.url, timeout_s=1)
    sent = await messenger.post("U0HEAD", render(REPORT), Reference("report:2026-11-23", 0))
    assert await messenger.find("U0HEAD", "report:2026-11-23", at("18:00")) == sent
    await messenger.update("U0HEAD", sent.ts, render(REPORT), Reference("report:2026-11-23", 1))
    assert [body["channel"] for method, body in slack.calls if method.startswith("chat.")] == ["D0HEAD"] * 2
    slack.next("conversations.history", "missing_scope")
    assert await messenger.find("U0HEAD", "report:2026-11-23", at("18:00")) is None
