"""What a close remembers, seen with the minutes known by then. Ten calls an hour are due of everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.floor import Floor
from schemas.steps import Step
from services.rules.closing import Closing, Earlier, Evidence, Frozen, Opened, cases_asked, close, remembered
from services.rules.day import CutOff, working_day
from services.rules.memory import Memory, Past
from services.rules.spans import Spans, union
from services.rules.tasks import Ground, Task
from tests.services.rules.stories import MONDAY, crew, floor, instant, spans
from tests.services.rules.test_closing import CALLS_ONLY, PLAIN, calls, closed

FLOOR = floor(norms=CALLS_ONLY, more=PLAIN)
SLICES = ("11:00", "13:00", "16:00", "18:00")
TUESDAY = MONDAY + timedelta(days=1)


def earlier(slice_: str, of: Floor = FLOOR, on: date = MONDAY, memory: Memory | None = None, **done: int) -> Earlier:
    rows = closed(of, slice_, calls(**done), memory, on=on).rows
    return Earlier(of, on, Frozen(CutOff(slice_, instant(slice_, on)), rows))


def task(agent: str, opened: str = "11:00", due: str = "13:00", on: date = MONDAY, due_on: date = MONDAY) -> Task:
    return Task(f"t-{agent}", on, opened, agent, "hunters", "calls", instant(opened, on), instant(due, due_on), 20)


def memory(
    *before: Earlier,
    tasks: Sequence[Task] = (),
    past: Sequence[Past] = (),
    cases: Sequence[Opened] = (),
    of: Floor = FLOOR,
    on: date = MONDAY,
    firing: frozenset[str] = frozenset(),
    technical: Mapping[date, Mapping[str, Spans]] | None = None,
    **lost: Spans,
) -> Memory:
    known = Evidence({}, {}, technical=technical or {MONDAY: lost})
    return remembered(of, on, known, before, tasks, past, cases, firing)


def test_a_task_whose_slice_would_not_give_it_has_no_ground() -> None:
    """Ivan did 8 of 20 by eleven and got a task. From nine to ten his line was dead: 8 of 10 is in the norm."""
    eleven = earlier("11:00", ivan=8, maria=20)
    assert memory(eleven, tasks=[task("ivan")]).fallen == {}
    found = memory(eleven, tasks=[task("ivan")], ivan=spans("09:00-10:00"))
    assert found.fallen == {"t-ivan": Ground("11:00", "calls", 8, 10.0, 60.0)}


def test_less_than_it_takes_leaves_the_task() -> None:
    """A quarter of an hour: 8 of 17.5 still is far too few. Minutes of somebody else, and later ones, say nothing."""
    eleven = earlier("11:00", ivan=8, maria=20)
    for lost in (
        {"ivan": spans("09:00-09:15")},
        {"maria": spans("09:00-10:00")},
        {"ivan": spans("11:00-12:30")},
    ):
        assert memory(eleven, tasks=[task("ivan")], **lost).fallen == {}


def test_the_close_lifts_it_whatever_was_done_since() -> None:
    """Due or not, met or not: it is no task of anybody. The next one is given by the evidence of its own close."""
    eleven = earlier("11:00", ivan=8, maria=20)
    for due, since in (("13:00", 0), ("13:00", 30), ("16:00", 0)):
        own = task("ivan", due=due)
        known = memory(eleven, tasks=[own], ivan=spans("09:00-10:00"))
        found = closed(FLOOR, "13:00", calls(ivan=28, maria=40), known, since_task={own.task: since})
        assert [(one.result, one.invalid, one.met) for one in found.verified] == [
            ("invalidated", "ground", since >= 20)
        ]
        assert found.cases == []
    again = closed(FLOOR, "13:00", calls(ivan=8, maria=40), known, since_task={own.task: 0})
    assert [one.agent for one in again.opened] == ["ivan"], "by its own evidence: 8 of 40"


def test_nothing_is_lifted_by_a_close_that_comes_too_late_or_twice() -> None:
    """As nothing is verified; a task dismissed meanwhile is nobody's."""
    known = memory(earlier("11:00", ivan=8, maria=20), tasks=[task("ivan")], ivan=spans("09:00-10:00"))
    assert closed(FLOOR, "13:00", calls(ivan=28, maria=40), known, on_time=False).verified == []
    dismissed = replace(known, tasks=[replace(task("ivan"), dismissed=True)])
    assert closed(FLOOR, "13:00", calls(ivan=28, maria=40), dismissed).verified == []


def test_a_task_of_yesterday_falls_with_yesterdays_minutes() -> None:
    """Given at six for the morning; in the night somebody says that the afternoon was technical."""
    six = earlier("18:00", ivan=40, maria=80)
    own = task("ivan", "18:00", "11:00", due_on=TUESDAY)
    lost = {MONDAY: {"ivan": spans("09:00-13:00")}, TUESDAY: {}}
    assert set(memory(six, tasks=[own], on=TUESDAY, technical=lost).fallen) == {"t-ivan"}
    assert memory(six, tasks=[own], on=TUESDAY, technical={MONDAY: {}, TUESDAY: lost[MONDAY]}).fallen == {}


def test_yesterday_is_judged_by_the_floor_of_yesterday() -> None:
    """A norm halved overnight is no reason to lift what the old one gave."""
    six = earlier("18:00", ivan=40, maria=80)
    own = task("ivan", "18:00", "11:00", due_on=TUESDAY)
    halved = floor(norms="norms: [{for: {floor: main}, per_day: {calls: 40}}]", more=PLAIN)
    assert memory(six, tasks=[own], of=halved, on=TUESDAY, technical={}).fallen == {}


def test_a_rung_falls_with_the_step_that_was_low() -> None:
    """The task went to an early rung because a later step was low: that one is its ground."""
    norms = "norms: [{for: {floor: main}, per_day: {long_calls: 40, presentations: 40}}]"
    of = floor(norms=norms, more=PLAIN)
    done: dict[str, dict[Step, int]] = {
        "ivan": {"answered": 100, "long_calls": 9, "presentations": 2},
        "maria": {"answered": 40, "long_calls": 10, "presentations": 10},
    }
    found = closed(of, "11:00", done)
    assert [(one.step, one.evidence["why"]) for one in found.opened] == [("long_calls", "conversion")]
    eleven = Earlier(of, MONDAY, Frozen(CutOff("11:00", instant("11:00")), found.rows))
    assert memory(eleven, of=of, tasks=found.opened, ivan=spans("09:00-09:15")).fallen == {}
    fallen = memory(eleven, of=of, tasks=found.opened, ivan=spans("09:00-10:36")).fallen
    assert [one.step for one in fallen.values()] == ["presentations"]


def test_others_can_take_the_ground_away_too() -> None:
    """Frozen while the hours of four of a team were thought technical; they worked, as little as the fifth: one cause."""
    of = floor(crew(5), CALLS_ONLY, PLAIN)
    lost = {MONDAY: {f"a{n}": spans("09:00-10:06") for n in range(4)}}
    found = closed(of, "11:00", calls(**{f"a{n}": 9 for n in range(5)}), technical=lost)
    assert [one.agent for one in found.opened] == ["a4"]
    eleven = Earlier(of, MONDAY, Frozen(CutOff("11:00", instant("11:00")), found.rows))
    assert memory(eleven, of=of, tasks=found.opened, technical=lost).fallen == {}
    assert set(memory(eleven, of=of, tasks=found.opened).fallen) == {found.opened[0].task}


def test_watch_does_not_outlive_its_row() -> None:
    """Hard at eleven, by minutes that are technical now: nobody is watched for it at one."""
    eleven = earlier("11:00", ivan=8, maria=20)
    assert memory(eleven).deviating == {("ivan", "calls")}
    known = memory(eleven, ivan=spans("09:00-10:00"))
    assert known.deviating == frozenset()
    for remembers, level in ((memory(eleven), "watch"), (known, "ok")):
        rows = closed(FLOOR, "13:00", calls(ivan=35, maria=40), remembers).rows
        assert [row.level for row in rows if row.agent == "ivan"] == [level]


def test_a_teams_issue_does_not_stay_for_minutes_that_were_technical() -> None:
    """All ten at 12 of 20: a common cause. An hour was technical: none; what is a little low at one is no issue then."""
    of = floor(crew(10), CALLS_ONLY, PLAIN)
    eleven = earlier("11:00", of, **{f"a{n}": 12 for n in range(10)})
    fires = frozenset({"hunters"})
    lost = {f"a{n}": spans("09:00-10:00") for n in range(10)}
    assert memory(eleven, of=of, firing=fires).firing == fires
    known = memory(eleven, of=of, firing=fires, **lost)
    assert known.firing == frozenset()
    done, technical = calls(**{f"a{n}": 26 for n in range(10)}), {MONDAY: lost}
    for remembers, firing in ((known, False), (replace(known, firing=fires), True)):
        issues = closed(of, "13:00", done, remembers, technical=technical).issues
        assert [one.firing for one in issues if one.team == "hunters"] == [firing]


def test_a_team_whose_time_is_as_it_was_keeps_its_state() -> None:
    """Minutes of farmers say nothing of hunters."""
    agents = "agents: [" + ", ".join(
        f"{{id: {team[0]}{n}, team: {team}}}" for team in ("hunters", "farmers") for n in range(5)
    )
    of = floor(agents + "]", CALLS_ONLY, PLAIN)
    eleven = earlier("11:00", of, **{f"{team}{n}": 20 for team in "hf" for n in range(5)})
    known = memory(eleven, of=of, firing=frozenset({"hunters", "farmers"}), f0=spans("09:00-10:00"))
    assert known.firing == {"hunters"}


def failed(opened: str, at: str) -> Past:
    return Past("ivan", "calls", MONDAY, instant(at), "not_done", False, 0.3, instant(opened), f"t-{opened}")


CASE = Opened("c-1", MONDAY, "ivan", "calls", instant("16:00"), "not_done_twice", MONDAY.replace(day=30))
DAY = (
    earlier("11:00", ivan=4, maria=20),
    earlier("13:00", ivan=8, maria=40),
    earlier("16:00", ivan=12, maria=60),
)
TWICE = (failed("11:00", "13:00"), failed("13:00", "16:00"))


def test_a_case_is_lifted_when_it_would_not_be_opened() -> None:
    """Two failures, hard at four. Half an hour of the first interval takes one away: the other still counts as one."""
    assert memory(*DAY, past=TWICE, cases=[CASE]).lifted == ()
    stays = memory(*DAY, past=TWICE, cases=[CASE], ivan=spans("11:00-11:29"))
    assert (stays.lifted, stays.cases, stays.not_done) == ((), {"ivan": CASE.recheck_on}, {})
    gone = memory(*DAY, past=TWICE, cases=[CASE], ivan=spans("11:00-11:30"))
    assert (gone.lifted, gone.cases, gone.not_done) == (("c-1",), {}, {("ivan", "calls"): 1})
    assert closed(FLOOR, "18:00", calls(ivan=70, maria=80), gone).lifted == ["c-1"]
    assert closed(FLOOR, "18:00", calls(ivan=70, maria=80), gone, on_time=False).lifted == []


def test_a_case_is_looked_at_until_the_end_of_the_next_working_day() -> None:
    """Friday's on Monday, and not on Tuesday; nor one whose re-check has come."""
    friday = replace(CASE, date=MONDAY - timedelta(days=3))
    assert cases_asked(FLOOR, MONDAY, [friday, CASE]) == [friday, CASE]
    assert cases_asked(FLOOR, TUESDAY, [friday, CASE]) == [CASE]
    assert cases_asked(FLOOR, MONDAY, [replace(CASE, recheck_on=MONDAY)]) == []


def test_a_case_of_yesterday_is_lifted_in_the_morning() -> None:
    """The afternoon is found technical overnight."""
    lost = {MONDAY: {"ivan": spans("14:00-16:00")}, TUESDAY: {}}
    known = memory(DAY[2], past=TWICE, cases=[CASE], on=TUESDAY, technical=lost)
    assert (known.lifted, known.cases) == (("c-1",), {})
    assert memory(DAY[2], past=TWICE, cases=[CASE], on=TUESDAY, technical={}).lifted == ()


# The laws, over whole days of a small team: what people did, and the minutes that became known at each close.
NAMES = tuple(f"a{n}" for n in range(5))
TEAM = floor(crew(5), CALLS_ONLY, PLAIN)
COUNTS = st.lists(st.lists(st.integers(0, 25), min_size=5, max_size=5), min_size=4, max_size=4)
HOURS = ("09:00-09:30", "09:30-10:30", "10:30-11:00", "11:30-12:00", "12:00-13:00", "14:00-15:00", "16:30-17:00")
LATE = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(NAMES), st.sampled_from(HOURS)), max_size=6)


def play(counts: list[list[int]], late: list[tuple[int, str, str]]) -> list[tuple[Memory, Evidence, Closing]]:
    """Every close of the day. *late*: (first close that knows it, agent, hours)."""
    before: list[Earlier] = []
    tasks: list[Task] = []
    found = []
    for place, cut in enumerate(working_day(TEAM, MONDAY).cut_offs):
        done = {name: sum(row[n] for row in counts[: place + 1]) for n, name in enumerate(NAMES)}
        lost = {
            name: tuple(
                (start, min(end, cut.at.timestamp()))
                for start, end in union(
                    span for first, who, hours in late if first <= place and who == name for span in spans(hours)
                )
                if start < cut.at.timestamp()
            )
            for name in NAMES
        }
        known = Evidence(calls(**done), calls(**done), technical={MONDAY: lost})
        recalled = remembered(TEAM, MONDAY, known, before, tasks, (), (), frozenset())
        closing = close(TEAM, MONDAY, cut, known, recalled)
        found.append((recalled, known, closing))
        before.append(Earlier(TEAM, MONDAY, Frozen(cut, closing.rows)))
        gone = {one.task.task for one in closing.verified}
        tasks = [one for one in tasks if one.task not in gone] + closing.opened
    return found


@settings(max_examples=40, deadline=None)
@given(COUNTS, LATE)
def test_no_task_survives_whose_slice_would_not_give_it(
    counts: list[list[int]], late: list[tuple[int, str, str]]
) -> None:
    """Said without the rule itself: the slice that gave a task is closed anew with the minutes of the later close."""
    day = play(counts, late)
    frozen = {cut.name: one for cut, (_, _, one) in zip(working_day(TEAM, MONDAY).cut_offs, day, strict=True)}
    for recalled, known, closing in day:
        gone = {one.task.task: one for one in closing.verified}
        for one in recalled.tasks:
            rows = frozen[one.slice].rows
            done = {row.agent: {row.step: row.done} for row in rows}
            level = next(
                row.level
                for row in closed(TEAM, one.slice, done, technical=known.technical).rows
                if row.agent == one.agent
            )
            lifted = one.task in gone and gone[one.task].invalid == "ground"
            assert lifted == (level not in ("soft", "hard"))


@settings(max_examples=20, deadline=None)
@given(COUNTS, LATE)
def test_nothing_is_lifted_where_nothing_became_known_later(
    counts: list[list[int]], late: list[tuple[int, str, str]]
) -> None:
    """Minutes that every close knew from the first, or that are none."""
    for told in ([], [(0, who, hours) for _, who, hours in late]):
        for recalled, _, closing in play(counts, told):
            assert recalled.fallen == {}
            assert not any(one.ground for one in closing.verified)
