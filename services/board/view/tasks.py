"""The Tasks page: what goes on, what was verified, who is with the trainer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.floor import Floor
from schemas.steps import STEPS
from services.board.storage.calls import CallRow
from services.board.storage.tasks import Case, Task
from services.board.today import AgentNow, Today
from services.board.view.dues import carried, due_at, task_done
from services.board.view.floor import shown_name
from services.board.words import Words

TO_HEAR = 3


@dataclass(frozen=True, slots=True)
class ToHear:
    call: CallRow
    why: str
    """A word of the catalogue: why this call was chosen."""


@dataclass(frozen=True, slots=True)
class TaskCard:
    task: Task
    name: str
    team: str
    what: str
    why: tuple[str, ...]
    done: int
    hear: Sequence[ToHear]
    carried: bool


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
    cases: list[CaseCard]


def tasks_view(today: Today, hear: Mapping[str, Sequence[ToHear]], w: Words, team: str) -> TasksView:
    names = {agent.id: shown_name(today, number, agent, w) for number, agent in enumerate(today.floor.agents, 1)}
    titles = {one.id: one.title for one in today.floor.teams}
    cards = [_card(today, task, names, titles, hear, w) for task in today.tasks if not team or task.row.team == team]
    return TasksView(
        [card for card in cards if card.task.open],
        [card for card in reversed(cards) if not card.task.open],
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
    hear: Mapping[str, Sequence[ToHear]],
    w: Words,
) -> TaskCard:
    known = today.agents.get(task.row.agent) or AgentNow(task.row.agent)
    return TaskCard(
        task=task,
        name=names.get(task.row.agent, task.row.agent),
        team=titles.get(task.row.team, task.row.team),
        what=w("task.short", wanted=w(f"wanted.{task.row.step}", n=task.row.target), time=w.when(due_at(today, task))),
        why=tuple(why(task.evidence, today.floor, w)),
        done=task_done(today, task, known),
        hear=hear.get(task.row.task, ()),
        carried=carried(today, task),
    )


def why(evidence: Mapping[str, Any], floor: Floor, w: Words) -> list[str]:
    """The first broken rung, the numbers behind it, and whether the team was taken into account."""
    found = []
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


def wanted_calls(task: Task, calls: Sequence[CallRow], floor: Floor) -> list[ToHear]:
    """Up to three calls worth hearing, chosen by the step: where it breaks off, or the longest that led to nothing."""
    long_s = floor.long_call_of(task.row.team)
    if task.row.step not in STEPS or task.row.step == "calls":
        return []
    if task.row.step == "long_calls":
        broken = sorted((c for c in calls if 30 <= c.talk_s < long_s / 3), key=lambda call: -call.talk_s)
        return [ToHear(call, "hear.long_calls") for call in broken[:TO_HEAR]]
    if task.row.step == "answered":
        short = sorted(calls, key=lambda call: call.talk_s)
        return [ToHear(call, "hear.answered") for call in short[:TO_HEAR]]
    longest = sorted((call for call in calls if call.talk_s >= long_s), key=lambda call: -call.talk_s)
    reason = "hear.presentations" if task.row.step == "presentations" else "hear.other"
    return [ToHear(call, reason) for call in longest[:TO_HEAR]]
