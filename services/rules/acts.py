"""What people's acts make of a task (DOMAIN §7, docs/decisions/0018-acts-on-a-task.md).

proposed → confirmed → acknowledged; dismissed is the end. An edit is a confirmation, and of a new target the agent has to
hear again. Doing again what stands already changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from schemas.acts import Acknowledge, Confirm, Dismiss, Edit, Talk, TaskAct, TaskState
from schemas.steps import TaskResult

Refusal = Literal["task_verified", "task_dismissed", "nothing_to_edit"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands. ``target`` is what is verified; ``what``: the head's own words of what to do, or ""."""

    state: TaskState
    target: int
    what: str = ""
    result: TaskResult | None = None
    dismissal: Dismiss | None = None
    talks: tuple[Talk, ...] = ()


def advance(now: Standing, act: TaskAct) -> Standing | Refusal:
    """The task after *act*; equal to *now* when the act says nothing new, or a word why it cannot be done.

    A replayed request is answered like the first one, also after the task has moved on to the same end.
    """
    if now.dismissal is not None or now.state == "dismissed":
        return now if act == now.dismissal else "task_dismissed"
    if now.result is not None:
        return "task_verified"
    match act:
        case Confirm():
            return replace(now, state="confirmed") if now.state == "proposed" else now
        case Acknowledge():
            return replace(now, state="acknowledged")
        case Dismiss():
            return replace(now, state="dismissed", dismissal=act)
        case Talk():
            return now if act in now.talks else replace(now, talks=(*now.talks, act))
        case Edit():
            return _edited(now, act)


def _edited(now: Standing, edit: Edit) -> Standing | Refusal:
    if edit.target is None and edit.what is None:
        return "nothing_to_edit"
    target = now.target if edit.target is None else edit.target
    what = now.what if edit.what is None else edit.what
    if (target, what) == (now.target, now.what):
        return now
    return replace(now, target=target, what=what, state="confirmed")


def standing(state: TaskState, target: int, result: TaskResult | None, acts: Iterable[TaskAct]) -> Standing:
    """Of a stored task and its acts, oldest first. ``state`` and ``target`` stand in its row already."""
    what, dismissal, talks = "", None, []
    for act in acts:
        match act:
            case Edit(what=str(said)):
                what = said
            case Dismiss():
                dismissal = act
            case Talk():
                talks.append(act)
            case _:
                pass
    return Standing(state, target, what, result, dismissal, tuple(talks))
