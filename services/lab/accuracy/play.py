"""One day of counts through the core: what the live closer and the back-test do with facts, done with counts.

``Evidence`` carries counts and no facts, so nothing is lost by making up counts: tests hold this equal to a back-test of
facts that have the same counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.floor import Floor
from schemas.steps import Level, Step
from services.lab.accuracy.counts import AgentDay
from services.lab.accuracy.floors import DATE
from services.rules.closing import Closing, Counts, Evidence, close
from services.rules.day import CutOff, working_day
from services.rules.memory import Key, Past, recall
from services.rules.tasks import Case, Task


@dataclass
class Played:
    """Per slice, who got a task, which teams dropped, which have a common cause; and whose case went to the trainer."""

    tasked: list[set[str]] = field(default_factory=list)
    escalated: set[str] = field(default_factory=set)
    dropped: list[set[str]] = field(default_factory=list)
    firing: list[set[str]] = field(default_factory=list)


class _Day:
    def __init__(self, floor: Floor, counts: Mapping[str, AgentDay]) -> None:
        self.floor, self.counts = floor, counts
        self.position: dict[datetime, int] = {}
        self.levels: list[Mapping[Key, Level]] = []
        self.tasks: list[Task] = []
        self.past: list[Past] = []
        self.cases: list[Case] = []
        self.firing: frozenset[str] = frozenset()

    def close(self, position: int, cut: CutOff) -> Closing:
        self.position[cut.at] = position
        evidence = Evidence(
            done=_between(self.counts, 0, position + 1),
            in_slice=_between(self.counts, position, position + 1),
            since_task={task.task: self._since(task, position) for task in self.tasks},
        )
        cases = [(case.agent, case.opened, case.recheck_on) for case in self.cases]
        memory = recall(DATE, self.levels, self.tasks, self.past, cases, self.firing, self.floor.judgement)
        return close(self.floor, DATE, cut, evidence, memory)

    def keep(self, closing: Closing) -> None:
        self.levels.append({(row.agent, row.step): row.level for row in closing.rows})
        closed = {one.task.task for one in closing.verified}
        self.tasks = [task for task in self.tasks if task.task not in closed] + closing.opened
        self.past += [
            Past(one.task.agent, one.task.step, DATE, one.at, one.result, one.met, one.index)
            for one in closing.verified
        ]
        self.cases += closing.cases
        self.firing = frozenset(issue.team for issue in closing.issues if issue.firing)

    def _since(self, task: Task, position: int) -> int:
        own = self.counts[task.agent][self.position[task.opened] + 1 : position + 1]
        return sum(one.get(task.step, 0) for one in own)


def play(floor: Floor, counts: Mapping[str, AgentDay]) -> Played:
    """A day of everybody in *counts* (agent → what they got done)."""
    day, found = _Day(floor, counts), Played()
    for position, cut in enumerate(working_day(floor, DATE).cut_offs):
        closing = day.close(position, cut)
        day.keep(closing)
        found.tasked.append({task.agent for task in closing.opened})
        found.escalated |= {case.agent for case in closing.cases}
        found.dropped.append({issue.team for issue in closing.issues if issue.dropped})
        found.firing.append(set(day.firing))
    return found


def _between(counts: Mapping[str, AgentDay], first: int, last: int) -> Counts:
    return {agent: _sum(slices[first:last]) for agent, slices in counts.items()}


def _sum(slices: Sequence[Mapping[Step, int]]) -> dict[Step, int]:
    total: dict[Step, int] = {}
    for one in slices:
        for step, count in one.items():
            total[step] = total.get(step, 0) + count
    return total
