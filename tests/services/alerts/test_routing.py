"""Who hears of what, and when it has to wait."""

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.floor import load, parse
from services.alerts import routing
from services.rules.alerting.pipeline import quiet_until
from tests.services.alerts.payloads import FLOOR
from tests.services.alerts.rows import DAY, at

HEAD, NOTIFY = FLOOR.split("notify:")


def floor(notify=""):
    return parse(HEAD + notify)


def places(found):
    return [(lane.channel.id, lane.target) for lane in found]


def test_without_channels_the_console_hears_everything():
    """Nothing configured, nothing lost."""
    assert places(routing.lanes(floor(), "outage", None)) == [("console", "")]


@pytest.mark.parametrize(
    ("kind", "team", "wanted"),
    [
        ("outage", None, [("slack", "C0FLOOR")]),
        ("data", None, [("slack", "C0FLOOR")]),
        ("slice", "hunters", [("slack", "C0HUNTERS")]),
        ("coaching", "hunters", [("slack", "C0HUNTERS")]),
    ],
)
def test_the_example_routes(kind, team, wanted):
    """Outages to the floor's channel, everything of a team to the team's."""
    assert places(routing.lanes(parse(FLOOR), kind, team)) == wanted


def test_the_first_matching_route_decides():
    """By kind and team, in the order of the file."""
    found = floor(
        """notify:
  channels: [{id: a, kind: slack, token: {env: T}, channel: C0A}, {id: b, kind: console}]
  routes:
    - {match: {kind: [slice], team: [farmers]}, to: [b]}
    - {match: {kind: [slice]}, to: [a, b], channel: C0SLICES}
"""
    )
    assert places(routing.lanes(found, "slice", "hunters")) == [("a", "C0SLICES"), ("b", "")]
    assert places(routing.lanes(found, "slice", "farmers")) == [("b", "")]


def test_what_no_route_matches_goes_to_the_first_channel():
    """Nobody forgot it on purpose."""
    found = floor(
        """notify:
  channels: [{id: a, kind: slack, token: {env: T}, channel: C0A}, {id: b, kind: console}]
  routes: [{match: {kind: [slice]}, to: [b]}]
"""
    )
    assert places(routing.lanes(found, "outage", None)) == [("a", "C0A")]


def test_another_channel_takes_over_and_the_console_last():
    """When one is dead."""
    found = floor(
        """notify:
  channels: [{id: a, kind: slack, token: {env: T}}, {id: b, kind: webhook, url: {env: U}}]
"""
    )
    assert places(routing.others(found, "outage", None, "a")) == [("b", ""), ("console", "")]


@pytest.mark.parametrize(
    ("kind", "now", "until"),
    [
        ("slice", "19:59", None),
        ("slice", "20:00", ("08:30", 1)),
        ("slice", "03:00", ("08:30", 0)),
        ("slice", "08:30", None),
        ("outage", "03:00", None),
        ("outage", "21:00", ("08:30", 1)),
    ],
)
def test_quiet_hours_over_midnight(kind, now, until):
    """Held until the morning; an outage only when the day's work is over."""
    found = parse(FLOOR + '  quiet_hours: "20:00-08:30"\n')
    wanted = at(until[0], DAY + timedelta(days=until[1])) if until else None
    assert quiet_until(found, kind, at(now)) == wanted


def test_only_a_team_has_a_lead_to_mention():
    """The lead of the team the message is about."""
    assert routing.lead(parse(FLOOR), "hunters") == ("U0ANNA",)
    assert routing.lead(parse(FLOOR), None) == ()


REPORTS = """notify:
  channels: [{id: a, kind: slack, token: {env: T}, channel: C0A}, {id: b, kind: console}]
  routes: [%s]
  head: {slack: U0HEAD}
"""


@pytest.mark.parametrize(
    ("routes", "wanted"),
    [
        ("{match: {kind: [report]}, to: [a, b]}", [("a", "U0HEAD"), ("b", "")]),
        ("{match: {kind: [report]}, to: [a], channel: C0DAYS}", [("a", "C0DAYS")]),
        ("{match: {kind: [slice, task]}, to: [b, a], channel: C0SLICES}", [("b", ""), ("a", "U0HEAD")]),
        ("{match: {kind: [outage]}, to: [b]}, {to: [a], channel: C0ALL}", [("a", "U0HEAD")]),
        ("{match: {kind: [outage]}, to: [b]}", [("a", "U0HEAD")]),
    ],
)
def test_the_day_report_goes_to_the_head(routes, wanted):
    """By its own route, else the way of slices; to the head in Slack unless its own route names a channel."""
    assert places(routing.lanes(floor(REPORTS % routes), "report", None)) == wanted


def test_without_a_head_the_report_goes_where_the_channel_says():
    """Nobody is named: the channel's own place."""
    text = REPORTS.replace("  head: {slack: U0HEAD}\n", "") % "{match: {kind: [slice]}, to: [a]}"
    assert places(routing.lanes(floor(text), "report", None)) == [("a", "C0A")]


def test_the_example_reports_to_its_head():
    """The product's own floor file."""
    found = load(str(Path(__file__).parents[3] / "deploy" / "floor.example.yaml"))
    assert places(routing.lanes(found, "report", None)) == [("console", ""), ("slack", "U0HEAD")]
