"""What people's acts make of a task: a table of what is said to it, and what it then is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.acts import Acknowledge, Confirm, Dismiss, Edit, Talk, TaskAct, arguments_of, kind_of, task_act
from services.rules.acts import Standing, advance, standing

NEW = Standing("proposed", 12)
TALK = Talk(at=datetime(2026, 11, 23, 9, tzinfo=UTC), note="паузы")
AWAY = Dismiss(reason="absent")

STORIES: list[tuple[list[TaskAct], tuple[str, int] | str]] = [
    ([Confirm()], ("confirmed", 12)),
    ([Confirm(), Acknowledge()], ("acknowledged", 12)),
    ([Acknowledge(), Confirm()], ("acknowledged", 12)),
    ([Acknowledge(), Edit(target=8)], ("confirmed", 8)),
    ([Edit(target=8), Edit(target=10)], ("confirmed", 10)),
    ([Edit(what="по списку Б")], ("confirmed", 12)),
    ([Edit()], "nothing_to_edit"),
    ([TALK], ("proposed", 12)),
    ([AWAY], ("dismissed", 12)),
    ([AWAY, AWAY], ("dismissed", 12)),
    ([AWAY, Dismiss(reason="other", note="ошибка")], "task_dismissed"),
    ([AWAY, Confirm()], "task_dismissed"),
]


@pytest.mark.parametrize(("acts", "expected"), STORIES)
def test_a_task_after_what_was_said(acts: list[TaskAct], expected: tuple[str, int] | str) -> None:
    """State and target, or why the last act could not be done."""
    now: Standing | str = NEW
    for act in acts:
        assert isinstance(now, Standing)
        now = advance(now, act)
    assert (now if isinstance(now, str) else (now.state, now.target)) == expected


@pytest.mark.parametrize("act", [Confirm(), Acknowledge(), Edit(target=1), TALK, AWAY])
def test_a_verified_task_is_left_alone(act: TaskAct) -> None:
    """Whatever is said to it."""
    assert advance(Standing("confirmed", 12, result="done"), act) == "task_verified"


acts = st.one_of(
    st.just(Confirm()),
    st.just(Acknowledge()),
    st.just(AWAY),
    st.just(TALK),
    st.builds(Edit, target=st.none() | st.integers(1, 20), what=st.none() | st.text(max_size=3)),
)


@given(st.lists(acts, max_size=6))
def test_saying_it_twice_is_saying_it_once(said: list[TaskAct]) -> None:
    """A double click changes nothing more; the row and the acts give the same standing again."""
    now = NEW
    done: list[TaskAct] = []
    for act in said:
        after = advance(now, act)
        if isinstance(after, Standing):
            assert advance(after, act) == after
            if after != now:
                done.append(task_act(kind_of(act), arguments_of(act)))
            now = after
    assert standing(now.state, now.target, None, done) == now
