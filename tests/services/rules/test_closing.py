"""The close of a slice, as stories: who is judged, who gets a task, what a task leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.rules.closing import Closing, Evidence, close
from services.rules.day import working_day
from services.rules.memory import Memory
from services.rules.tasks import Task
from services.rules.trust import TrustEvidence
from tests.services.rules.stories import MONDAY, crew, floor, instant, monday, spans

PLAIN = "judgement: {overdispersion: 1, fdr: null, task_budget_share: null}"
CALLS_ONLY = "norms: [{for: {floor: main}, per_day: {calls: 80}}]"


def closed(
    of: Floor,
    slice_: str,
    done: Mapping[str, Mapping[Step, int]],
    memory: Memory | None = None,
    *,
    on: date = MONDAY,
    on_time: bool = True,
    **more: object,
) -> Closing:
    cut = next(cut for cut in working_day(of, on).cut_offs if cut.name == slice_)
    evidence = Evidence(done, done, **more)  # type: ignore[arg-type]
    return close(of, on, cut, evidence, memory or Memory(), on_time=on_time)


def calls(**done: int) -> dict[str, dict[Step, int]]:
    return {agent: {"calls": count} for agent, count in done.items()}


def levels(of: Closing) -> dict[str, str]:
    return {row.agent: row.level for row in of.rows if row.step == "calls"}


def task_of(agent: str = "ivan", opened: str = "11:00", due: str = "13:00", target: int = 20) -> Task:
    return Task(f"t-{agent}", MONDAY, opened, agent, "hunters", "calls", instant(opened), instant(due), target)


def test_rows_are_agents_times_steps_with_a_norm_or_a_count() -> None:
    """Ivan has four norms; an invoice without a norm makes a fifth row, with no target, index or verdict."""
    found = closed(floor(), "11:00", {"ivan": {"calls": 20, "invoices": 1}})
    own = [row for row in found.rows if row.agent == "ivan"]
    assert [row.step for row in own] == ["calls", "answered", "long_calls", "presentations", "invoices"]
    assert [row.target for row in own] == [20.0, 8.0, 4.0, 2.0, None]
    assert (own[4].index, own[4].p_below, own[4].level, own[4].done) == (None, None, "not_enough_data", 1)
    assert [row.agent for row in found.rows] == ["ivan"] * 5 + ["maria"] * 4


def test_targets_follow_the_day() -> None:
    """Two, four, six and eight hours of eighty a day; lunch adds nothing."""
    described = floor(norms=CALLS_ONLY)
    found = {cut.name: closed(described, cut.name, {}).rows[0].target for cut in monday(described).cut_offs}
    assert found == {"11:00": 20.0, "13:00": 40.0, "16:00": 60.0, "18:00": 80.0}


def test_a_technical_hour_is_not_held_against_anybody() -> None:
    """Ten calls in the hour that the line worked are as many as were due in it."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    assert levels(closed(described, "11:00", calls(ivan=10, maria=20)))["ivan"] == "soft"
    found = closed(described, "11:00", calls(ivan=10, maria=20), technical={MONDAY: {"ivan": spans("10:00-11:00")}})
    assert levels(found)["ivan"] == "ok"
    assert found.rows[0].target == 10.0


def test_untrusted_data_judge_nobody() -> None:
    """Rows stay, with their plain numbers; no verdicts, no tasks; the reason is told."""
    doubt = TrustEvidence(backlog=3)
    found = closed(floor(norms=CALLS_ONLY, more=PLAIN), "11:00", calls(ivan=0, maria=0), trust=doubt)
    assert {(row.level, row.trusted) for row in found.rows} == {("not_enough_data", False)}
    assert found.rows[0].p_below is not None
    assert found.opened == []
    assert found.trust["hunters"]["calls"] == ("backlog",)


def test_a_lagging_agent_gets_one_task() -> None:
    """Low on three steps at once: one task, to the first of them, due at the next slice."""
    done: dict[str, dict[Step, int]] = {
        "ivan": {"calls": 3, "answered": 0, "long_calls": 0},
        "maria": {"calls": 20, "answered": 8, "long_calls": 4},
    }
    (task,) = closed(floor(more=PLAIN), "11:00", done).opened
    assert (task.agent, task.step, task.target, task.due) == ("ivan", "calls", 20, instant("13:00"))
    assert task.evidence["why"] == "rate"


def test_an_agent_with_an_open_task_gets_no_second() -> None:
    """The task of 11:00 is carried at 13:00: nothing new."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    carried = replace(task_of(), due=instant("16:00"))
    found = closed(described, "13:00", calls(ivan=5, maria=40), Memory(tasks=(carried,)))
    assert (found.verified, found.opened) == ([], [])
    assert levels(found)["ivan"] == "hard"


def test_a_closed_task_makes_room_for_a_new_one() -> None:
    """Not done at 13:00, and still far below: the old one is closed and a new one opens at the same cut-off."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    found = closed(described, "13:00", calls(ivan=5, maria=40), Memory(tasks=(task_of(),)), since_task={"t-ivan": 3})
    assert [(one.task.task, one.result) for one in found.verified] == [("t-ivan", "not_done")]
    assert [(task.agent, task.due) for task in found.opened] == [("ivan", instant("16:00"))]


def test_the_second_failure_on_the_step_calls_the_trainer() -> None:
    """One not done before today, this one not done, and hard."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    memory = Memory(tasks=(task_of(),), not_done={("ivan", "calls"): 1})
    found = closed(described, "13:00", calls(ivan=5, maria=40), memory, since_task={"t-ivan": 3})
    assert [(case.agent, case.reason) for case in found.cases] == [("ivan", "not_done_twice")]
    again = replace(memory, cases={"ivan": date(2026, 11, 30)})
    assert closed(described, "13:00", calls(ivan=5, maria=40), again, since_task={"t-ivan": 3}).cases == []
    over = replace(memory, cases={"ivan": MONDAY})
    assert len(closed(described, "13:00", calls(ivan=5, maria=40), over, since_task={"t-ivan": 3}).cases) == 1


def test_done_twice_without_result_calls_the_trainer() -> None:
    """The target was met again, and the day is still soundly below the norm."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    memory = Memory(tasks=(task_of(),), in_vain={("ivan", "calls"): 1})
    found = closed(described, "13:00", calls(ivan=20, maria=40), memory, since_task={"t-ivan": 20})
    assert [one.result for one in found.verified] == ["done"]
    assert [case.reason for case in found.cases] == ["done_without_result"]


def test_a_task_hit_by_an_outage_is_invalidated() -> None:
    """A quarter of the interval from 11:00 to 13:00 without a line: nobody is asked for the result."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    memory = Memory(tasks=(task_of(),))
    for until, result in (("11:30", "invalidated"), ("11:29", "not_done")):
        lost = {MONDAY: {"ivan": spans(f"11:00-{until}")}}
        found = closed(described, "13:00", calls(ivan=20, maria=40), memory, since_task={"t-ivan": 0}, technical=lost)
        assert [one.result for one in found.verified] == [result]


def test_a_carried_task_is_held_against_all_days_it_spans() -> None:
    """From Monday 18:00 to Tuesday 13:00: forty are due of Tuesday morning; technical minutes of both days count."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    tuesday = MONDAY + timedelta(days=1)
    evening = replace(task_of(opened="18:00"), due=instant("11:00", tuesday))
    found = closed(
        described, "13:00", calls(ivan=20, maria=40), Memory(tasks=(evening,)), on=tuesday, since_task={"t-ivan": 20}
    )
    assert [(one.expected, one.result) for one in found.verified] == [(40.0, "not_done")]


def test_a_task_carried_over_night_keeps_what_was_due_before() -> None:
    """From Monday 16:00 to Tuesday 11:00: twenty of Monday evening and twenty of Tuesday morning; lost time of both."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    tuesday = MONDAY + timedelta(days=1)
    carried = replace(task_of(opened="16:00"), due=instant("18:00"))

    def outcome(**more: object) -> tuple[float, str]:
        found = closed(
            described,
            "11:00",
            calls(ivan=15, maria=20),
            Memory(tasks=(carried,)),
            on=tuesday,
            since_task={"t-ivan": 25},
            **more,
        )
        (one,) = found.verified
        return one.expected, one.result

    assert outcome() == (40.0, "not_done")
    lost = {MONDAY: {"ivan": spans("16:00-17:00")}}
    assert outcome(technical=lost) == (30.0, "invalidated")


def test_a_task_of_the_last_slice_is_for_the_next_working_day() -> None:
    """Friday 18:00 asks for Monday 11:00."""
    friday = MONDAY + timedelta(days=4)
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    (task,) = closed(described, "18:00", calls(ivan=20, maria=80), on=friday).opened
    assert task.due == instant("11:00", MONDAY + timedelta(days=7))


def test_closed_late_is_rows_only() -> None:
    """After the next cut-off nobody is told anything: rows, no tasks, verifications or cases."""
    described = floor(norms=CALLS_ONLY, more=PLAIN)
    memory = Memory(tasks=(task_of(),), not_done={("ivan", "calls"): 1})
    late = closed(described, "13:00", calls(ivan=5, maria=40), memory, on_time=False, since_task={"t-ivan": 0})
    timely = closed(described, "13:00", calls(ivan=5, maria=40), memory, since_task={"t-ivan": 0})
    assert late.rows == timely.rows
    assert (late.opened, late.verified, late.cases) == ([], [], [])
    assert timely.verified


@pytest.mark.parametrize(
    ("size", "share", "given"),
    [(1, 0.2, 1), (4, 0.2, 1), (9, 0.2, 1), (10, 0.2, 2), (15, 0.2, 3), (5, "null", 5), (10, 0.0, 1)],
)
def test_the_budget_of_tasks(size: int, share: object, given: int) -> None:
    """At most max(1, 20 %) of a team's agents per slice; ``null`` switches it off."""
    off = f"judgement: {{fdr: null, task_budget_share: {share}, team: {{min_agents: 999}}}}"
    described = floor(crew(size), CALLS_ONLY, off)
    assert len(closed(described, "13:00", calls(**{f"a{n}": 5 for n in range(size)})).opened) == given


def test_the_surest_come_first() -> None:
    """Of ten who lag, the two that are furthest below get the tasks; each team has a budget of its own."""
    agents = (
        "agents: [" + ", ".join(f"{{id: a{n}, team: {'hunters' if n < 10 else 'farmers'}}}" for n in range(12)) + "]"
    )
    described = floor(agents, CALLS_ONLY, "judgement: {fdr: null, team: {min_agents: 999}}")
    done = {f"a{n}": 12 - n for n in range(10)} | {"a10": 0, "a11": 1}
    found = closed(described, "13:00", calls(**done)).opened
    assert [(task.team, task.agent) for task in found] == [("farmers", "a10"), ("hunters", "a8"), ("hunters", "a9")]


def test_who_leaves_tonight_takes_nobodys_place() -> None:
    """The surest signal is of somebody with no further slice: the task goes to the next."""
    agents = "agents: [{id: gone, team: hunters, until: 2026-11-23}, {id: ivan, team: hunters}]"
    described = floor(agents, CALLS_ONLY, "judgement: {fdr: null}")
    assert [task.agent for task in closed(described, "18:00", calls(gone=0, ivan=5)).opened] == ["ivan"]


def test_a_common_cause_is_one_issue_and_no_personal_tasks() -> None:
    """All ten at half: one issue of the team, with its numbers; nobody lags behind the others."""
    described = floor(crew(10), CALLS_ONLY, PLAIN)
    found = closed(described, "13:00", calls(**{f"a{n}": 20 for n in range(10)}))
    (issue,) = [issue for issue in found.issues if issue.firing]
    assert issue.team == "hunters"
    assert issue.evidence["steps"][0]["done"] == 200
    assert issue.evidence["steps"][0]["agents"] == 10
    assert set(levels(found).values()) == {"ok"}
    assert found.opened == []


def test_an_issue_has_a_limit_to_leave() -> None:
    """Entered at P ≥ 0.9; stays while P ≥ 0.5 or the data are in doubt; then leaves."""
    described = floor(crew(10), CALLS_ONLY, PLAIN)
    firing = Memory(firing=frozenset({"hunters"}))

    def fires(each: int, memory: Memory, **more: object) -> bool:
        found = closed(described, "13:00", calls(**{f"a{n}": each for n in range(10)}), memory, **more)  # type: ignore[arg-type]
        return found.issues[0].firing

    assert fires(35, Memory()) is False
    assert fires(35, firing) is True
    assert fires(38, firing) is False
    assert fires(38, firing, trust=TrustEvidence(replaying=True)) is True


def test_a_team_that_did_well_and_then_stops_has_dropped() -> None:
    """Ten who made 33 of 20 till 11:00 and then 5 of 20 each: 38 of 40 is on norm, and a drop."""
    described = floor(crew(10), CALLS_ONLY, PLAIN)
    done = calls(**{f"a{n}": 38 for n in range(10)})
    cut = next(cut for cut in working_day(described, MONDAY).cut_offs if cut.name == "13:00")
    found = close(
        described,
        MONDAY,
        cut,
        Evidence(done, calls(**{f"a{n}": 5 for n in range(10)}), trust=TrustEvidence()),
        Memory(),
    )
    (issue,) = [issue for issue in found.issues if issue.team == "hunters"]
    (told,) = issue.evidence["drops"]
    assert (issue.firing, issue.dropped) == (False, True)
    assert {**told, "p_drop": None} == {
        "step": "calls",
        "done": 50,
        "target": 200.0,
        "before_done": 330,
        "before_target": 200.0,
        "p_drop": None,
        "agents": 10,
    }
    assert told["p_drop"] > 0.99


def test_a_common_cause_is_not_told_as_a_drop_besides() -> None:
    """One issue, not two of the same."""
    described = floor(crew(10), CALLS_ONLY, PLAIN)
    done, now = calls(**{f"a{n}": 20 for n in range(10)}), calls(**{f"a{n}": 0 for n in range(10)})
    cut = next(cut for cut in working_day(described, MONDAY).cut_offs if cut.name == "13:00")
    (issue, _) = close(described, MONDAY, cut, Evidence(done, now), Memory()).issues
    assert (issue.firing, issue.dropped, "drops" in issue.evidence) == (True, False, False)


def test_a_quiet_close_is_quiet() -> None:
    """Everybody on norm: rows, and nothing else."""
    done = {agent: dict(zip(STEPS, (20, 8, 4, 2), strict=False)) for agent in ("ivan", "maria")}
    found = closed(floor(), "11:00", done)
    assert {row.level for row in found.rows} == {"ok", "not_enough_data"}
    assert (found.opened, found.verified, found.cases) == ([], [], [])
    assert [issue.firing for issue in found.issues] == [False, False]


def test_who_is_not_on_the_floor_has_no_rows() -> None:
    """Before the first day and after the last there is neither a norm nor a row."""
    agents = """agents:
  - {id: ivan, team: hunters}
  - {id: new, team: hunters, since: 2026-11-24}
  - {id: old, team: hunters, until: 2026-11-20}
"""
    assert {row.agent for row in closed(floor(agents), "11:00", {}).rows} == {"ivan"}


def _states(*written: tuple[str, str]) -> Sequence[tuple[datetime, str]]:
    return [(instant(clock), state) for clock, state in written]


def test_states_lower_the_target() -> None:
    """Coached from 10:00 to 10:30: a quarter of the slice is not due."""
    states = {MONDAY: {"ivan": _states(("10:00", "coaching"), ("10:30", "available"))}}
    found = closed(floor(norms=CALLS_ONLY), "11:00", {}, states=states)
    assert [row.target for row in found.rows] == [15.0, 20.0]


@pytest.mark.parametrize(
    ("slice_", "written", "lost", "given"),
    [
        ("11:00", [("10:40", "technical")], (), False),
        ("11:00", [("10:40", "technical"), ("11:00", "available")], (), True),
        ("11:00", [("11:00", "technical")], (), True),
        ("13:00", [("12:40", "technical")], (), False),
        ("18:00", [("17:40", "technical")], (), True),
        ("11:00", [("10:40", "coaching")], (), True),
        ("11:00", [], ("10:40-11:00",), False),
        ("11:00", [], ("10:20-10:50",), True),
    ],
    ids=["still", "mended", "only now", "before lunch", "tomorrow", "coached", "dead line", "line is back"],
)
def test_whom_a_fault_keeps_from_work_gets_no_task(
    slice_: str, written: list[tuple[str, str]], lost: tuple[str, ...], given: bool
) -> None:
    """Behind since the morning, and the line dead at the cut-off: nobody asks for twenty dials now. Tomorrow they may."""
    own = floor(norms=CALLS_ONLY)
    faults = {MONDAY: {"ivan": spans(*lost)}} if lost else {}
    found = closed(
        own, slice_, {"maria": {"calls": 100}}, states={MONDAY: {"ivan": _states(*written)}}, technical=faults
    )
    assert [one.agent for one in found.opened] == (["ivan"] if given else [])


@pytest.mark.parametrize(("marias", "given"), [(16, ["ivan"]), (4, [])])
def test_few_answers_are_a_task_only_against_peers_on_the_same_list(marias: int, given: list[str]) -> None:
    """Four answers of forty dials: Ivan's task when Maria gets sixteen on that list, the list's fault when she gets four."""
    described = floor(norms="norms: [{for: {floor: main}, per_day: {calls: 80, answered: 32}}]", more=PLAIN)
    done: dict[str, dict[Step, int]] = {
        "ivan": {"calls": 40, "answered": 4},
        "maria": {"calls": 40, "answered": marias},
    }
    answers = {agent: {"spring": (40, own["answered"])} for agent, own in done.items()}
    found = closed(described, "13:00", done, answers=answers)
    assert [row.level for row in found.rows if row.agent == "ivan"] == ["ok", "hard"]
    assert [task.agent for task in found.opened] == given
    assert {(task.step, task.evidence["why"]) for task in found.opened} <= {("answered", "answer_rate")}
