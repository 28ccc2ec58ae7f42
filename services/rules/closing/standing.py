"""Results of tasks, seen again with the technical minutes known now (docs/decisions/0037-verdicts-that-come-later.md)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import datetime

from schemas.floor import Floor
from schemas.steps import Level, Step
from services.rules.closing.evidence import Evidence
from services.rules.closing.view import FloorView
from services.rules.memory import Key, Past, recall
from services.rules.tasks import Task


@dataclass(frozen=True, slots=True)
class Opened:
    """A coaching case that was opened; ``date``: the floor's, of that moment. ``lifted``: since which cut-off it is none."""

    case: str
    date: Date
    agent: str
    step: Step
    opened: datetime
    reason: str
    recheck_on: Date
    lifted: datetime | None = None


def asked_again(date: Date, past: Iterable[Past], tasks: Sequence[Task], cases: Sequence[Opened] = ()) -> list[Past]:
    """Of *past*, what a close on *date* has to see again: today's results on the steps that are verified next, and the
    results that the *cases* rest on. Nothing else can bring anybody to the trainer, or keep them there.
    """
    keys = {(date, task.agent, task.step) for task in tasks} | {(one.date, one.agent, one.step) for one in cases}
    return [one for one in past if (one.on, *one.key) in keys and one.opened is not None]


def began(date: Date, past: Iterable[Past], tasks: Sequence[Task], cases: Sequence[Opened] = ()) -> list[datetime]:
    """From when on a close on *date* asks: the intervals of open tasks, and of what it sees again; and the *cases*."""
    again = asked_again(date, past, tasks, cases)
    reach = [one.opened for one in again if one.opened is not None]
    return [task.opened for task in tasks] + reach + [one.opened for one in cases]


def as_known(
    floor: Floor,
    date: Date,
    evidence: Evidence,
    past: Sequence[Past],
    tasks: Sequence[Task],
    cases: Sequence[Opened] = (),
) -> list[Past]:
    """*past*, where a result that rests on time now known as technical is ``invalidated``: it counts nowhere."""
    view = FloorView(floor, date, evidence)
    again = set(asked_again(date, past, tasks, cases))
    return [seen_now(view, one)[0] if one in again else one for one in past]


def seen_now(view: FloorView, one: Past) -> tuple[Past, float]:
    """A result with the minutes known now, and the technical minutes of its interval."""
    agent = view.floor.agent_by_id.get(one.agent)
    if agent is None or one.opened is None:
        return one, 0.0
    share, minutes = view.lost(agent, one.opened, one.at)
    taken = share >= view.floor.judgement.verification.invalid_technical_share
    return (replace(one, result="invalidated") if taken else one), minutes


def stands(
    floor: Floor,
    date: Date,
    one: Opened,
    cases: Sequence[Opened],
    known: Sequence[Past],
    levels: Mapping[Key, Level],
) -> bool:
    """Whether results and level as they are seen now would open the case."""
    key = (one.agent, one.step)
    before = [
        (case.agent, case.opened, case.recheck_on)
        for case in cases
        if case.opened < one.opened and (case.lifted is None or case.lifted > one.opened)
    ]
    memory = recall(
        date, [], [], [task for task in known if task.at <= one.opened], before, frozenset(), floor.judgement
    )
    if one.reason == "not_done_twice":
        return memory.not_done.get(key, 0) >= 2 and levels.get(key) == "hard"
    return memory.in_vain.get(key, 0) >= 2 and levels.get(key) in ("soft", "hard")
