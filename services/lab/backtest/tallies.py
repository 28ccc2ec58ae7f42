"""What agents had done by each close, from the sorted versions of a day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import floor as whole

from schemas.steps import Step
from services.lab.backtest.sorting import Paths, Sorted, Steps
from services.rules.rung import Answers

Tally = dict[str, dict[Step, int]]


class Tallies:
    """Agent → step → count, per slice: since midnight (``done``), since the cut-off before (``in_slice``), and what has come
    since the close (``late``)."""

    def __init__(self, found: Sorted, known: Sequence[datetime]) -> None:
        """
        Args:
            known: until when each slice learns facts.
        """
        self.in_slice: list[Tally] = [{} for _ in known]
        self.done: list[Tally] = [{} for _ in known]
        self.late: list[Tally] = [{} for _ in known]
        for happened, own in enumerate(found.on_time):
            _add_all(self.in_slice[happened], own)
        running: Tally = {}
        entering: list[list[tuple[str, Steps]]] = [[] for _ in range(len(known) + 1)]
        for happened, learned, agent, steps in found.behind:
            entering[learned].append((agent, steps))
            for position in range(happened, min(learned, len(known))):
                _add(self.late[position], agent, steps, 1)
        for position, own in enumerate(found.on_time):
            _add_all(running, own)
            for agent, steps in entering[position]:
                _add(running, agent, steps, 1)
            self.done[position] = {agent: dict(counts) for agent, counts in running.items()}
        for happened, version, steps in found.replaced:
            for position in range(happened, len(known)):
                if version.known(known[position]):
                    _add(self.done[position], version.agent or "", steps, 1)
                    _add(self.late[position], version.agent or "", steps, -1)
                    if position == happened:
                        _add(self.in_slice[position], version.agent or "", steps, 1)


def _add_all(total: Tally, own: Mapping[str, Mapping[Steps, int]]) -> None:
    for agent, counts in own.items():
        for steps, count in counts.items():
            _add(total, agent, steps, count)


def _add(total: Tally, agent: str, steps: Iterable[Step], count: int) -> None:
    own = total.get(agent)
    if own is None:
        own = total[agent] = {}
    for step in steps:
        own[step] = own.get(step, 0) + count


def answers_by(found: Sequence[Paths]) -> list[dict[str, Answers]]:
    """Of each slice, agent → path → (attempts, answered) since midnight; the path is the campaign, else the line."""
    running: Paths = {}
    by_slice: list[dict[str, Answers]] = []
    for entering in found:
        for agent, paths in entering.items():
            own = running[agent] = dict(running.get(agent, {}))
            for path, (attempts, answered) in paths.items():
                before = own.get(path, (0, 0))
                own[path] = (before[0] + attempts, before[1] + answered)
        by_slice.append(dict(running))
    return by_slice


def percentile(values: Sequence[float], share: float) -> float:
    """Linear interpolation between order statistics, as PostgreSQL's percentile_cont."""
    ordered = sorted(values)
    where = share * (len(ordered) - 1)
    low = whole(where)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (where - low)
