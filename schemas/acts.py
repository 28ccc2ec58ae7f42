"""What people do about a task or a coaching case: rows of ``task_acts`` and ``coaching_acts``, append-only.

The two tables are the contract: whoever hears a person (the board's pages and API today, a messenger's buttons) writes the
same kinds with the same arguments. ``kind`` is the column ``act``; ``arguments`` is the struct of that kind, as JSON.
What an act may do to a task in which state is decided by ``services.rules.acts``.
"""

from datetime import date as Date
from datetime import datetime
from typing import Any, Final, Literal, get_args

import msgspec

TaskState = Literal["proposed", "confirmed", "acknowledged", "dismissed"]
TaskActKind = Literal["confirm", "edit", "dismiss", "talk", "acknowledge"]
DismissReason = Literal["absent", "other_work", "technical", "data", "settled", "other"]
"""``absent``: was not there; ``other_work``: was given other work; ``technical``: our fault or the line's; ``data``: the
numbers are wrong; ``settled``: talked over and settled without a task; ``other``: the note says what."""
CoachingActKind = Literal["plan", "close"]
Outcome = Literal["grown", "partly", "not_grown", "stopped"]
"""As the trainer sees it; ``stopped``: the case was ended for another reason, which the note says."""

DISMISS_REASONS: Final[tuple[DismissReason, ...]] = get_args(DismissReason)
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)


class Confirm(msgspec.Struct, frozen=True, kw_only=True):
    """The head stands behind the task."""


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """Another target, or other words for what to do; what is None stays as it is. ``was``: the target until now."""

    target: int | None = None
    what: str | None = None
    was: int | None = None


class Dismiss(msgspec.Struct, frozen=True, kw_only=True):
    reason: DismissReason
    note: str = ""


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """The head talked with the agent. ``at``: when, aware."""

    at: datetime
    note: str = ""


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True):
    """The agent has read the task and takes it."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the trainer means to do; the newest plan counts, earlier ones stay readable.

    ``calls``: ids of calls to hear together. ``trainer``: who; ``on``: the day.
    """

    text: str
    focus: str = ""
    calls: tuple[str, ...] = ()
    trainer: str = ""
    on: Date | None = None


class Close(msgspec.Struct, frozen=True, kw_only=True):
    outcome: Outcome
    note: str = ""


TaskAct = Confirm | Edit | Dismiss | Talk | Acknowledge
CoachingAct = Plan | Close

TASK_ACTS: Final[dict[TaskActKind, type[TaskAct]]] = {
    "confirm": Confirm,
    "edit": Edit,
    "dismiss": Dismiss,
    "talk": Talk,
    "acknowledge": Acknowledge,
}
COACHING_ACTS: Final[dict[CoachingActKind, type[CoachingAct]]] = {"plan": Plan, "close": Close}


def kind_of(act: TaskAct | CoachingAct) -> str:
    """The word of the column ``act``."""
    return next(kind for kind, shape in (TASK_ACTS | COACHING_ACTS).items() if type(act) is shape)


def arguments_of(act: TaskAct | CoachingAct) -> dict[str, Any]:
    """As the column ``arguments`` holds them."""
    found: dict[str, Any] = msgspec.to_builtins(act)
    return found


def task_act(kind: str, arguments: Any) -> TaskAct:
    """Raises: KeyError, msgspec.ValidationError for what no version of ours wrote."""
    shape: type[TaskAct] = TASK_ACTS[kind]  # type: ignore[index]
    return msgspec.convert(arguments, shape)


def coaching_act(kind: str, arguments: Any) -> CoachingAct:
    """Raises: KeyError, msgspec.ValidationError for what no version of ours wrote."""
    shape: type[CoachingAct] = COACHING_ACTS[kind]  # type: ignore[index]
    return msgspec.convert(arguments, shape)
