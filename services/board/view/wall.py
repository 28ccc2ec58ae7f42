"""The wall: screens that turn by themselves. Good news is part of it; levels are told as what is left to do."""

from dataclasses import dataclass
from typing import Final

from schemas.steps import Step
from services.board.view.floor import CARD_STEPS, AgentLine, FloorView
from services.board.view.pace import Pace
from services.board.words import Words

ROWS: Final = 11
"""Agents on one screen at 1920 × 1080 with 48-pixel numbers."""
GOOD: Final = 4


@dataclass(frozen=True, slots=True)
class WallRow:
    line: AgentLine
    paces: tuple[Pace, ...]
    tone: str
    """technical, to_go, in_pace or quiet; each also said in words."""
    words: str


@dataclass(frozen=True, slots=True)
class Screen:
    title: str
    rows: tuple[WallRow, ...]


@dataclass(frozen=True, slots=True)
class WallView:
    screens: list[Screen]
    good: list[str]


def wall_view(view: FloorView, w: Words) -> WallView:
    screens = []
    for card in view.cards:
        members = [_row(line, view, w) for line in view.lines if line.agent.team == card.team.id and line.on_shift]
        pages = [members[at : at + ROWS] for at in range(0, len(members), ROWS)]
        screens += [Screen(card.team.title, tuple(page)) for page in pages]
    return WallView(screens, good_news(view, w)[:GOOD])


def _row(line: AgentLine, view: FloorView, w: Words) -> WallRow:
    paces = tuple(line.pace(step) for step in CARD_STEPS)
    if line.standing.level == "technical":
        return WallRow(line, paces, "technical", w("wall.in_technical"))
    if line.task is not None:
        left = max(0, line.task.row.target - line.task_done)
        if left:
            wanted = w(f"wanted.{line.task.row.step}", n=left)
            due = line.task_due or line.task.due
            return WallRow(line, paces, "to_go", w("wall.to_go", time=w.when(due), wanted=wanted))
    judged = [pace for pace in paces if pace.due]
    if line.standing.level != "none" and judged and 2 * sum(_in_pace(pace) for pace in judged) > len(judged):
        return WallRow(line, paces, "in_pace", w("wall.in_pace"))
    return WallRow(line, paces, "quiet", "")


def _in_pace(pace: Pace) -> bool:
    return pace.due is not None and pace.done >= 0.9 * pace.due


def good_news(view: FloorView, w: Words) -> list[str]:
    """First payment, best pace of a step, tasks done, totals: each only when it happened."""
    today, names = view.today, {line.agent.id: line.name for line in view.lines}
    found = []
    if today.first_payment is not None:
        agent, moment = today.first_payment
        found.append(w("wall.first_payment", agent=names.get(agent, agent), time=w.clock(moment)))
    payments = sum(half.done.get("payments", 0) for half in today.halves)
    if payments > 1:
        found.append(w("wall.payments", n=payments))
    best = _best(view.lines)
    if best is not None:
        line, step = best
        pace = line.pace(step)
        step_name = w(f"step.{step}").lower()
        found.append(w("wall.best_pace", agent=line.name, step=step_name, done=pace.done, due=w.due(pace.due or 0)))
    found += [
        w("wall.task_done", agent=names[task.row.agent], step=w(f"step.{task.row.step}").lower())
        for task in today.tasks
        if task.row.result == "done" and task.row.agent in names
    ]
    longs = sum(line.now.done.get("long_calls", 0) for line in view.lines)
    if longs:
        found.append(w("wall.longs", n=longs))
    return found


def _best(lines: list[AgentLine]) -> tuple[AgentLine, Step] | None:
    """Whose pace is furthest above the norm where at least three are due; None when nobody is above."""
    found: tuple[float, AgentLine, Step] | None = None
    for line in lines:
        for step in ("presentations", "long_calls"):
            pace = line.pace(step)
            if pace.due is not None and pace.due >= 3 and pace.done > pace.due:
                ratio = pace.done / pace.due
                if found is None or ratio > found[0]:
                    found = ratio, line, step
    return (found[1], found[2]) if found else None
