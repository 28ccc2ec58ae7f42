"""Which place of Slack a message goes to: the team's channel, the lead directly, and where else when that is not there."""

from dataclasses import replace

import pytest

from schemas.floor import parse
from schemas.tables import alerts
from services.alerts import routing
from tests.services.alerts.full_day import KINDS, STEP, _window
from tests.services.alerts.payloads import FLOOR
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
