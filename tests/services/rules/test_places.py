"""However a day goes: a lead gets fewer than ten messages, and whatever is severe is told, at once."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.floor import parse
from services.rules.alerting import pipeline, places
from services.rules.alerting.model import SEVERE, World, rank
from tests.services.alerts.payloads import FLOOR
from tests.services.rules.test_alerting import HALL, HEADSET, LINE, NOW, OVER, TEAM, other, some, world

STEP = timedelta(minutes=5)
MORNING = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
STILL = replace(LINE, verdict="floor")
DROP = replace(TEAM, scope="floor:main", team=None, detector="efficiency_drop")
BAD = replace(HALL, teams=frozenset({"farmers"}), agents=frozenset({"olga", "petr", "anna"}))
SORTS = {"line": LINE, "list": replace(LINE, verdict="list"), "headset": HEADSET, "team": TEAM, "hall": HALL, "bad": BAD,
         "drop": DROP, "still": STILL, "data": replace(LINE, kind="data", verdict="undetermined")}  # fmt: skip
HEAD = "  head: {slack: U0HEAD}\n"

findings = st.tuples(st.sampled_from(sorted(SORTS)), st.integers(0, 5), st.integers(0, 8), st.integers(1, 48))
"""Which sort, of which subject, steps after the one before, steps it lasts."""


def lived(day, planned=4, more=HEAD):
    """The day told step by step as the shell does it. Returns the alerts as they stand at its end, and what notified:
    (what, alert, when)."""
    floor, known, loud, now = parse(FLOOR + more), {}, [], MORNING
    begins, ends, start, reminders = {}, {}, MORNING, 0
    for n, (sort, subject, after, lasts) in enumerate(day):
        start += after * STEP
        begins.setdefault(start, []).append((n, sort, subject, lasts))
    while now < MORNING + timedelta(hours=10):
        for n, sort, subject, lasts in begins.get(now, ()):
            scope = SORTS[sort].scope if sort in ("still", "drop", "team") else f"{SORTS[sort].scope}-{subject}"
            if any(one.open and one.fingerprint == f"{sort}|{scope}" for one in known.values()):
                continue
            known[str(n)] = replace(SORTS[sort], alert=str(n), fingerprint=f"{sort}|{scope}", scope=scope, fired_at=now)
            ends[str(n)] = now + lasts * STEP
        for alert, one in sorted(known.items(), key=lambda each: -rank(each[1], floor)):
            around = World(
                floor, now, tuple(each for each in known.values() if each.alert != alert), planned=planned,
                reminders=reminders,
            )  # fmt: skip
            if one.open and now >= ends[alert]:
                known[alert] = replace(one, state="resolved", resolved_at=now)
            elif one.open and one.told_at is None:
                found = pipeline.hold(one, around)
                below = places.below(one, around) if found is None else None
                known[alert] = replace(
                    one, held=str(found) if found else None, told_at=None if found else now, below=below
                )
                if found is None:
                    loud.append(("below" if below else "post", alert, now))
            elif pipeline.escalation_due(one, floor, now) and pipeline.hold(one, around, pipeline.OF_REMINDERS) is None:
                named = not places.directly(one, around)
                known[alert] = replace(one, escalated_at=now, raised_at=now, named=named)
                loud.append(("named" if named else "direct", alert, now))
            elif pipeline.reminder_due(one, floor, now) and pipeline.hold(one, around, pipeline.OF_REMINDERS) is None:
                known[alert] = replace(one, raised_at=now)
                if one.below is None and places.aloud(replace(around, others=tuple(known.values()))):
                    reminders += 1
                    loud.append(("broadcast", alert, now))
        now += STEP
    return floor, known, loud


@given(st.lists(findings, max_size=60), st.integers(0, 7))
@settings(max_examples=50)
def test_a_lead_gets_fewer_than_ten_messages(day, planned):
    """Slices and the report of the day, alerts and loud reminders wherever they stand: never ten. The head, who reads the
    floor's place too and is written to when nobody takes one, gets no more either."""
    _, _, loud = lived(day, planned)
    counts = Counter(what for what, _, _ in loud)
    assert planned + counts["post"] + counts["broadcast"] <= 9
    if planned == 4:
        assert counts["post"] + counts["broadcast"] + counts["direct"] + 1 <= 9


@given(st.lists(findings, max_size=60), st.integers(0, 12))
@settings(max_examples=50)
def test_what_is_severe_is_never_kept_from_anybody(day, planned):
    """A severe one that still lasts is told, or another that says it is: the same trouble, the technical
    fault behind it, the standstill of everything; or it has only just ended. The budget never holds it."""
    floor, known, _ = lived(day, planned)
    severe = [one for one in known.values() if rank(one, floor) >= SEVERE]
    assert [one.held for one in severe if not one.told_at and (one.held or "").startswith("budget")] == []
    for one in severe:
        if one.told_at is None and one.held:
            word, _, by = one.held.partition(":")
            assert word in ("grouped", "inhibited", "again")
            assert word == "again" or by in known
        elif one.told_at and one.below:
            assert known[one.below].below is None
            assert known[one.below].told_at <= one.told_at


@given(st.lists(findings, max_size=60))
@settings(max_examples=50)
def test_the_three_are_the_best_three(day):
    """A line, a source or a list is held for want of messages only when three alerts had theirs, and each that was about one
    person, number or list has given its place away."""
    floor, known, _ = lived(day)
    own = [one for one in known.values() if one.told_at and one.below is None]
    given_away = {one.below for one in known.values()}
    for one in known.values():
        if one.told_at is None and one.open and one.held == "budget" and rank(one, floor) == 1 and one.kind == "outage":
            assert len(own) >= 3
            minor = [each.alert for each in own if rank(each, floor) == 0 and each.kind == "outage"]
            assert set(minor) <= given_away


@pytest.mark.parametrize(
    ("one", "around", "planned", "place"),
    [
        (LINE, world(), 4, "own"),
        (HALL, world(*some(3)), 4, "own"),
        (HALL, world(*some(3), other(HALL, alert="h")), 4, "h"),
        (STILL, world(*some(3), other(HALL, alert="h")), 4, "own"),
        (HALL, world(other(HALL, alert="h")), 4, "own"),
        (HALL, world(*some(3), other(HALL, alert="h"), other(STILL, alert="s", **OVER)), 4, "h"),
        (STILL, world(*some(3), other(HALL, alert="h"), other(STILL, alert="s")), 4, "s"),
        (DROP, world(*some(3), other(HALL, alert="h")), 4, "h"),
        (LINE, world(other(HEADSET, alert="m"), *some(2)), 4, "m"),
        (TEAM, world(other(HEADSET, alert="m"), *some(2)), 4, "own"),
        (LINE, world(), 99, "own"),
        (HALL, world(*some(1)), 99, "own"),
        (STILL, world(*some(1), other(HALL, alert="h")), 99, "h"),
    ],
)
def test_where_it_is_told(one, around, planned, place):
    """One line a case. ``own``: a message of its own, or none; else the alert in whose thread it stands."""
    assert (places.below(one, replace(around, planned=planned)) or "own") == place


def test_reminders_are_loud_once():
    """Where a place is left that no severe one needs; afterwards it is said below the message only."""
    assert places.aloud(replace(world(*some(1)), planned=4))
    assert not places.aloud(replace(world(*some(1)), planned=4, reminders=1))
    assert not places.aloud(replace(world(*some(3)), planned=4))
    assert not places.aloud(replace(world(*some(1)), planned=9))


def test_the_head_is_written_to_about_three_and_named_in_the_others():
    """One of the lesser ones, the others severe; below another they are always named; a head without Slack is written to."""
    head = [other(LINE, alert=str(n), fingerprint=str(n), escalated_at=NOW) for n in range(3)]
    whole = replace(world(more=HEAD), planned=4)
    assert places.directly(LINE, whole)
    assert not places.directly(LINE, replace(whole, others=tuple(head[:1])))
    assert places.directly(HALL, replace(whole, others=tuple(head[:2])))
    assert not places.directly(HALL, replace(whole, others=tuple(head)))
    assert not places.directly(replace(HALL, below="x"), whole)
    assert places.directly(LINE, replace(world(*head), planned=4))
