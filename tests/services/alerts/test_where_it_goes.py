"""Which place of Slack a message goes to: the team's channel, the lead directly, and where else when that is not there."""

from dataclasses import replace

import pytest

from schemas.alert_acts import MakeSilence, Matcher
from schemas.floor import parse
from schemas.tables import alerts
from services.alerts import announcing, routing
from services.alerts.storage import standing
from services.alerts.wording import render
from tests.services.alerts.full_day import KINDS, STEP, _window
from tests.services.alerts.payloads import FLOOR, LINE
from tests.services.alerts.rows import at
from tests.services.alerts.test_evaluation import Day

TEAM_KINDS = ("slice", "coaching", "efficiency", "task")
OWN = "{channel: C0HUNTERS, lead: U0ANNA}"


def floor(slack=OWN, channel="", route=""):
    text = FLOOR.replace(OWN, slack).replace("SLACK_BOT_TOKEN}}", f"SLACK_BOT_TOKEN}}{channel}}}")
    assert slack in text
    return parse(text.replace("to: [slack]}", f"to: [slack]{route}}}"))


@pytest.mark.parametrize(
    ("slack", "channel", "route", "kind", "place"),
    [
        *((OWN, "", "", kind, "C0HUNTERS") for kind in TEAM_KINDS),
        *((OWN, "", "", kind, "C0FLOOR") for kind in ("outage", "data")),
        ("{lead: U0ANNA, direct: true, channel: C0HUNTERS}", "", "", "slice", "U0ANNA"),
        ("{lead: U0ANNA, direct: true, channel: C0HUNTERS}", "", "", "coaching", "U0ANNA"),
        ("{lead: U0ANNA, direct: true, channel: C0HUNTERS}", "", "", "efficiency", "C0HUNTERS"),
        ("{lead: U0ANNA, direct: true, channel: C0HUNTERS}", "", "", "outage", "C0FLOOR"),
        ("{channel: C0HUNTERS, direct: true}", "", "", "slice", "C0HUNTERS"),
        ("{lead: U0ANNA}", ", channel: C0ALL", "", "slice", "C0ALL"),
        ("{lead: U0ANNA}", "", "", "slice", "C0FLOOR"),
        (OWN, "", ", channel: C0ROUTE", "slice", "C0ROUTE"),
    ],
)
def test_the_place_in_slack(slack, channel, route, kind, place):
    """One line a case: the team's entry, the channel's default, the route's own channel, the kind of message.

    A team without a channel of its own falls back on the channel's default, then on any channel of a route."""
    assert [lane.target for lane in routing.lanes(floor(slack, channel, route), kind, "hunters")] == [place]


AGENT = replace(KINDS[6], evidence={**KINDS[6].evidence, "agents": 1})
PLACE = replace(KINDS[5], evidence={**KINDS[5].evidence, "agents": 1})


def episode(kind, **changes):
    made = _window(kind, "ivan", at("10:00"), None)
    return replace(made, team="hunters" if kind.kind == "efficiency" else None, **changes)


async def told(day):
    found = [row for row in await day.box() if row.payload["form"] == "window"]
    return [(row.kind, row.target, row.transition, row.payload["verdict"]) for row in found]


@pytest.mark.integration
async def test_a_person_becomes_a_headset_where_it_was_told(engine):
    """10:00 Ivan's calls are short: efficiency, in his team's channel. 10:05 it is his headset: technical. The message in the
    team's channel changes, its buttons with it; the floor's channel is not written to for one headset."""
    day = Day(engine)
    day.clock = at("10:00")
    await day.evaluation._apply(parse(FLOOR), episode(AGENT), set())
    day.clock = at("10:00") + STEP
    await day.evaluation._apply(parse(FLOOR), episode(PLACE), set())
    assert await told(day) == [
        ("efficiency", "C0HUNTERS", 0, "agent"),
        ("outage", "C0HUNTERS", 1, "workplace"),
    ]
    day.clock = at("10:30")
    await day.evaluation._apply(parse(FLOOR), episode(PLACE, resolved_at=at("10:25")), set())
    assert (await told(day))[-1] == ("outage", "C0HUNTERS", 2, "workplace")
    assert [row.payload["state"] for row in await day.box()][-1] == "resolved"


@pytest.mark.integration
async def test_what_turns_out_severe_is_told_at_its_own_place_too(engine):
    """It was not Ivan: the floor stands. The floor's channel hears of it, the team's message says so too."""
    day = Day(engine)
    day.clock = at("10:00")
    await day.evaluation._apply(parse(FLOOR), episode(AGENT), set())
    day.clock = at("10:00") + STEP
    whole = replace(PLACE, verdict="floor")
    await day.evaluation._apply(parse(FLOOR), episode(whole, scope="floor:main"), set())
    assert sorted((await told(day))[1:]) == [("outage", "C0FLOOR", 1, "floor"), ("outage", "C0HUNTERS", 1, "floor")]
    (alert,) = await day.all(alerts)
    assert (alert.kind, alert.verdict) == ("outage", "floor")


async def grown(day):
    return [row for row in await day.box() if row.payload["form"] == "grown"]


@pytest.mark.integration
async def test_a_lesser_fault_that_grows_severe_is_said_aloud_once(engine):
    """One headset, told; then the floor stands, of the same kind: its message changes, and an answer in its thread names the
    lead. Smaller and larger again: nothing more is said."""
    day = Day(engine)
    day.clock = at("10:00")
    await day.evaluation._apply(parse(FLOOR), episode(PLACE), set())
    assert await grown(day) == []
    whole = episode(replace(PLACE, verdict="floor"), scope="floor:main")
    for step, now in enumerate((whole, episode(PLACE), whole), 1):
        day.clock = at("10:00") + step * STEP
        await day.evaluation._apply(parse(FLOOR), now, set())
    (alert,) = await day.all(alerts)
    (said,) = await grown(day)
    assert (said.group_key, said.payload["parent"], said.target) == (f"{alert.alert}/grown", alert.alert, "C0FLOOR")
    assert said.payload["mentions"] == ["U0ANNA"]
    content = render(said.payload)
    assert content.title.startswith("Стало серьёзнее. ")
    assert content.mentions == ("U0ANNA",)
    assert not content.broadcast, "an answer takes no place of the day"


@pytest.mark.integration
async def test_what_is_silenced_does_not_grow_aloud_until_it_is_not(engine):
    """Somebody silenced it: it is said with the next change after the silence."""
    day = Day(engine)
    day.clock = at("10:00")
    await day.evaluation._apply(parse(FLOOR), episode(PLACE), set())
    (alert,) = await day.all(alerts)
    quiet = MakeSilence(match=Matcher(fingerprint=alert.fingerprint), until=at("10:30"), reason="known")
    async with engine.begin() as connection:
        await standing.silence(connection, "6f2c9c6e-7f0a-4a58-9f5e-3c1f1f5b7f10", quiet, "anna", at("10:01"))
    whole = replace(PLACE, verdict="floor")
    day.clock = at("10:10")
    await day.evaluation._apply(parse(FLOOR), episode(whole, scope="floor:main"), set())
    assert await grown(day) == []
    day.clock = at("10:40")
    await day.evaluation._apply(parse(FLOOR), episode(whole, scope="floor:main", phase="failing"), set())
    assert len(await grown(day)) == 1


def test_where_nothing_can_be_answered_it_is_a_message():
    """Apprise gets a message of its own; a webhook that gets every state does not get it twice."""
    channels = "- {id: push, kind: apprise, url: {env: A}}\n    - {id: hook, kind: webhook, url: {env: H}}"
    text = FLOOR.replace("- {id: slack, kind: slack, token: {env: SLACK_BOT_TOKEN}}", channels)
    text = text[: text.index("  routes:")] + "  routes:\n    - {match: {}, to: [push, hook]}\n"
    payload = {**LINE, "under": None, "place": None, "escalated": False}
    assert [(one.channel, one.group_key) for one in announcing.grown(parse(text), payload)] == [("push", "a-1/grown")]
