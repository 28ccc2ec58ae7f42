"""The steps between a finding and a message, each by a table of what stands around it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def other(one=LINE, **changes):
    return replace(one, **{"alert": "b", "fingerprint": "f", "scope": "line:y", "told_at": NOW - HOUR, **changes})


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
        (replace(LINE, verdict="workplace"), world(*[other(alert=str(n), scope=str(n)) for n in range(2)]), "budget"),
        (replace(LINE, verdict="floor"), world(*[other(alert=str(n), scope=str(n)) for n in range(9)]), None),
        (LINE, world(*[other(alert=str(n), scope=str(n), told_at=NOW - 24 * HOUR) for n in range(9)]), None),
        (TEAM, world(more='  quiet_hours: "11:00-14:00"\n'), "quiet"),
        (LINE, world(more='  quiet_hours: "11:00-14:00"\n'), None),
    ],
)
def test_who_is_held_and_why(one, around, held):
    """One line a case: what stands around an alert, and the first step that holds it."""
    found = pipeline.hold(one, around)
    assert (str(found) if found else None) == held


@given(st.lists(st.sampled_from(["line", "workplace", "undetermined"]), max_size=200))
def test_a_day_keeps_its_budget(verdicts):
    """However many fire, in whatever order: at most three are told, and a floor that stands is told all the same."""
    floor, told = parse(FLOOR), []
    for n, verdict in enumerate(verdicts):
        one = replace(LINE, alert=str(n), fingerprint=str(n), scope=str(n), verdict=verdict)
        if pipeline.hold(one, World(floor, NOW, tuple(told))) is None:
            told.append(replace(one, told_at=NOW))
    assert len(told) == min(len(told), 3)
    assert pipeline.hold(replace(LINE, verdict="floor", scope="floor:main"), World(floor, NOW, tuple(told))) is None


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
