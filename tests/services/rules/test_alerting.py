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
        (HALL, world(*[other(alert=str(n), scope=str(n)) for n in range(9)]), None),
        (replace(HALL, agents=frozenset({"ivan", "maria"})), world(*some(3)), "budget"),
        (replace(TEAM, scope="floor:main", team=None), world(*some(3)), None),
        (HALL, world(*some(3, HALL)), "budget"),
        (replace(HALL, fired_at=NOW - HOUR / 4), world(*some(3, HALL)), "budget"),
        (replace(HALL, fired_at=NOW - HOUR / 4), world(*some(3, HALL, **OVER)), None),
        (replace(HALL, fired_at=NOW - HOUR / 4), world(*some(4, HALL, **OVER)), "budget"),
        (replace(HALL, fired_at=NOW - HOUR / 2), world(*some(4, HALL, **OVER)), None),
        (replace(HALL, fired_at=NOW - HOUR / 4), world(*some(3, replace(HALL, teams=frozenset({"x"})))), None),
        (HALL, world(*some(3, replace(LINE, verdict="floor"), **OVER)), "budget"),
        (replace(LINE, verdict="floor", scope="floor:main"), world(*some(3, HALL)), None),
        (replace(LINE, verdict="floor"), world(*some(3, replace(LINE, verdict="floor"), **OVER)), "budget"),
        (HEADSET, world(other(HALL)), "inhibited:b"),
        (HEADSET, world(other(HALL, **OVER)), "budget"),
        (replace(HEADSET, scope="agent:olga"), world(other(HALL)), "budget"),
        (HEADSET, world(other(replace(HEADSET, agents=frozenset({"ivan"})), scope="agent:ivan", told_at=None)), None),
        (replace(LINE, verdict="floor"), world(*some(9)), None),
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
    """However many fire, in whatever order: at most three are told, one of them of a person; what is severe is told too."""
    floor, told = parse(FLOOR), []
    for n, verdict in enumerate(verdicts):
        one = replace(LINE, alert=str(n), fingerprint=str(n), scope=str(n), verdict=verdict)
        if pipeline.hold(one, World(floor, NOW, tuple(told))) is None:
            told.append(replace(one, told_at=NOW))
    assert len(told) == min(len(told), 3)
    assert len([one for one in told if one.verdict == "workplace"]) <= 1
    assert pipeline.hold(HALL, World(floor, NOW, tuple(told))) is None
    assert pipeline.hold(replace(LINE, verdict="floor", scope="floor:main"), World(floor, NOW, tuple(told))) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 120), st.integers(0, 60)), max_size=60))
def test_severe_ones_without_end_are_told_ever_more_rarely(day):
    """(which, minutes it lasts, minutes of rest): a severe fault that comes and goes all day is told three times at once,
    then only when it lasts a quarter of an hour, half an hour, an hour… and one that lasts is always told."""
    floor, now, told, minute = parse(FLOOR), NOW.replace(hour=6), [], timedelta(minutes=1)
    for n, (which, lasts, rests) in enumerate(day):
        if now.hour > 17:
            break
        one = replace(HALL, alert=str(n), fingerprint=f"f{which}", scope=f"line:{which}", fired_at=now)
        for passed in range(lasts):
            if pipeline.hold(one, World(floor, now + passed * minute, tuple(told))) is None:
                told.append(
                    replace(one, told_at=now + passed * minute, state="resolved", resolved_at=now + lasts * minute)
                )
                break
        else:
            assert lasts <= 15 * 2 ** max(0, len(told) - 3)
        now += (lasts + rests) * minute
    assert len(told) <= 3 + 6


def test_reminders_are_loud_while_the_budget_has_room():
    """Places that no alert took may be used to say again; afterwards it is said below the message only."""
    assert pipeline.aloud(world(*some(1)), 1)
    assert not pipeline.aloud(world(*some(1)), 2)
    assert not pipeline.aloud(world(*some(3)), 0)


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
