"""Sources connected within the day: what they tell is not judged that day, of those whom they alone tell of."""

from datetime import datetime

import pytest

from schemas.floor import Floor, parse
from services.rules.closing import Closing, Evidence, close
from services.rules.connecting import late, missing, of_teams
from services.rules.history import agent_days
from services.rules.memory import Memory
from services.rules.trust import TrustEvidence, gate, of_everybody, with_some
from tests.services.rules.stories import MONDAY, instant, monday
from tests.services.rules.test_closing import calls, closed

PEOPLE = "\n".join(
    f"  - {{id: a{n}, team: hunters, identities: {{{'old' if n < 5 else 'new'}: ['{n}'], crm: ['{n}']}}}}"
    for n in range(10)
)
FLOOR: Floor = parse(
    f"""
timezone: Europe/Moscow
day: {{start: "09:00", end: "18:00", breaks: ["13:00-14:00"]}}
slices: ["11:00", "13:00", "16:00", "18:00"]
teams: [{{id: hunters}}, {{id: farmers}}]
agents:
{PEOPLE}
  - {{id: both, team: farmers, identities: {{old: ["20"], new: ["20"], crm: ["20"]}}}}
norms: [{{for: {{floor: main}}, per_day: {{calls: 80, presentations: 8}}}}]
sources:
  - {{id: old, provider: mango, feeds: [calls]}}
  - {{id: new, provider: freeswitch, feeds: [calls]}}
  - {{id: crm, provider: bitrix24, feeds: [presentations, invoices, payments]}}
judgement: {{overdispersion: 1, fdr: null, task_budget_share: null}}
"""
)
DAY = monday(FLOOR)
NOON = instant("12:10")


@pytest.mark.parametrize(
    ("first", "found"),
    [
        ({"new": NOON}, {"new"}),
        ({"new": instant("09:05")}, set()),  # as the first call of any day
        ({"new": instant("08:00")}, set()),
        ({"new": instant("09:30")}, {"new"}),  # 27 of five and a half people were due
        ({"crm": instant("09:50")}, set()),  # the first presentations take their time: 9 due
        ({"crm": NOON, "new": NOON}, {"crm", "new"}),
        ({}, set()),
    ],
)
def test_late_is_what_a_silence_would_be(first: dict[str, datetime], found: set[str]) -> None:
    """As much due before the first fact as a silence takes."""
    assert set(late(FLOOR, DAY, first)) == found


def test_who_is_told_of_by_another_source_too_is_not_missing() -> None:
    """``both`` is on the old PBX as well; presentations come from the CRM, which is heard."""
    found = missing(FLOOR, frozenset(), {"new": NOON})
    assert {agent for agent, _ in found} == {f"a{n}" for n in range(5, 10)}
    assert {step for _, step in found} == {"calls", "answered", "long_calls"}
    assert set(found.values()) == {("new",)}
    assert missing(FLOOR, frozenset({"old"}), {"new": NOON})["both", "calls"] == ("new", "old")
    whole, partly = of_teams(FLOOR, found)
    assert (whole, set(partly)) == ({}, {("hunters", step) for step in ("calls", "answered", "long_calls")})


def test_a_reason_says_whom_it_is_about_and_since_when() -> None:
    """For the whole team it stops judging; for some of it it is only told."""
    seen = TrustEvidence(connected={"new": NOON})
    doubts = gate(FLOOR, seen)
    assert not any(doubts["hunters"].values())
    told = with_some(FLOOR, doubts, seen)["hunters"]
    assert told["calls"] == ("some_connected:new@12:10",)
    assert of_everybody(told["calls"]) == []
    crm = TrustEvidence(connected={"crm": NOON})
    assert gate(FLOOR, crm)["hunters"]["presentations"] == ("connected:crm@12:10",)
    assert of_everybody(gate(FLOOR, crm)["hunters"]["presentations"]) == ["connected:crm@12:10"]
    never = TrustEvidence(unheard=frozenset({"new"}))
    assert with_some(FLOOR, gate(FLOOR, never), never)["hunters"]["calls"] == ("some_unheard:new",)


def told(slice_: str, new: int, old: int, **trust: object) -> Closing:
    done = calls(**{f"a{n}": old if n < 5 else new for n in range(10)}, both=old)
    for own in done.values():
        own["presentations"] = 8
    return closed(FLOOR, slice_, done, trust=TrustEvidence(**trust))  # type: ignore[arg-type]


@pytest.mark.parametrize("trust", [{"unheard": frozenset({"new"})}, {"connected": {"new": NOON}}])
def test_a_morning_before_the_connection_accuses_nobody(trust: dict[str, object]) -> None:
    """Five of ten have nothing, or one in forty: no task, no team issue; of them presentations are judged, of the others all."""
    found = told("13:00", 1, 40, **trust)
    assert {row.agent for row in found.rows if not row.trusted and row.step == "calls"} == {
        f"a{n}" for n in range(5, 10)
    }
    assert {row.level for row in found.rows if row.trusted} == {"ok"}
    assert (found.opened, [one.firing for one in found.issues]) == ([], [False, False])
    blamed = told("13:00", 1, 40)
    assert blamed.opened
    assert any(one.firing for one in blamed.issues), "which is what it would be without"


def test_those_of_the_old_source_are_judged_as_ever() -> None:
    """One of them lags, and gets the task."""
    done = calls(**{f"a{n}": 40 if n < 5 else 0 for n in range(10)}, both=40)
    done["a0"] = {"calls": 5}
    found = closed(FLOOR, "13:00", done, trust=TrustEvidence(connected={"new": NOON}))
    assert {row.level for row in found.rows if row.agent == "a0" and row.step == "calls"} == {"hard"}
    assert [task.agent for task in found.opened if task.step == "calls"] == ["a0"]


def test_past_days_leave_them_out_too() -> None:
    """A day of which half is missing says nothing about anybody's usual pace."""
    found = missing(FLOOR, frozenset(), {"new": NOON})
    known = frozenset({"a0", "a9"})
    days = agent_days(FLOOR, DAY, {}, known, {}, {}, gate(FLOOR, TrustEvidence(connected={"new": NOON})), found)
    untrusted = {one.agent: one.untrusted for one in days}
    assert untrusted["a9"] == {"calls", "answered", "long_calls"}
    assert untrusted["a0"] == frozenset()


def test_the_next_day_everybody_is_judged() -> None:
    """The source is no new one any more."""
    cut = DAY.cut_offs[1]
    found = close(FLOOR, MONDAY, cut, Evidence(calls(a9=1), {}), Memory())
    assert all(row.trusted for row in found.rows)
