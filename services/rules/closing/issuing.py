"""New tasks: the first broken rung of each lagging agent, the surest first, within the team's budget (DOMAIN §6)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.rules.closing.evidence import Counts
from services.rules.closing.rows import rounded
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.deviation import EXACT
from services.rules.judging import Judged
from services.rules.memory import Memory
from services.rules.rung import Answers, Rung, answers_low_against, first_broken
from services.rules.tasks import Task, Verified, open_task


def new_tasks(
    view: FloorView, cut: CutOff, judged: Sequence[Judged], verified: Sequence[Verified], memory: Memory
) -> list[Task]:
    """Tasks of this close, sorted by team and agent. An agent with an open task gets no second one."""
    closed = {one.task.task for one in verified}
    busy = {task.agent for task in memory.tasks if task.task not in closed}
    given = _within_budget(view, cut, _rungs(view, cut, judged, busy))
    return sorted(given, key=lambda task: (task.team, task.agent))


def _rungs(view: FloorView, cut: CutOff, judged: Sequence[Judged], busy: set[str]) -> list[Rung]:
    """The first broken rung of every lagging agent who is free, and whom no fault keeps from work (DOMAIN §8)."""
    floor, done = view.floor, view.evidence.done
    by_agent: dict[str, list[Judged]] = {}
    for one in judged:
        by_agent.setdefault(one.due.agent, []).append(one)
    teams = _team_counts(floor, done)
    peers = _path_counts(view.evidence.answers)
    found: list[Rung] = []
    for agent, own in by_agent.items():
        if agent in busy or not any(one.level in ("soft", "hard") for one in own):
            continue
        if view.out_of_order(floor.agent_by_id[agent], cut):
            continue
        counts = done.get(agent, {})
        team = teams[floor.agent_by_id[agent].team]
        rest = {step: team.get(step, 0) - counts.get(step, 0) for step in STEPS}
        answers = view.evidence.answers.get(agent, {})
        others = {path: (peers[path][0] - mine[0], peers[path][1] - mine[1]) for path, mine in answers.items()}
        low = answers_low_against(answers, others, floor.judgement)
        rung = first_broken(own, counts, rest, low, floor.judgement)
        if rung:
            found.append(rung)
    return found


def _within_budget(view: FloorView, cut: CutOff, rungs: Iterable[Rung]) -> list[Task]:
    """The surest first; an agent of whom nothing is due ahead takes nobody's place."""
    left = _budgets(view)
    taken = []
    for rung in sorted(rungs, key=lambda rung: (-rung.certainty, rung.judged.due.agent)):
        one = rung.judged.due
        if left is not None and not left.get(one.team, 1):
            continue
        task = open_task(view.floor, view.floor.agent_by_id[one.agent], view.today, cut, one.step, _why(rung))
        if task is None:
            continue
        taken.append(task)
        if left is not None:
            left[one.team] = left.get(one.team, 1) - 1
    return taken


def _budgets(view: FloorView) -> dict[str, int] | None:
    """Team → tasks it may get at this cut-off; None when there is no limit."""
    share = view.floor.judgement.task_budget_share
    if share is None:
        return None
    size: dict[str, int] = {}
    for agent in view.floor.agents:
        if view.listed(agent):
            size[agent.team] = size.get(agent.team, 0) + 1
    return {team: max(1, int(share * count + EXACT)) for team, count in size.items()}


def _why(rung: Rung) -> dict[str, Any]:
    one = rung.judged
    return {
        "why": rung.why,
        "level": one.level,
        "done": one.due.done,
        "target": rounded(one.due.expected),
        "index": rounded(one.index),
        "p_below": rounded(one.p_soft),
        "scale": round(one.scale, 6),
    }


def _team_counts(floor: Floor, done: Counts) -> dict[str, dict[Step, int]]:
    found: dict[str, dict[Step, int]] = {team.id: {} for team in floor.teams}
    for agent, own in done.items():
        if agent in floor.agent_by_id:
            team = found[floor.agent_by_id[agent].team]
            for step, count in own.items():
                team[step] = team.get(step, 0) + count
    return found


def _path_counts(answers: Mapping[str, Answers]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for own in answers.values():
        for path, (attempts, reached) in own.items():
            total = found.get(path, (0, 0))
            found[path] = (total[0] + attempts, total[1] + reached)
    return found
