"""Calls that show what a team's issue is about: they got as far as the step before the broken one, in its window."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.floor import parse
from schemas.rows import SliceRow
from schemas.steps import STEPS, Step
from services.rules.closing import Closing, TeamIssue
from services.rules.closing.issues import evidence_of
from services.rules.day import working_day
from services.rules.deeds import Deed
from services.rules.hearing import listeners, with_calls
from services.rules.showing import CALLS, WITNESSES
from tests.services.aggregator.feeding import floor_text

FLOOR = parse(floor_text(agents=12, zone="UTC"))
TEAM = FLOOR.agents[0].team
DAY = working_day(FLOOR, date(2026, 11, 23))
CUT = next(cut for cut in DAY.cut_offs if cut.at == datetime(2026, 11, 23, 16, tzinfo=UTC))
BEFORE = DAY.previous(CUT.name)


def at(clock: str) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2026, 11, 23, int(hour), int(minute), tzinfo=UTC)


def call(agent: str, clock: str, talk_s: float | None, *, outbound: bool = True) -> Deed:
    ended = at(clock)
    began = ended - timedelta(seconds=(talk_s or 0) + 10)
    name = f"{agent}-{clock}"
    return Deed(CALL, agent, ended, call=name, started_at=began, talk_s=talk_s, outbound=outbound)


def row(agent: str, step: Step, done: int, in_slice: int = 0, target: float | None = None) -> SliceRow:
    return SliceRow(date=DAY.date, slice=CUT.name, agent=agent, team=TEAM, step=step, done=done, in_slice=in_slice,
                    target=target, index=None, p_below=None, level="ok", trusted=True)  # fmt: skip


def issue(*steps: Step, dropped: bool = False) -> TeamIssue:
    numbers = {"done": 1, "target": 9.0, "index": 0.4, "p_below": 0.97, "p_drop": 0.97, "agents": 9}
    told = [{"step": step, **numbers} for step in steps]
    return TeamIssue(TEAM, not dropped, {"drops": told} if dropped else {"steps": told}, dropped)


def shown(one: TeamIssue, deeds: list[Deed], rows: list[SliceRow] | None = None) -> Mapping[str, Any]:
    rows = rows or [row(agent, step, 3) for agent in ("a0", "a1", "a2") for step in STEPS]
    closing = Closing(rows, [], [], [], [one], {})
    agents = listeners(closing)
    kept = [deed for deed in deeds if deed.agent in agents]
    found = with_calls(closing, FLOOR, DAY, CUT, kept).issues[0].evidence
    assert found == with_calls(closing, FLOOR, DAY, CUT, kept[::-1]).issues[0].evidence
    return {key: found[key] for key in ("calls", "calls_of", "deals", "no_calls") if key in found}


LONG = [call("a0", "09:30", 700), call("a1", "10:00", 640), call("a0", "15:00", 800), call("a1", "15:30", 20)]
STORIES: list[tuple[str, TeamIssue, list[Deed], dict[str, Any]]] = [
    ("long, but no presentation", issue("presentations", "invoices"), LONG,
     {"calls": ["a0-15:00", "a1-10:00", "a0-09:30"], "calls_of": "presentations"}),
    ("the first broken step of the funnel, however they are named", issue("invoices", "long_calls"), LONG,
     {"calls": ["a1-15:30"], "calls_of": "long_calls"}),
    ("of a drop only those of the slice", issue("presentations", dropped=True), LONG,
     {"calls": ["a0-15:00"], "calls_of": "presentations"}),
    ("presented, and no invoice", issue("invoices"),
     [*LONG, Deed(PRESENTATION, "a0", at("15:02"), deal="d1"), Deed(PRESENTATION, "a1", at("10:02"), deal="d2"),
      Deed(INVOICE, "a1", at("11:00"), deal="d2", invoice="i2")],
     {"calls": ["a0-15:00"], "calls_of": "invoices"}),
    ("nobody presented: the rung before", issue("invoices"), LONG[:2],
     {"calls": ["a0-09:30", "a1-10:00"], "calls_of": "presentations"}),
    ("dials that nobody answered, the newest first, no calls in", issue("answered"),
     [call("a0", "10:00", None), call("a0", "11:00", None), call("a1", "12:00", None, outbound=False),
      call("a1", "12:10", 90)],
     {"calls": ["a0-11:00", "a0-10:00"], "calls_of": "answered"}),
    ("dials: after these the longest pauses", issue("calls"),
     [call("a0", "09:10", 30), call("a0", "11:50", 30), call("a0", "11:52", 30), call("a1", "15:59", 30)],
     {"calls": ["a0-11:52", "a0-09:10"], "calls_of": "calls"}),
    ("only the CRM knows", issue("payments"),
     [Deed(INVOICE, "a0", at("10:00"), deal="d1", invoice="i1"), Deed(INVOICE, "a0", at("11:00"), invoice="i2"),
      Deed(INVOICE, "a1", at("11:30"), invoice="i3"), Deed(PAYMENT, "a0", at("12:00"), invoice="i1")],
     {"calls": [], "deals": ["i2", "i3"], "calls_of": "payments"}),
    ("presentations of no known call", issue("invoices"),
     [Deed(PRESENTATION, "a0", at("10:00"), deal="d1"), Deed(PRESENTATION, "a0", at("11:00"), deal="d2"),
      Deed(INVOICE, "a0", at("12:00"), deal="d1", invoice="i1")],
     {"calls": [], "deals": ["d2"], "calls_of": "invoices"}),
    ("a presentation whose invoice came of a later call is no lost deal", issue("invoices"),
     [Deed(PRESENTATION, "a0", at("10:00"), deal="d1"), call("a0", "11:00", 700),
      Deed(INVOICE, "a0", at("11:02"), deal="d1", invoice="i1")],
     {"calls": ["a0-11:00"], "calls_of": "presentations"}),
    ("no calls at all", issue("presentations"), [], {"calls": [], "no_calls": "none_made"}),
    ("nothing about the calls is wrong", issue("answered"), [call("a0", "09:00", 60), call("a0", "09:05", 60, outbound=False)],
     {"calls": ["a0-09:05"], "calls_of": "calls"}),
    ("calls, but none that shows it", issue("answered"),
     [call("a0", f"{clock // 60:02d}:{clock % 60:02d}", 60) for clock in range(9 * 60, 16 * 60, 5)],
     {"calls": [], "no_calls": "none_fit"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "deeds", "expected"), [story[1:] for story in STORIES], ids=[story[0] for story in STORIES]
)
def test_what_shows_it(one: TeamIssue, deeds: list[Deed], expected: dict[str, Any]) -> None:
    """By the first broken step; whatever the order in which the facts come."""
    assert shown(one, deeds) == expected


def test_of_different_people() -> None:
    """Everybody's first before anybody's second, five at most."""
    deeds = [call(f"a{n}", f"15:{10 + minute:02d}", 700 - minute) for n in range(4) for minute in range(3)]
    rows = [row(f"a{n}", step, 9 - n) for n in range(4) for step in STEPS[:3]]
    expected = ["a0-15:10", "a1-15:10", "a2-15:10", "a3-15:10", "a0-15:11"]
    assert shown(issue("presentations"), deeds, rows)["calls"] == expected
    assert len(expected) == CALLS


def test_not_everybody_is_read() -> None:
    """At a close only facts of the ten who lost the most on the step are asked for; of a drop, in the slice; of dials, by what
    was due."""

    def asked(one: TeamIssue, rows: list[SliceRow]) -> frozenset[str]:
        return listeners(Closing(rows, [], [], [], [one], {}))

    rows = [row(f"a{n}", "long_calls", n, in_slice=20 - n) for n in range(12)]
    rows += [row(f"a{n}", "presentations", 0) for n in range(12)]
    assert asked(issue("presentations"), rows) == {f"a{n}" for n in range(2, 12)}
    assert asked(issue("presentations", dropped=True), rows) == {f"a{n}" for n in range(WITNESSES)}
    dials = [row(f"a{n}", "calls", 50, target=60.0 if n < 2 else 55.0 if n < 10 else 40.0) for n in range(12)]
    assert asked(issue("calls"), dials) == {f"a{n}" for n in range(WITNESSES)}
    assert not asked(TeamIssue(TEAM, False, {"steps": []}), rows)


def test_the_alert_carries_them() -> None:
    """Alerts of both kinds say the calls; one of a close that named none says so."""
    cut = CUT.name, CUT.at
    told = {"calls": ["c1"], "calls_of": "invoices"}
    for detector, key in (("team", "steps"), ("team_drop", "drops")):
        own = issue("invoices", dropped=key == "drops").evidence
        _, seen = evidence_of(detector, TEAM, {**own, **told}, DAY, cut)
        assert {name: seen[name] for name in told} == told
        assert "no_calls" not in seen
        _, before = evidence_of(detector, TEAM, own, DAY, cut)
        assert (before["calls"], before["no_calls"]) == ([], "not_named")


MADE = st.lists(
    st.tuples(st.integers(0, 3), st.integers(541, 959), st.integers(0, 900)), max_size=40, unique_by=lambda one: one[:2]
)


@given(MADE, st.sampled_from(STEPS))
def test_always_calls_or_a_reason(made: list[tuple[int, int, int]], step: Step) -> None:
    """Whatever was dialled: names of calls of the window, none twice, five at most, or why there are none."""
    deeds = [call(f"a{n}", f"{clock // 60:02d}:{clock % 60:02d}", float(talk) or None) for n, clock, talk in made]
    for dropped in (False, True):
        found = shown(issue(step, dropped=dropped), deeds)
        inside = {deed.call for deed in deeds if not dropped or deed.at > BEFORE}
        assert set(found["calls"]) <= inside
        assert len(set(found["calls"])) == len(found["calls"]) <= CALLS
        assert bool(found["calls"]) != ("no_calls" in found)
        assert inside or found["no_calls"] == "none_made"
