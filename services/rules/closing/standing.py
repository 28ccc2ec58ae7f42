"""Results of tasks, seen again with the technical minutes known now (docs/decisions/0037-verdicts-that-come-later.md)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date as Date
from datetime import datetime

from schemas.floor import Floor
from services.rules.closing.evidence import Evidence
from services.rules.closing.view import FloorView
from services.rules.memory import Past
from services.rules.tasks import Task


def asked_again(date: Date, past: Iterable[Past], tasks: Sequence[Task]) -> list[Past]:
    """Of *past*, what a close on *date* has to see again: today's results on the steps that are verified next.

    Nothing else can bring anybody to the trainer.
    """
    keys = {(task.agent, task.step) for task in tasks}
    return [one for one in past if one.on == date and one.key in keys and one.opened is not None]


def began(date: Date, past: Iterable[Past], tasks: Sequence[Task]) -> list[datetime]:
    """When the intervals began that a close on *date* asks about: those of open tasks, and of what it sees again."""
    again = asked_again(date, past, tasks)
    return [task.opened for task in tasks] + [one.opened for one in again if one.opened is not None]


def as_known(floor: Floor, date: Date, evidence: Evidence, past: Sequence[Past], tasks: Sequence[Task]) -> list[Past]:
    """*past*, where a result that rests on time now known as technical is ``invalidated``: it counts nowhere."""
    view = FloorView(floor, date, evidence)
    again = set(asked_again(date, past, tasks))
    return [seen_now(view, one)[0] if one in again else one for one in past]


def seen_now(view: FloorView, one: Past) -> tuple[Past, float]:
    """A result with the minutes known now, and the technical minutes of its interval."""
    agent = view.floor.agent_by_id.get(one.agent)
    if agent is None or one.opened is None:
        return one, 0.0
    share, minutes = view.lost(agent, one.opened, one.at)
    taken = share >= view.floor.judgement.verification.invalid_technical_share
    return (replace(one, result="invalidated") if taken else one), minutes
