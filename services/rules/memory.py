"""What a close has to remember of earlier ones, recalled from rows: the same from PostgreSQL as in a back-test."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime

from schemas.floor.judgement import Judgement
from schemas.steps import Level, Step, TaskResult
from services.rules.judging import still_deviating
from services.rules.tasks import Ground, Task

Key = tuple[str, Step]


@dataclass(frozen=True, slots=True)
class Past:
    """A verified task. ``on``: the floor's date of its verification; ``met``, ``index``: see tasks.Verified.

    ``opened``: where its interval began. None: never looked at again.
    """

    agent: str
    step: Step
    on: Date
    at: datetime
    result: TaskResult
    met: bool
    index: float | None
    opened: datetime | None = None
    task: str = ""

    @property
    def key(self) -> Key:
        return self.agent, self.step


@dataclass(frozen=True, slots=True)
class Memory:
    """``deviating``: soft or hard earlier today, not left. ``not_done``: today's, per agent and step, since the last case.
    ``in_vain``: targets met running today, index low. ``cases``: agent → re-check date. ``firing``: teams with an issue.

    ``fallen``: open tasks whose ground has fallen away; ``lifted``: cases of which nothing is left (closing.remembering).
    """

    deviating: frozenset[Key] = frozenset()
    tasks: Sequence[Task] = ()
    not_done: Mapping[Key, int] = field(default_factory=dict)
    in_vain: Mapping[Key, int] = field(default_factory=dict)
    cases: Mapping[str, Date] = field(default_factory=dict)
    firing: frozenset[str] = frozenset()
    fallen: Mapping[str, Ground] = field(default_factory=dict)
    lifted: Sequence[str] = ()


def recall(
    date: Date,
    levels: Iterable[Mapping[Key, Level]],
    tasks: Sequence[Task],
    past: Iterable[Past],
    cases: Iterable[tuple[str, datetime, Date]],
    firing: frozenset[str],
    by: Judgement,
) -> Memory:
    """Memory for a close on *date*.

    Args:
        levels: today's earlier slices, oldest first. tasks: open ones.
        past: verified tasks, of today at least, as they are seen now (closing.standing).
        cases: (agent, opened, recheck_on), any order.
        firing: teams whose issue was firing at today's previous slice.
    """
    deviating: frozenset[Key] = frozenset()
    for earlier in levels:
        deviating = still_deviating(deviating, earlier)
    opened: dict[str, datetime] = {}
    recheck: dict[str, Date] = {}
    for agent, since, until in sorted(cases, key=lambda case: case[1]):
        opened[agent], recheck[agent] = since, until
    not_done: dict[Key, int] = {}
    in_vain: dict[Key, int] = {}
    for one in sorted(past, key=lambda one: (one.at, one.agent, one.step)):
        if one.agent in opened and one.at <= opened[one.agent]:
            continue
        if one.on != date:
            continue  # the index begins anew every morning: what was met in vain yesterday stayed under nothing since
        key = one.key
        if one.result == "not_done":
            not_done[key] = not_done.get(key, 0) + 1
        in_vain[key] = in_vain.get(key, 0) + 1 if met_in_vain(one.result, one.met, one.index, by) else 0
    return Memory(deviating, tuple(tasks), not_done, in_vain, recheck, firing)


def met_in_vain(result: TaskResult, met: bool, index: float | None, by: Judgement) -> bool:
    """Done as asked, and still below: the target was met while the index stayed under the soft bound."""
    return result == "done" and met and index is not None and index < by.soft.below
