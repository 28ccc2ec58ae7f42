"""The close of one slice of the whole floor: evidence and memory in; rows, tasks, verifications, cases, issues out.

In order: what is due → trust → common cause and levels → verification of open tasks → coaching → new tasks.
The live closer gathers the evidence by SQL, the back-test from a file; this file is the same for both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

from schemas.floor import Agent, Floor
from schemas.rows import SliceRow
from schemas.steps import STEPS, Step
from services.rules.day import CutOff, WorkingDay, date_of, working_day
from services.rules.exposure import NONE, Exposure, States, exposure, scheduled
from services.rules.judging import CommonCause, Due, Judged, common_causes, judge
from services.rules.memory import Memory, met_in_vain
from services.rules.norms import norms_of
from services.rules.rung import Answers, Rung, answers_low_against, first_broken
from services.rules.spans import EMPTY, Spans
from services.rules.target import due
from services.rules.tasks import Case, Since, Task, Verified, escalate, is_last_chance, open_task, required, verify
from services.rules.trust import TrustEvidence, gate

Counts = Mapping[str, Mapping[Step, int]]
"""Agent → step → count."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at cut-off + grace of facts received by then.

    ``done``: since local midnight up to the cut-off; ``in_slice``: since the previous cut-off.
    ``since_task``: task → its step's count in (opened, cut-off]. ``answers``: agent → path → (attempts, answered) today.
    ``states`` and ``technical``: per date, then agent; today's, and those of every date an open task reaches back to.
    """

    done: Counts
    in_slice: Counts
    since_task: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, Answers] = field(default_factory=dict)
    states: Mapping[Date, Mapping[str, States]] = field(default_factory=dict)
    technical: Mapping[Date, Mapping[str, Spans]] = field(default_factory=dict)
    trust: TrustEvidence = field(default_factory=TrustEvidence)


@dataclass(frozen=True, slots=True)
class TeamIssue:
    """State of a team's common cause at this slice; ``firing`` has separate limits to enter and to leave."""

    team: str
    firing: bool
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Closing:
    rows: list[SliceRow]
    opened: list[Task]
    verified: list[Verified]
    cases: list[Case]
    issues: list[TeamIssue]
    trust: dict[str, dict[Step, tuple[str, ...]]]


class _Floor:
    """Exposures and dues of the floor's agents, by date; days are computed once."""

    def __init__(self, floor: Floor, date: Date, evidence: Evidence) -> None:
        self.floor, self.evidence = floor, evidence
        self.days: dict[Date, WorkingDay] = {}
        self.today = self.day(date)
        self._exposures: dict[tuple[Date, str], Exposure] = {}

    def day(self, date: Date) -> WorkingDay:
        if date not in self.days:
            self.days[date] = working_day(self.floor, date)
        return self.days[date]

    def exposure(self, agent: Agent, date: Date) -> Exposure:
        key = (date, agent.id)
        if key not in self._exposures:
            day = self.day(date)
            plan = scheduled(self.floor, day, agent)
            states = self.evidence.states.get(date, {}).get(agent.id, ())
            technical = self.evidence.technical.get(date, {}).get(agent.id, EMPTY)
            self._exposures[key] = exposure(plan, day, states, technical) if plan else NONE
        return self._exposures[key]

    def expected(self, agent: Agent, date: Date, step: Step, start: datetime, end: datetime) -> float | None:
        """Λ of (start, end] within *date*; None without a norm."""
        day = self.day(date)
        norm = norms_of(self.floor, agent, day.weekday).get(step)
        if norm is None:
            return None
        return due(norm, self.exposure(agent, date).minutes(start, end), day.standard_min)

    def since(self, task: Task, end: datetime) -> Since:
        """What is due since a task was opened, over as many days as it takes."""
        done = self.evidence.since_task.get(task.task, 0)
        agent = self.floor.agent_by_id.get(task.agent)
        if agent is None:
            return Since(done, 0.0, 0.0)
        expected = planned = lost = 0.0
        date, last = date_of(task.opened, self.floor.zone), self.today.date
        while date <= last:
            own = self.exposure(agent, date)
            expected += self.expected(agent, date, task.step, task.opened, end) or 0.0
            planned += own.scheduled_min(task.opened, end)
            lost += own.technical_share(task.opened, end) * own.scheduled_min(task.opened, end)
            date += timedelta(days=1)
        return Since(done, expected, lost / planned if planned else 0.0)


def close(
    floor: Floor, date: Date, cut: CutOff, evidence: Evidence, memory: Memory, *, on_time: bool = True
) -> Closing:
    """Freeze one slice.

    Args:
        on_time: False when the next cut-off has passed already: rows and issues, but no tasks, verifications or cases.
    """
    view = _Floor(floor, date, evidence)
    doubts = gate(floor, evidence.trust)
    dues = _dues(view, cut, doubts)
    judged = judge(dues, memory.deviating, floor.judgement)
    rows = [_row(one, date, cut) for one in judged]
    issues = _issues(floor, common_causes(dues, floor.judgement), memory, doubts)
    if not on_time:
        return Closing(rows, [], [], [], issues, doubts)
    verified = _verify(view, cut, judged, memory, doubts)
    cases = _escalate(view, cut, judged, verified, memory)
    opened = _issue(view, cut, judged, verified, memory)
    return Closing(rows, opened, verified, cases, issues, doubts)


def _dues(view: _Floor, cut: CutOff, doubts: Mapping[str, Mapping[Step, tuple[str, ...]]]) -> list[Due]:
    found = []
    date, starts = view.today.date, view.today.starts
    for agent in sorted(view.floor.agents, key=lambda agent: (agent.team, agent.id)):
        own = view.evidence.done.get(agent.id, {})
        listed = not ((agent.since and date < agent.since) or (agent.until and date > agent.until))
        norms = norms_of(view.floor, agent, view.today.weekday) if listed else {}
        exposed_min = view.exposure(agent, date).minutes(starts, cut.at)
        for step in STEPS:
            if step not in norms and not own.get(step):
                continue
            expected = due(norms[step], exposed_min, view.today.standard_min) if step in norms else None
            found.append(
                Due(
                    agent=agent.id,
                    team=agent.team,
                    step=step,
                    done=own.get(step, 0),
                    in_slice=view.evidence.in_slice.get(agent.id, {}).get(step, 0),
                    expected=expected,
                    exposed=exposed_min > 0,
                    trusted=not doubts[agent.team][step],
                )
            )
    return found


def _row(one: Judged, date: Date, cut: CutOff) -> SliceRow:
    return SliceRow(
        date=date,
        slice=cut.name,
        agent=one.due.agent,
        team=one.due.team,
        step=one.due.step,
        done=one.due.done,
        in_slice=one.due.in_slice,
        target=_rounded(one.due.expected),
        index=_rounded(one.index),
        p_below=_rounded(one.p_below),
        level=one.level,
        trusted=one.due.trusted,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _issues(
    floor: Floor,
    causes: Sequence[CommonCause],
    memory: Memory,
    doubts: Mapping[str, Mapping[Step, tuple[str, ...]]],
) -> list[TeamIssue]:
    """State of every team: firing from P ≥ 0.9 on any step until every step is under the leaving limit.

    A team whose data are in doubt keeps its state: absence of data is not "resolved".
    """
    found = []
    for team in floor.teams:
        own = [cause for cause in causes if cause.team == team.id]
        firing = team.id in memory.firing
        entered = any(cause.found for cause in own)
        stays = firing and (
            any(cause.p_below >= floor.judgement.leave_probability for cause in own)
            or any(doubts[team.id][step] for step in STEPS)
        )
        found.append(TeamIssue(team.id, entered or stays, {"steps": [_cause(cause) for cause in own if cause.found]}))
    return found


def _cause(cause: CommonCause) -> dict[str, Any]:
    return {
        "step": cause.step,
        "done": cause.done,
        "target": round(cause.expected, 6),
        "index": round(cause.posterior.mean, 6),
        "p_below": round(cause.p_below, 6),
        "agents": cause.agents,
    }


def _verify(
    view: _Floor,
    cut: CutOff,
    judged: Sequence[Judged],
    memory: Memory,
    doubts: Mapping[str, Mapping[Step, tuple[str, ...]]],
) -> list[Verified]:
    index = {one.key: one.index for one in judged}
    found = []
    for task in sorted(memory.tasks, key=lambda task: (task.team, task.agent)):
        if task.due > cut.at:
            continue
        agent = view.floor.agent_by_id.get(task.agent)
        since = view.since(task, cut.at)
        result = verify(
            task,
            since,
            cut.at,
            trusted=not doubts.get(task.team, {}).get(task.step, ()),
            last_chance=is_last_chance(view.floor, agent, task, view.today, cut),
            by=view.floor.judgement,
        )
        if result is not None:
            met = since.done >= required(task, since, cut.at)
            found.append(
                Verified(task, cut.at, result, since.done, since.expected, met, index.get((task.agent, task.step)))
            )
    return found


def _escalate(
    view: _Floor, cut: CutOff, judged: Sequence[Judged], verified: Sequence[Verified], memory: Memory
) -> list[Case]:
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


def _issue(
    view: _Floor, cut: CutOff, judged: Sequence[Judged], verified: Sequence[Verified], memory: Memory
) -> list[Task]:
    """New tasks: the first broken rung of each lagging agent, the surest first, within the team's budget."""
    floor, done = view.floor, view.evidence.done
    closed = {one.task.task for one in verified}
    busy = {task.agent for task in memory.tasks if task.task not in closed}
    by_agent: dict[str, list[Judged]] = {}
    for one in judged:
        by_agent.setdefault(one.due.agent, []).append(one)
    lagging = [agent for agent, own in by_agent.items() if any(one.level in ("soft", "hard") for one in own)]
    teams = _team_counts(floor, done)
    peers = _path_counts(view.evidence.answers)
    rungs: list[Rung] = []
    for agent in lagging:
        if agent in busy:
            continue
        own_counts = done.get(agent, {})
        team = teams[floor.agent_by_id[agent].team]
        rest = {step: team.get(step, 0) - own_counts.get(step, 0) for step in STEPS}
        answers = view.evidence.answers.get(agent, {})
        others = {path: (peers[path][0] - mine[0], peers[path][1] - mine[1]) for path, mine in answers.items()}
        low = answers_low_against(answers, others, floor.judgement)
        rung = first_broken(by_agent[agent], own_counts, rest, low, floor.judgement)
        if rung:
            rungs.append(rung)
    opened = [
        open_task(floor, floor.agent_by_id[rung.judged.due.agent], view.today, cut, rung.judged.due.step, _why(rung))
        for rung in _within_budget(view, rungs)
    ]
    return sorted((task for task in opened if task), key=lambda task: (task.team, task.agent))


def _within_budget(view: _Floor, rungs: Sequence[Rung]) -> list[Rung]:
    ordered = sorted(rungs, key=lambda rung: (-rung.certainty, rung.judged.due.agent))
    share = view.floor.judgement.task_budget_share
    if share is None:
        return ordered
    date = view.today.date
    size: dict[str, int] = {}
    for agent in view.floor.agents:
        if not ((agent.since and date < agent.since) or (agent.until and date > agent.until)):
            size[agent.team] = size.get(agent.team, 0) + 1
    left = {team: max(1, int(share * count + 1e-9)) for team, count in size.items()}
    taken = []
    for rung in ordered:
        team = rung.judged.due.team
        if left.get(team, 1) > 0:
            left[team] = left.get(team, 1) - 1
            taken.append(rung)
    return taken


def _why(rung: Rung) -> dict[str, Any]:
    one = rung.judged
    return {
        "why": rung.why,
        "level": one.level,
        "done": one.due.done,
        "target": _rounded(one.due.expected),
        "index": _rounded(one.index),
        "p_below": _rounded(one.p_soft),
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
