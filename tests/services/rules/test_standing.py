"""Results of tasks seen again: a failure in time that was technical counts nowhere."""

from dataclasses import replace

import pytest

from services.rules.closing import Closing, Evidence, as_known, began
from services.rules.closing.standing import asked_again
from services.rules.memory import Past, recall
from services.rules.spans import Spans
from tests.services.rules.stories import MONDAY, floor, instant, spans
from tests.services.rules.test_closing import CALLS_ONLY, PLAIN, calls, closed, task_of

FLOOR = floor(norms=CALLS_ONLY, more=PLAIN)
FAILED = Past(
    "ivan", "calls", MONDAY, instant("13:00"), "not_done", False, 0.4, opened=instant("11:00"), task="t-ivan-before"
)
NEXT = task_of(opened="13:00", due="16:00")


def seen(technical: Spans, *, agent: str = "ivan", past: Past = FAILED) -> list[str]:
    evidence = Evidence({}, {}, technical={MONDAY: {agent: technical}})
    return [one.result for one in as_known(FLOOR, MONDAY, evidence, [past], [NEXT])]


@pytest.mark.parametrize(
    ("technical", "result"),
    [
        (spans("11:00-11:29"), "not_done"),  # 29 of 120 minutes
        (spans("11:00-11:30"), "invalidated"),  # 30 of 120: a quarter
        (spans("10:00-11:10"), "not_done"),  # an hour of it came before the task
        (spans("12:30-14:30"), "invalidated"),  # the last thirty minutes of it
        (spans("14:00-16:00"), "not_done"),  # after it was verified
        ((), "not_done"),
    ],
)
def test_a_quarter_of_the_interval_takes_a_result_back(technical: Spans, result: str) -> None:
    """The task was Ivan's from 11:00 to 13:00, two working hours."""
    assert seen(technical) == [result]


def test_whose_time_it_was_matters() -> None:
    """Maria's line was dead, not Ivan's."""
    assert seen(spans("11:00-13:00"), agent="maria") == ["not_done"]


def test_what_cannot_bring_anybody_to_the_trainer_is_not_looked_at() -> None:
    """Yesterday's results, other steps and other people's tasks ask for no evidence."""
    yesterday = replace(FAILED, on=MONDAY.replace(day=22))
    other_step, other = replace(FAILED, step="answered"), replace(FAILED, agent="maria")
    assert asked_again(MONDAY, [yesterday, other_step, other, FAILED], [NEXT]) == [FAILED]
    assert asked_again(MONDAY, [FAILED], []) == []
    assert began(MONDAY, [other, FAILED], [NEXT]) == [instant("13:00"), instant("11:00")]


def second_failure(technical: Spans) -> Closing:
    """16:00: Ivan did 12 of 60, three since 13:00; the task of 13:00 asked 20. His task of 11:00 was not done either."""
    evidence = {"technical": {MONDAY: {"ivan": technical}}, "since_task": {NEXT.task: 3}}
    past = as_known(FLOOR, MONDAY, Evidence({}, {}, **evidence), [FAILED], [NEXT])  # type: ignore[arg-type]
    memory = recall(MONDAY, [], [NEXT], past, [], frozenset(), FLOOR.judgement)
    return closed(FLOOR, "16:00", calls(ivan=12, maria=60), memory, **evidence)


def test_a_failure_in_technical_time_brings_nobody_to_the_trainer() -> None:
    """Two failures and hard: a case. The first found to rest on half an hour without a line: none, and it is the first."""
    assert [case.reason for case in second_failure(()).cases] == ["not_done_twice"]
    found = second_failure(spans("11:30-12:00"))
    assert [one.result for one in found.verified] == ["not_done"]
    assert {row.agent: row.level for row in found.rows}["ivan"] == "hard"
    assert found.cases == []
