"""The steps between a finding and a message, each by a table of what stands around it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.alert_acts import Matcher
from schemas.floor import parse
from services.rules.alerting import pipeline
from services.rules.alerting.model import Silence, Standing, World
from tests.services.alerts.payloads import FLOOR

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LINE = Standing("a", "line_failure|line:x", "outage", "line", "line:x", "line_failure", None, "firing", NOW)
TEAM = Standing(
    "t", "team|team:hunters", "efficiency", "offer_or_crm", "team:hunters", "team", "hunters", "firing", NOW
)


HALL = replace(LINE, teams=frozenset({"hunters"}), agents=frozenset({"ivan", "maria", "petr"}))
"""Half a team, and three people: severe."""
HEADSET = replace(LINE, verdict="workplace", scope="agent:ivan", detector="workplace_audio")


def other(one=LINE, **changes):
    return replace(one, **{"alert": "b", "fingerprint": "f", "scope": "line:y", "told_at": NOW - HOUR, **changes})


OVER = {"state": "resolved", "resolved_at": NOW - HOUR / 2}


def some(count, one=LINE, **changes):
    """So many others that were told today."""
    return [other(one, alert=str(n), fingerprint=str(n), scope=f"line:{n}", **changes) for n in range(count)]


def world(*others, silences=(), more=""):
    return World(parse(FLOOR + more), NOW, others, silences)


MUTE = Silence("s", Matcher(kind="outage"), NOW - HOUR, NOW + HOUR)


@pytest.mark.parametrize(
    ("one", "around", "held"),
    [
        (LINE, world(), None),
        (LINE, world(other()), None),
        (LINE, world(other(scope="line:x")), "grouped:b"),
        (LINE, world(other(scope="line:x", told_at=None)), None),
        (replace(LINE, verdict="floor"), world(other(verdict="floor")), "grouped:b"),
        (LINE, world(silences=(MUTE,)), "silenced:s"),
        (TEAM, world(silences=(MUTE,)), None),
        (LINE, world(more='  maintenance: [{time: "11:00-13:00", reason: r, owner: o}]\n'), "maintenance:1"),
        (LINE, world(more='  maintenance: [{time: "13:00-14:00", reason: r, owner: o}]\n'), None),
        (TEAM, world(other(verdict="floor", scope="floor:main")), "inhibited:b"),
        (TEAM, world(other(kind="data", verdict="undetermined")), "inhibited:b"),
        (TEAM, world(other(teams=frozenset({"hunters"}))), "inhibited:b"),
        (TEAM, world(other()), None),
        (TEAM, world(other(verdict="floor", state="resolved")), None),
        (LINE, world(other(verdict="floor", scope="floor:main")), "inhibited:b"),
        (LINE, world(other(fingerprint=LINE.fingerprint, state="resolved", resolved_at=NOW - HOUR / 6)), "again"),
        (LINE, world(other(fingerprint=LINE.fingerprint, state="resolved", resolved_at=NOW - HOUR)), None),
        (LINE, world(*[other(alert=str(n), scope=str(n)) for n in range(3)]), "budget"),
        (LINE, world(*[other(alert=str(n), scope=str(n)) for n in range(2)]), None),
        (replace(LINE, verdict="workplace"), world(*[other(alert=str(n), scope=str(n)) for n in range(1)]), "budget"),
        (replace(LINE, verdict="workplace"), world(), None),
        (HALL, world(*some(9)), None),
        (HALL, world(*some(9, HALL)), None),
        (replace(HALL, agents=frozenset({"ivan", "maria"})), world(*some(3)), "budget"),
        (replace(TEAM, scope="floor:main", team=None), world(*some(3)), None),
        (replace(LINE, verdict="floor"), world(*some(9, replace(LINE, verdict="floor"), **OVER)), None),
        (LINE, world(other(HEADSET), *some(2)), None),
        (LINE, world(other(HEADSET), *some(3)), None),
        (LINE, world(other(HEADSET), *some(2), other(alert="c", fingerprint="c", scope="c", below="b")), "budget"),
        (HEADSET, world(other(HALL)), "inhibited:b"),
        (HEADSET, world(other(HALL, **OVER)), "budget"),
        (replace(HEADSET, scope="agent:olga"), world(other(HALL)), "budget"),
        (HEADSET, world(other(replace(HEADSET, agents=frozenset({"ivan"})), scope="agent:ivan", told_at=None)), None),
        (LINE, world(*[other(alert=str(n), scope=str(n), told_at=NOW - 24 * HOUR) for n in range(9)]), None),
        (TEAM, world(more='  quiet_hours: "11:00-14:00"\n'), "quiet"),
        (LINE, world(more='  quiet_hours: "11:00-14:00"\n'), None),
    ],
)
def test_who_is_held_and_why(one, around, held):
    """One line a case: what stands around an alert, and the first step that holds it."""
    found = pipeline.hold(one, around)
    assert (str(found) if found else None) == held


def test_reminders_and_the_head():
    """Only while it fires, nobody has it, and the time is over; the head hears once."""
    floor = parse(FLOOR)
    told = replace(LINE, told_at=NOW)
    later = NOW + timedelta(seconds=floor.notify.ack_within_s)
    assert not pipeline.escalation_due(told, floor, NOW)
    assert pipeline.escalation_due(told, floor, later)
    assert not pipeline.escalation_due(replace(told, state="acknowledged"), floor, later)
    assert not pipeline.escalation_due(replace(told, escalated_at=NOW), floor, later)
    assert pipeline.reminder_due(told, floor, NOW + HOUR)
    assert not pipeline.reminder_due(replace(told, raised_at=NOW), floor, NOW + HOUR / 2)
