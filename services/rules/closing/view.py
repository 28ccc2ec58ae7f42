"""The floor on the day of a close: exposures and what is due, by date; days are computed once."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import date as Date
from datetime import datetime, timedelta

from schemas.floor import Agent, Floor
from schemas.rows import SliceRow
from schemas.steps import Step
from services.rules.closing.evidence import Evidence
from services.rules.connecting import missing
from services.rules.day import CutOff, WorkingDay, date_of, working_day
from services.rules.exposure import NONE, Exposure, exposure, scheduled
from services.rules.norms import norms_of
from services.rules.spans import EMPTY, at
from services.rules.target import due
from services.rules.target import dues as dues_of
from services.rules.tasks import Since, Task


class FloorView:
    """Exposures and dues of the floor's agents on the day of the close and the days before it."""

    def __init__(self, floor: Floor, date: Date, evidence: Evidence) -> None:
        self.floor, self.evidence = floor, evidence
        self.days: dict[Date, WorkingDay] = {}
        self.today = self.day(date)
        self._exposures: dict[tuple[Date, str], Exposure] = {}
        self.missing = missing(floor, evidence.trust.unheard, evidence.trust.connected)
        self._norms: dict[str, Mapping[Step, float]] = {}
        self._dues: dict[tuple[str, datetime, datetime], Mapping[Step, float]] = {}

    def as_counted(self, rows: Sequence[SliceRow]) -> "FloorView":
        """The same day with the counts that *rows* have frozen; what was worked out of exposures is shared."""
        done: dict[str, dict[Step, int]] = {}
        in_slice: dict[str, dict[Step, int]] = {}
        for row in rows:
            done.setdefault(row.agent, {})[row.step] = row.done
            in_slice.setdefault(row.agent, {})[row.step] = row.in_slice
        other = copy(self)
        other.evidence = replace(self.evidence, done=done, in_slice=in_slice)
        return other

    def norms(self, agent: Agent) -> Mapping[Step, float]:
        """Norms of the day of the close."""
        found = self._norms.get(agent.id)
        if found is None:
            found = self._norms[agent.id] = norms_of(self.floor, agent, self.today.weekday)
        return found

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

    def due(self, agent: Agent, start: datetime, end: datetime) -> Mapping[Step, float]:
        """What the agent owes of (start, end], within the day of the close, of every step with a norm."""
        key = (agent.id, start, end)
        found = self._dues.get(key)
        if found is None:
            norms = self.norms(agent) if self.listed(agent) else {}
            net, day = self.exposure(agent, self.today.date).net, self.today.of(agent.team)
            found = self._dues[key] = dues_of(norms, net, day, start, end)
        return found

    def expected(self, agent: Agent, date: Date, step: Step, start: datetime, end: datetime) -> float | None:
        """Λ of (start, end] within *date*; None without a norm."""
        day = self.day(date).of(agent.team)
        norm = norms_of(self.floor, agent, day.weekday).get(step)
        if norm is None:
            return None
        return due(norm, step, self.exposure(agent, date).net, day, start, end)

    def since(self, task: Task, end: datetime) -> Since:
        """What is due since a task was opened, over as many days as it takes."""
        done = self.evidence.since_task.get(task.task, 0)
        agent = self.floor.agent_by_id.get(task.agent)
        if agent is None:
            return Since(done, 0.0, 0.0)
        expected = sum(
            self.expected(agent, date, task.step, task.opened, end) or 0.0 for date in self._dates(task.opened)
        )
        return Since(done, expected, *self.lost(agent, task.opened, end))

    def lost(self, agent: Agent, start: datetime, end: datetime) -> tuple[float, float]:
        """(technical share, technical minutes) of the agent's scheduled minutes in (start, end]."""
        own = [self.exposure(agent, date) for date in self._dates(start)]
        planned = sum(one.scheduled_min(start, end) for one in own)
        minutes = sum(one.technical_share(start, end) * one.scheduled_min(start, end) for one in own)
        return (minutes / planned if planned else 0.0), minutes

    def _dates(self, start: datetime) -> Iterator[Date]:
        """Of *start* to the day of the close."""
        date = date_of(start, self.floor.zone)
        while date <= self.today.date:
            yield date
            date += timedelta(days=1)

    def out_of_order(self, agent: Agent, cut: CutOff) -> bool:
        """Whether a fault that began before the cut-off still lasts at it, with work of today ahead."""
        date, now = self.today.date, at(cut.at)
        if not any(end > now for _, end in self.exposure(agent, date).scheduled):
            return False
        before = [one for one in sorted(self.evidence.states.get(date, {}).get(agent.id, ())) if one[0] <= cut.at]
        if before and before[-1][1] == "technical" and before[-1][0] < cut.at:
            return True
        faults = self.evidence.technical.get(date, {}).get(agent.id, EMPTY)
        return any(start < now <= end for start, end in faults)

    def listed(self, agent: Agent) -> bool:
        """Whether the agent belongs to the floor on the day of the close."""
        date = self.today.date
        return not ((agent.since and date < agent.since) or (agent.until and date > agent.until))
