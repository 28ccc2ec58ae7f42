"""Stories of people and alerts: taking, muting, “it was technical”; reminders, the head, the budget of a day."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from schemas.alert_acts import Acknowledge, MakeSilence, Matcher, Mute, Resolve, WasTechnical, arguments_of, kind_of
from schemas.rows import derived_id
from schemas.tables import alert_acts, alert_transitions, alerts, outbox, silences, technical
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.rows import at, close_row, dead_trunk, issue_row, tell
from tests.services.alerts.test_evaluation import Day, steady

pytestmark = pytest.mark.integration
HEAD = FLOOR + "  head: {name: Олег, slack: U0HEAD}\n"


async def ask(day, act, alert=None, by="Анна", key="1"):
    row = {"act": derived_id("test", kind_of(act), alert, key), "alert": alert, "kind": kind_of(act)}
    async with day.engine.begin() as connection:
        values = {**row, "arguments": arguments_of(act), "at": day.clock, "by": by, "via": "board"}
        await connection.execute(sa.insert(alert_acts).values(**values))


async def one(day):
    return (await day.all(alerts))[0]


async def outage(engine, text=HEAD):
    day = Day(engine, text)
    await tell(engine, facts=[*steady(minutes=200), *dead_trunk("10:02")])
    await day.look("10:04")
    return day


async def told(day):
    return [(row.target, row.payload.get("form"), row.group_key) for row in await day.box()]


async def test_taken_and_given_an_owner(engine):
    """Anna takes the trunk: it is hers, the living message says so, nobody above is told."""
    day = await outage(engine)
    alert = (await one(day)).alert
    await ask(day, Acknowledge(), alert)
    await day.look("10:05")
    found = await one(day)
    assert (found.state, found.owner) == ("acknowledged", "Анна")
    assert (await day.box())[-2].payload["owner"] == "Анна"
    await day.look("10:40")
    assert (await one(day)).escalated_at is None


async def test_nobody_takes_it(engine):
    """After a quarter of an hour the head is told directly; after an hour more it is said again, in the thread."""
    day = await outage(engine)
    alert = (await one(day)).alert
    await day.look("10:18")
    assert "U0HEAD" not in [target for target, _, _ in await told(day)]
    await day.look("10:20")
    assert ("U0HEAD", "line", alert) in await told(day)
    assert (await day.box())[-1].payload["escalated"]
    await day.look("10:30")
    before = await told(day)
    await day.look("11:21")
    fresh = (await told(day))[len(before) :]
    assert [form for _, form, _ in fresh].count("reminder") == 1
    said = [row.what for row in await day.all(alert_transitions, alert_transitions.c.transition) if row.what]
    assert said == ["escalate", "repeat"]


async def test_it_was_technical(engine):
    """A team below its norm; the head says it was technical: minutes of all, by a person, and the alert is withdrawn."""
    day = Day(engine, HEAD)
    await tell(engine, facts=steady(minutes=130), closes=[close_row()], issues=[issue_row(True)])
    await day.look("11:03")
    alert = (await one(day)).alert
    await ask(day, WasTechnical(note="CRM лежала"), alert, by="Олег")
    await ask(day, WasTechnical(note="CRM лежала"), alert, by="Олег", key="2")
    await day.look("11:04")
    assert (await one(day)).state == "invalidated"
    rows = await day.all(technical, technical.c.agent)
    assert [(row.agent, row.origin) for row in rows] == [(who, "person") for who in ("ivan", "maria", "olga", "petr")]
    assert (await day.box())[-1].payload["acted"]["note"] == "CRM лежала"


async def test_muted_is_not_reminded(engine):
    """Quiet for an hour: no head, no reminder; afterwards both again."""
    day = await outage(engine)
    await ask(day, Mute(for_s=3600), (await one(day)).alert)
    await day.look("10:05")
    before = len(await day.box())
    await day.look("10:50")
    assert (await one(day)).escalated_at is None
    assert len(await day.box()) == before or (await day.box())[-1].payload["escalated"] is False
    await day.look("11:06")
    assert (await one(day)).escalated_at is not None


async def test_a_silence_holds_and_lets_go(engine):
    """What a silence matches stands on the board with its reason; when it ends, what still fires is told."""
    day = Day(engine, HEAD)
    await day.look("10:00")
    await ask(day, MakeSilence(match=Matcher(kind="outage"), until=day.clock + timedelta(minutes=20), reason="работы"))
    await day.look("10:01")
    await tell(engine, facts=[*steady(minutes=90), *dead_trunk("10:02")])
    await day.look("10:04")
    (silence,) = await day.all(silences)
    assert ((await one(day)).held, await day.box()) == (f"silenced:{silence.silence}", [])
    await day.look("10:21")
    assert (await one(day)).held is None
    assert len(await day.box()) == 2


async def test_what_is_over_cannot_be_taken(engine):
    """Resolved by hand with a reason; an act that comes later is answered, not done."""
    day = await outage(engine)
    alert = (await one(day)).alert
    await ask(day, Resolve(reason="оператор починил"), alert)
    await day.look("10:05")
    await ask(day, Acknowledge(), alert)
    await day.look("10:06")
    assert (await one(day)).state == "resolved"
    acts = await day.all(alert_acts, alert_acts.c.at)
    assert [row.problem for row in acts] == [None, "over"]


async def test_a_day_of_many_findings(engine):
    """Twenty trunks fail one after another, the same one again and again, a team falls behind; the lead gets fewer than
    ten posts, the first outages among them, and everything stands on the board with the reason why it was not told."""
    day = Day(engine, HEAD)
    facts = steady(minutes=240)
    for n in range(20):
        facts += dead_trunk(f"{9 + n // 6:02}:{(n * 9) % 54 + 1:02}", f"pbx/trunk-{n:02}")
    await tell(engine, facts=facts)
    for hour in range(9, 13):
        for minute in range(5, 60, 10):
            await day.look(f"{hour:02}:{minute:02}")
    found = await day.all(alerts)
    assert len(found) >= 15
    async with engine.connect() as connection:
        posts = await connection.execute(sa.select(outbox.c.group_key, outbox.c.channel, outbox.c.target).distinct())
        mains = [row for row in posts if "/" not in row.group_key and row.channel == "slack"]
    assert 3 <= len(mains) < 10
    assert all(row.told_at or row.held for row in found)
    words = {row.held.partition(":")[0] for row in found if row.held}
    assert words <= {"budget", "again", "grouped", "inhibited"}


async def test_closed_by_hand_too_late(engine):
    """While nobody looked, the trunk recovered and died again; the old alert is closed by hand: the new one is told."""
    day = await outage(engine)
    old = await one(day)
    await tell(engine, facts=[*steady("10:05", 14, "pbx/trunk-b"), *dead_trunk("10:30")])
    day.clock = at("10:33")
    await ask(day, Resolve(reason="оператор починил"), old.alert)
    await Day.look(day, "10:34")
    found = await day.all(alerts, alerts.c.fired_at)
    assert [(row.state, row.fired_at) for row in found] == [("resolved", old.fired_at), ("firing", at("10:31:30"))]
