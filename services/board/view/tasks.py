"""The Tasks page: what goes on, what was verified, who is with the trainer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.floor import Floor
from services.board.storage.tasks import Task
from services.board.today import AgentNow, Today
from services.board.view.dues import carried, due_at, owed, task_done
from services.board.view.floor import shown_name
from services.board.view.task import ToHear, advice, again, dismissal, said, to_hear, verdict
from services.board.words import Words
from services.reads.cases import Case, Done
from services.rules.tasks import repeats_since


@dataclass(frozen=True, slots=True)
class May:
    """What the reader may do about a task."""

    task: bool = False
    acknowledge: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside the day's tasks: what people did about them, and which of the week's each one is."""

    acts: Mapping[str, Sequence[Done]]
    again: Mapping[str, int]
    may: Callable[[Task], May]


@dataclass(frozen=True, slots=True)
class TaskCard:
    """``ended``: why it was verified so, or dismissed; "" while it goes on. ``owed`` meets it when it is looked at next."""

    task: Task
    name: str
    team: str
    what: str
    advice: str
    said: str
    why: tuple[str, ...]
    done: int
    owed: int
    hear: Sequence[ToHear]
    carried: bool
    again: str
    ended: str
    may: May


@dataclass(frozen=True, slots=True)
class CaseCard:
    case: Case
    name: str
    team: str
    reason: str


@dataclass(frozen=True, slots=True)
class TasksView:
    open: list[TaskCard]
    closed: list[TaskCard]
    dismissed: list[TaskCard]
    cases: list[CaseCard]


def tasks_view(today: Today, around: Around, w: Words, team: str) -> TasksView:
    names = {
        agent.id: shown_name(today, number, agent, w) for number, agent in enumerate(today.everybody.floor.agents, 1)
    }
    titles = {one.id: one.title for one in today.floor.teams}
    cards = [_card(today, task, names, titles, around, w) for task in today.tasks if not team or task.row.team == team]
    return TasksView(
        [card for card in cards if card.task.open],
        [card for card in reversed(cards) if card.task.row.result is not None],
        [card for card in reversed(cards) if card.task.dismissed_at is not None],
        [
            CaseCard(
                case,
                names.get(case.row.agent, case.row.agent),
                titles.get(case.team, case.team),
                w.known("coaching", case.row.reason),
            )
            for case in today.cases
            if not team or case.team == team
        ],
    )


def _card(
    today: Today,
    task: Task,
    names: Mapping[str, str],
    titles: Mapping[str, str],
    around: Around,
    w: Words,
) -> TaskCard:
    done = around.acts.get(task.row.task, ())
    known = today.agents.get(task.row.agent) or AgentNow(task.row.agent)
    return TaskCard(
        task=task,
        name=names.get(task.row.agent, task.row.agent),
        team=titles.get(task.row.team, task.row.team),
        what=w("task.short", wanted=w(f"wanted.{task.row.step}", n=task.row.target), time=w.when(due_at(today, task))),
        advice=advice(task, w),
        said=said(done),
        why=tuple(why(task, today.floor, w)),
        done=task_done(today, task, known),
        owed=owed(today, task),
        hear=to_hear(task.evidence, names, task.row.agent, w),
        carried=carried(today, task),
        again=again(around.again.get(task.row.task, 1), w),
        ended=dismissal(done, {**names, **{one.id: one.name for one in today.floor.people}}, w)
        if task.dismissed_at
        else verdict(task, today.floor, w),
        may=around.may(task),
    )


def why(task: Task, floor: Floor, w: Words) -> list[str]:
    """The first broken rung, the numbers behind it, and whether the team was taken into account."""
    evidence = task.evidence
    found = [w("why.rung", step=w(f"step.{task.row.step}").lower())]
    word = evidence.get("why")
    if isinstance(word, str) and w.has(f"why.{word}"):
        found.append(w(f"why.{word}"))
    done, target, p_below = (evidence.get(name) for name in ("done", "target", "p_below"))
    if isinstance(done, int) and isinstance(target, int | float) and isinstance(p_below, int | float):
        below = w.num(floor.judgement.soft.below, 1)
        key = "why.numbers_team" if _scaled(evidence) else "why.numbers"
        found.append(w(key, done=w.num(done), target=w.due(target), sure=w.sure(p_below), below=below))
    if _scaled(evidence):
        found.append(w("why.team_scaled"))
    return found


def _scaled(evidence: Mapping[str, Any]) -> bool:
    """Whether the task was given against the own team, the whole of it being below the norm."""
    scale = evidence.get("scale")
    return isinstance(scale, int | float) and scale != 1


def agains(known: Sequence[Task], shown: Sequence[Task], floor: Floor) -> dict[str, int]:
    """Task → which of its agent's tasks on its step within five working days it is.

    Args:
        known: tasks that were not dismissed, of at least those days. One whose time was technical is nobody's repeat.
    """
    return {
        task.row.task: 1
        + sum(
            one.row.agent == task.row.agent
            and one.row.step == task.row.step
            and one.row.opened < task.row.opened
            and one.row.date >= repeats_since(floor, task.row.date)
            and one.counts != "invalidated"
            for one in known
        )
        for task in shown
    }
