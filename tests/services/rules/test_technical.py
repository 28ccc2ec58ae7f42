"""Attribution and technical minutes: a fault of the line is nobody's fault."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from schemas.floor import Floor
from services.rules import attribution
from services.rules.attribution import Attributed, mostly_on
from services.rules.detectors.line_failure import Attempt, Finding, LineState, advance
from services.rules.detectors.source_silence import Silence, evidence
from services.rules.sources import loads
from services.rules.technical import Technical, cut_off, fold_lines, technical, unexplained
from tests.services.rules.stories import floor, instant, monday, spans

A, B = "mango/trunk-a", "mango/trunk-b"
PEOPLE = """agents:
  - {id: ivan, team: hunters, identities: {mango: ["1"]}}
  - {id: maria, team: hunters, identities: {mango: ["2"]}}
  - {id: olga, team: hunters, identities: {mango: ["3"]}}
  - {id: petr, team: farmers, identities: {mango: ["4"]}}
  - {id: zoya, team: farmers, identities: {fs: ["5"]}}
"""
SOURCES = "sources: [{id: mango, provider: mango, feeds: [calls]}, {id: fs, provider: freeswitch, feeds: [calls]}]"
FLOOR: Floor = floor(PEOPLE, more=SOURCES)
Call = tuple[str, str, str, str]


def finding(failures: Mapping[str, int], *, fine: int = 0, codes: Sequence[str] = ("SIP 503",)) -> Finding:
    return Finding(
        since=instant("10:00"),
        fired_at=instant("10:01"),
        path="in_a_row",
        attempts=4,
        failures=4,
        p=None,
        codes=dict.fromkeys(codes, 4),
        agents=len(failures),
        last_failure=instant("10:01"),
        last_attempt=instant("10:01"),
        calls=(),
        failures_by_agent=dict(failures),
        ok_by_others=fine,
    )


@pytest.mark.parametrize(
    ("found", "others", "wanted"),
    [
        (finding({"ivan": 2, "maria": 2}), {}, Attributed("line", f"line:{A}", ("people",))),
        (finding({"ivan": 2, "maria": 2}), {B: False}, Attributed("line", f"line:{A}", ("people", "other_lines"))),
        (finding({"ivan": 2, "maria": 2}), {B: True}, Attributed("floor", "floor:floor", ("people",))),
        (
            finding({"ivan": 2, "maria": 2}),
            {B: True, "mango/c": False},
            Attributed("line", f"line:{A}", ("people", "other_lines")),
        ),
        (finding({"ivan": 4}, fine=3), {}, Attributed("workplace", "agent:ivan", ("line",))),
        (finding({"ivan": 4}, fine=2), {}, Attributed("line", f"line:{A}", ("people",))),
        (finding({"ivan": 3, "": 1}, fine=5), {}, Attributed("line", f"line:{A}", ("people",))),
        (finding({"": 4}, fine=5), {}, Attributed("line", f"line:{A}", ("people",))),
        (
            finding({"ivan": 2, "maria": 2}, codes=("failed",)),
            {B: True},
            Attributed("undetermined", f"line:{A}", ("people",)),
        ),
        (
            finding({"ivan": 2, "maria": 2}, codes=("failed", "SIP 503")),
            {},
            Attributed("line", f"line:{A}", ("people",)),
        ),
    ],
    ids=[
        "only line",
        "others fine",
        "all fail",
        "one fine",
        "one desk",
        "few peers",
        "unknown too",
        "all unknown",
        "no codes",
        "some codes",
    ],
)
def test_whose_problem_a_failing_line_is(found: Finding, others: Mapping[str, bool], wanted: Attributed) -> None:
    """Line, floor, one workplace, or said aloud: undetermined."""
    assert attribution.of_line(A, found, others) == wanted


def quiet(source: str, since: str, until: str | None) -> Silence:
    return Silence(
        source, instant(since), instant(since) + timedelta(minutes=5), 10.0, (until and instant(until)) or None
    )


def test_a_silent_source_is_the_floors_when_half_depend_on_it() -> None:
    """Four of five at work call over mango: their silence stops the floor; one over fs does not."""
    assert attribution.of_silence(FLOOR, monday(FLOOR), quiet("mango", "10:00", None)).verdict == "floor"
    assert attribution.of_silence(FLOOR, monday(FLOOR), quiet("fs", "10:00", None)).verdict == "undetermined"
    assert attribution.kind_of("floor") == "outage"
    assert attribution.kind_of("undetermined") == "data"


def test_three_people_are_no_floor() -> None:
    """A source of a handful may be one slow agent: nobody can tell."""
    few = floor("\n".join(PEOPLE.splitlines()[:4]), more=SOURCES)
    assert attribution.of_silence(few, monday(few), quiet("mango", "10:00", None)).verdict == "undetermined"


def test_who_works_elsewhere_at_that_hour_is_not_asked() -> None:
    """Part-timers who have gone home are not at work: two of the remaining four depend on fs."""
    part = PEOPLE.replace('mango: ["1"]}}', 'fs: ["1"]}}').replace(
        'mango: ["4"]}}', 'mango: ["4"]}, shifts: [{start: "09:00", end: "10:00"}]}'
    )
    described = floor(part, more=SOURCES)
    assert attribution.of_silence(described, monday(described), quiet("fs", "11:00", None)).verdict == "floor"
    assert attribution.of_silence(described, monday(described), quiet("fs", "09:10", None)).verdict == "undetermined"


@pytest.mark.parametrize(
    ("used", "affected"),
    [
        ((A, A, B, B), True),
        ((A, B, B), False),
        ((A,), True),
        ((B, B), False),
        ((), False),
    ],
)
def test_affected_is_who_has_half_of_the_attempts_there(used: Sequence[str], affected: bool) -> None:
    """At least half of the agent's own attempts; without attempts nobody is affected."""
    assert ("ivan" in mostly_on({A}, [("ivan", line) for line in used])) is affected


def day_of(*calls: Call, now: str = "12:00", silent: Sequence[Silence] = (), of: Floor = FLOOR) -> Technical:
    """Technical minutes after calls written as (clock, agent, line, ok or fail)."""
    told = [(instant(clock), agent, line, what == "fail") for clock, agent, line, what in calls]
    attempts: dict[str, list[Attempt]] = {}
    for n, (when, agent, line, failed) in enumerate(told):
        one = Attempt(when, agent, f"c{n}", failed, "SIP 503" if failed else "", f"id{n}")
        attempts.setdefault(line, []).append(one)
    states = fold_lines(attempts, {}, of, monday(of), instant(now))
    dialled = [(when, agent, line) for when, agent, line, _ in told]
    return technical(of, states, dialled, silent, monday(of), instant(now))


OUTAGE: tuple[Call, ...] = (
    ("09:58", "olga", B, "ok"),
    ("10:00", "ivan", A, "fail"),
    ("10:01", "maria", A, "fail"),
    ("10:01:30", "olga", B, "ok"),
    ("10:02", "ivan", A, "fail"),
    ("10:03", "maria", A, "fail"),
    ("10:03:30", "maria", B, "ok"),
    ("10:04", "olga", B, "ok"),
)


def test_a_dead_trunk_takes_out_the_time_of_those_on_it() -> None:
    """Ivan and Maria dial over the trunk from 10:00; Olga, who dials over another one, loses nothing."""
    found = day_of(*OUTAGE, now="10:05")
    assert [one.attributed for one in found.lines] == [Attributed("line", f"line:{A}", ("people", "other_lines"))]
    assert found.spans == {"ivan": spans("10:00-10:05"), "maria": spans("10:00-10:05")}


C = "mango/trunk-c"


def test_lines_that_fail_together_take_the_time_of_those_who_use_them_all() -> None:
    """A pool of three trunks: nobody has half of the attempts on one of them, and all are dead (ADR 0042).

    With the third alive it is two lines: still two of three attempts of everybody.
    """
    dead = [
        (f"10:{minute:02}:{10 * n + 5 * m:02}", who, line, "fail")
        for minute in range(4)
        for n, line in enumerate((A, B, C))
        for m, who in enumerate(("ivan", "maria"))
    ]
    floor_wide = day_of(*dead, now="10:04")
    assert {one.attributed.verdict for one in floor_wide.lines} == {"floor"}
    assert floor_wide.spans["ivan"] == spans("10:00-10:04")
    assert floor_wide.spans["petr"][0][1] == spans("10:00-10:04")[0][1], "who has no attempts cannot work either"
    two = day_of(
        *(one if one[2] != C else (*one[:3], "ok") for one in dead), ("10:03:50", "olga", C, "ok"), now="10:04"
    )
    assert {one.attributed.verdict for one in two.lines} == {"line"}
    assert set(two.spans) == {"ivan", "maria"}


def test_a_line_that_nobody_uses_says_nothing_of_the_floor() -> None:
    """A failed at 10:00 and was left; B fails an hour later, or three minutes later: then the whole floor stands."""

    def then(minute: str) -> list[str]:
        dead = [(f"{minute}:{10 * n:02}", ("olga", "petr")[n % 2], B, "fail") for n in range(4)]
        return [
            one.attributed.verdict for one in day_of(*(one for one in OUTAGE if one[2] == A), *dead, now="12:00").lines
        ]

    assert then("11:03") == ["line", "line"]
    assert then("10:06") == ["floor", "floor"]


FED = """agents:
  - {id: ivan, team: hunters, identities: {mango: ["1"], crm: ["1"]}}
  - {id: maria, team: hunters, identities: {mango: ["2"], crm: ["2"]}}
"""
CRM = floor(
    FED,
    norms="norms: [{for: {floor: main}, per_day: {presentations: 48}}]",
    more=SOURCES[:-1] + ", {id: crm, provider: generic, feeds: [presentations]}]",
)


def silent_crm(**lost: str) -> Silence | None:
    """A CRM that is silent from 10:00 to 14:00 where 12 an hour are due, found at 10:50."""
    load = loads(CRM, monday(CRM))["crm"]
    hour = load.expected(instant("10:00"), instant("11:00"))
    found = Silence("crm", instant("10:00"), instant("10:00") + timedelta(hours=10 / hour), 4 * hour)
    spans_of = {agent: spans(when) for agent, when in lost.items()}
    return unexplained([{}, spans_of], found, load, CRM, instant("14:00"))


def test_a_silent_crm_is_explained_by_those_who_could_not_work() -> None:
    """While they can, marks are due: told when ten of them are, with those that were not due left out."""
    plain = silent_crm()
    assert plain is not None
    took = plain.fired_at - plain.since
    assert took > timedelta(minutes=40)
    assert silent_crm(ivan="10:00-14:00", maria="10:00-14:00") is None
    assert silent_crm(ivan="10:00-14:00") is None, "a quarter of them is enough: the others may feed another"
    later = silent_crm(ivan="10:05-10:35", maria="10:10-10:40")
    assert later is not None
    assert abs(later.fired_at - plain.fired_at - timedelta(minutes=35)) <= timedelta(seconds=2)
    load = loads(CRM, monday(CRM))["crm"]
    assert evidence(later, load, CRM, ())["expected"] == pytest.approx(10, abs=0.02)
    assert silent_crm(ivan="15:00-16:00") == plain


def test_whose_telephony_is_silent_is_cut_off() -> None:
    """Of those fed by the floor's silent source, who have no call of their own in it; also while it lasts."""
    one = quiet("mango", "10:00", "10:30")
    calls = [(instant("10:10"), "ivan", A)]
    found = cut_off(FLOOR, monday(FLOOR), [one], calls, instant("12:00"))
    assert found == {name: spans("10:00-10:30") for name in ("maria", "olga", "petr")}
    lasts = quiet("mango", "10:00", None)
    assert cut_off(FLOOR, monday(FLOOR), [lasts], calls, instant("11:00"))["olga"] == spans("10:00-11:00")
    assert cut_off(FLOOR, monday(FLOOR), [quiet("fs", "10:00", "10:30")], calls, instant("12:00")) == {}


def test_technical_time_does_not_outlive_the_evidence() -> None:
    """Nobody dials over it any more: five minutes after the last attempt the time is theirs again."""
    assert day_of(*OUTAGE, now="12:00").spans["ivan"] == spans("10:00-10:08")


def test_after_recovery_the_time_ends_with_the_last_failure() -> None:
    """Good calls from 10:06 on, the ratio falls when the window has passed: technical from 10:00 to 10:03."""
    better: list[Call] = [(f"10:{minute:02}", "ivan", A, "ok") for minute in range(6, 30)]
    found = day_of(*OUTAGE, *better, now="10:30")
    assert found.spans["ivan"] == spans("10:00-10:03")
    assert found.lines[0].finding.resolved_at is not None


def test_when_all_lines_fail_the_idle_lose_their_time_too() -> None:
    """Both trunks dead: the floor; Petr and Zoya, who did not dial at all, could not have."""
    both: list[Call] = [
        (clock, agent, B, "fail")
        for clock, agent in (("10:00:10", "ivan"), ("10:01:10", "maria"), ("10:02:10", "ivan"), ("10:03:10", "olga"))
    ]
    found = day_of(*sorted((*OUTAGE[1:3], *OUTAGE[4:6], *both)), now="10:05")
    assert {one.attributed.verdict for one in found.lines} == {"floor"}
    assert set(found.spans) == {"ivan", "maria", "olga", "petr", "zoya"}


def test_one_bad_desk_is_one_agents_time() -> None:
    """Only Ivan fails while three calls of others on the same trunk are fine."""
    calls: list[Call] = [
        ("10:00", "maria", A, "ok"),
        ("10:00:10", "olga", A, "ok"),
        ("10:00:20", "petr", A, "ok"),
        *((f"10:01:{second}", "ivan", A, "fail") for second in (10, 20, 30, 40)),
    ]
    found = day_of(*calls, now="10:03")
    assert found.lines[0].attributed == Attributed("workplace", "agent:ivan", ("line",))
    assert set(found.spans) == {"ivan"}


def test_what_is_open_at_the_end_of_the_day_ends_with_it() -> None:
    """A finding without attempts is closed when the working day is over."""
    assert day_of(*OUTAGE, now="19:00").lines[0].finding.resolved_at == instant("18:00")
    assert day_of(*OUTAGE, now="17:59").lines[0].finding.resolved_at is None


def test_a_silence_that_is_over_gives_back_the_time() -> None:
    """From 10:00 to 10:30 nothing came of mango: its agents without a call of their own lose the time — once it ended."""
    silent = [quiet("mango", "10:00", "10:30")]
    assert day_of(now="11:00", silent=silent).spans == dict.fromkeys(
        ("ivan", "maria", "olga", "petr"), spans("10:00-10:30")
    )
    seen = day_of(("10:15", "ivan", A, "ok"), now="11:00", silent=silent)
    assert set(seen.spans) == {"maria", "olga", "petr"}, "whose call is known did work"
    assert day_of(now="11:00", silent=[quiet("mango", "10:00", None)]).spans == {}
    assert day_of(now="11:00", silent=[quiet("fs", "10:00", "10:30")]).spans == {}, "not the floor's silence"


def test_loads_split_evenly_between_sources() -> None:
    """Eighty calls a day of 480 minutes: four agents over mango, one over fs; half each for somebody with both."""
    found = loads(FLOOR, monday(FLOOR))
    hour = (instant("10:00"), instant("11:00"))
    assert found["mango"].expected(*hour) == pytest.approx(40)
    assert found["fs"].expected(*hour) == pytest.approx(10)
    assert found["mango"].expected(instant("13:00"), instant("14:00")) == 0
    both = floor(PEOPLE.replace('{fs: ["5"]}', '{fs: ["5"], mango: ["5"]}'), more=SOURCES)
    assert loads(both, monday(both))["fs"].expected(*hour) == pytest.approx(5)


def test_a_line_state_is_fixed_to_its_base() -> None:
    """The base given for the day is used for that line; the configured one for lines without history."""
    one = Attempt(instant("10:00"), "ivan", "c", False)
    states = fold_lines({A: [one], B: [one]}, {A: 0.2}, FLOOR, monday(FLOOR), instant("11:00"))
    assert (states[A].base, states[B].base) == (0.2, 0.03)
    again = LineState(A, 0.2, FLOOR.outages.line_failure)
    advance(again, one)
    assert again.attempts == states[A].attempts == 1


def test_days_without_trouble_have_no_technical_time() -> None:
    """Good calls, no silence: nothing."""
    calls: list[Call] = [(f"10:{minute:02}", "ivan", A, "ok") for minute in range(40)]
    assert day_of(*calls) == Technical((), {})
