"""Verification of open tasks, and the coaching cases that it opens (DOMAIN §7)."""

from collections.abc import Sequence

from schemas.steps import TaskResult
from services.rules.closing.evidence import Doubts
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.judging import Judged
from services.rules.memory import Memory, met_in_vain
from services.rules.tasks import Case, Since, Task, Verified, escalate, is_last_chance, required, verify


def verified_tasks(
    view: FloorView, cut: CutOff, judged: Sequence[Judged], memory: Memory, doubts: Doubts
) -> list[Verified]:
    """Open tasks that are due and can be decided, and those whose ground has fallen away; the others are carried."""
    index = {one.key: one.index for one in judged}
    found = []
    for task in sorted(memory.tasks, key=lambda task: (task.team, task.agent)):
        ground = memory.fallen.get(task.task)
        if task.dismissed or (task.due > cut.at and ground is None):
            continue
        since = view.since(task, cut.at)
        result = "invalidated" if ground else _result(view, cut, task, since, doubts)
        if result is not None:
            needed = required(task, since, cut.at)
            found.append(
                Verified(
                    task=task,
                    at=cut.at,
                    result=result,
                    done=since.done,
                    expected=since.expected,
                    met=since.done >= needed,
                    index=index.get((task.agent, task.step)),
                    required=needed,
                    technical_min=since.technical_min,
                    ground=ground,
                )
            )
    return found


def _result(view: FloorView, cut: CutOff, task: Task, since: Since, doubts: Doubts) -> TaskResult | None:
    return verify(
        task,
        since,
        cut.at,
        trusted=not doubts.get(task.team, {}).get(task.step, ()) and (task.agent, task.step) not in view.missing,
        last_chance=is_last_chance(view.floor, view.floor.agent_by_id.get(task.agent), task, view.today, cut),
        by=view.floor.judgement,
    )


def coaching_cases(
    view: FloorView, cut: CutOff, judged: Sequence[Judged], verified: Sequence[Verified], memory: Memory
) -> list[Case]:
    """Cases that these verifications open."""
    levels = {one.key: one.level for one in judged}
    date = view.today.date
    found = []
    for one in verified:
        key = (one.task.agent, one.task.step)
        in_vain = met_in_vain(one.result, one.met, one.index, view.floor.judgement)
        case = escalate(
            one,
            levels.get(key) == "hard",
            levels.get(key) in ("soft", "hard"),
            memory.not_done.get(key, 0) + (one.result == "not_done"),
            memory.in_vain.get(key, 0) + 1 if in_vain else 0,
            date < memory.cases.get(one.task.agent, date),
            floor=view.floor,
            date=date,
            cut=cut,
        )
        if case:
            found.append(case)
    return found
