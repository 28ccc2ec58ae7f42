"""Runs every slice of every working day of a file through the core, in order of time."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import msgspec

from schemas.floor import Floor
from schemas.rows import (
    AlertRow,
    CoachingRevisionRow,
    CoachingRow,
    ForecastRow,
    MonthForecastRow,
    SliceRevisionRow,
    SliceRow,
    TaskRevisionRow,
    TaskRow,
)
from services.lab.backtest.alerts import in_local_time, outages
from services.lab.backtest.books import Ledgers
from services.lab.backtest.day import Day
from services.lab.backtest.read import Version
from services.lab.backtest.revisions import Revisions, opened
from services.lab.backtest.silent import Silent
from services.lab.backtest.sorting import known_by
from services.rules import hearing
from services.rules.baselines import Baselines, DaySummary, learn
from services.rules.closing import (
    Closing,
    Earlier,
    Evidence,
    Frozen,
    Opened,
    began,
    cases_asked,
    close,
    remembered,
    slices_asked,
)
from services.rules.day import CutOff, date_of, is_working, working_day
from services.rules.detectors.line_failure import base_rate
from services.rules.detectors.source_silence import Silence
from services.rules.memory import Past
from services.rules.path_rows import history_span
from services.rules.tasks import Case, Task, Verified
from services.rules.technical import HISTORY_DAYS
from services.rules.trust import TrustEvidence

REMEMBER = timedelta(days=30)
KEPT_BASELINES = 4
"""A Monday asks for the weekend's again; each holds 28 days."""


@dataclass
class Result:
    slices: list[SliceRow] = field(default_factory=list)
    tasks: list[TaskRow] = field(default_factory=list)
    coaching: list[CoachingRow] = field(default_factory=list)
    alerts: list[AlertRow] = field(default_factory=list)
    forecasts: list[ForecastRow] = field(default_factory=list)
    month_forecasts: list[MonthForecastRow] = field(default_factory=list)
    slice_revisions: list[SliceRevisionRow] = field(default_factory=list)
    task_revisions: list[TaskRevisionRow] = field(default_factory=list)
    coaching_revisions: list[CoachingRevisionRow] = field(default_factory=list)
    """What was frozen and would be judged differently with all technical minutes of its day."""
    evidence: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Task → why it was given and the calls to hear, as it was opened."""
    unattributed: int = 0
    outside: int = 0
    """Facts that fall into no slice: after the last cut-off, or on a day off."""


def run(floor: Floor, versions: Sequence[Version], on_progress: Callable[[Date], None] | None = None) -> Result:
    """Rows of every working day from the first to the last local date of *versions* (sorted, see ``read``)."""
    test = _Run(floor, versions)
    for date in test.dates():
        test.play(date)
        if on_progress:
            on_progress(date)
    return test.result()


class _Run:
    def __init__(self, floor: Floor, versions: Sequence[Version]) -> None:
        self.floor = floor
        self.by_day: dict[Date, list[Version]] = defaultdict(list)
        for version in versions:
            self.by_day[version.day].append(version)
        self.silent = Silent(floor, versions, self._usual)
        self._learned: dict[Date, Baselines] = {}
        self._quiet: dict[Date, list[Silence]] = {}
        self.days: dict[Date, Day] = {}
        self.history: dict[Date, dict[str, tuple[int, int]]] = {}
        self.traffic: dict[Date, DaySummary] = {}
        self.open: list[Task] = []
        self.closed: list[Verified] = []
        self.cases: list[Case] = []
        self.lifted: dict[str, datetime] = {}
        self.frozen: list[Earlier] = []
        self.slices: list[SliceRow] = []
        self.alerts: list[AlertRow] = []
        self.forecasts: list[ForecastRow] = []
        self.unattributed = self.outside = 0
        self.months: list[MonthForecastRow] = []
        self.ledgers = Ledgers(floor, versions)
        self.revisions = Revisions(floor)

    def dates(self) -> list[Date]:
        if not self.by_day:
            return []
        first, last = min(self.by_day), max(self.by_day)
        return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]

    def play(self, date: Date) -> None:
        """One local day: its slices when it is a working day, and its lines' history in any case."""
        day = self._day(date)
        firing: frozenset[str] = frozenset()
        issues: list[tuple[CutOff, Closing]] = []
        for position, cut in enumerate(day.day.cut_offs):
            closing = self._close(day, position, cut, firing)
            self.frozen.append(Earlier(self.floor, date, Frozen(cut, closing.rows)))
            firing = frozenset(issue.team for issue in closing.issues if issue.firing)
            issues.append((cut, closing))
            self._keep(day, position, cut, closing)
        if is_working(self.floor, date):
            self.alerts += outages(self.floor, day, self.silent, issues)
        self._revise(date, day, issues)
        self.unattributed += day.unusable(len(day.day.cut_offs))[0]
        self.outside += day.outside
        self.history[date] = day.history(day.day.ends)
        self.traffic[date] = day.traffic.summary(day.day.ends)
        self._forget(date)

    def _close(self, day: Day, position: int, cut: CutOff, firing: frozenset[str]) -> Closing:
        date, by = day.day.date, known_by(cut, self.floor)
        silent = self.silent.of(day.day, by)
        unusable, facts = day.unusable(position)
        past = [self._past(one) for one in self.closed if one.at > cut.at - REMEMBER]
        cases = [opened(case) for case in self.cases if case.case not in self.lifted]
        asked = cases_asked(self.floor, date, cases)
        reach = sorted({date_of(one, self.floor.zone) for one in began(date, past, self.open, asked)} | {date})
        back = [self._day(reach[0] + timedelta(days=n)) for n in range((date - reach[0]).days + 1)]
        found = Evidence(
            done=day.done(position),
            in_slice=day.in_slice(position),
            since_task={
                task.task: sum(one.count_of(task.agent, task.step, task.opened, cut.at, by) for one in back)
                for task in self.open
            },
            answers=day.answers(position),
            states={one.day.date: one.states(cut.at, by) for one in back},
            technical={
                one.day.date: one.lost(min(cut.at, one.day.ends), by, self._silent_of(one, by, silent, date)).spans
                for one in back
            },
            books=self.ledgers.books(date, cut.at, by) if cut == day.day.cut_offs[-1] else None,
            trust=TrustEvidence(
                silent=self.silent.open_at(day.day, by),
                silent_feeds=day.silent_feeds(min(cut.at, day.day.ends), by),
                unheard=self.silent.unheard(by),
                connected=self.silent.connected(day.day, by),
                delay_p95_s=day.delays_p95(position),
                unusable=unusable,
                facts=facts,
            ),
        )
        memory = remembered(self.floor, date, found, self._earlier(date, asked), self.open, past, cases, firing)
        closing = close(self.floor, date, cut, found, memory)
        deeds = day.deeds(hearing.listeners(closing), cut.at, by)
        return hearing.with_calls(closing, self.floor, day.day, cut, deeds)

    def _earlier(self, date: Date, cases: Sequence[Opened]) -> list[Earlier]:
        asked = slices_asked(date, self.open, cases)
        return [one for one in self.frozen if one.date == date or (one.date, one.frozen.cut.at) in asked]

    def _revise(self, date: Date, day: Day, closings: Sequence[tuple[CutOff, Closing]]) -> None:
        """What was frozen of the day, against the technical minutes that are known at last."""
        past = [one for closed in self.closed if (one := self._past(closed)).on == date]
        dates = {date, *(date_of(one.opened, self.floor.zone) for one in past if one.opened is not None)}
        first = min(dates)
        back = [self._day(first + timedelta(days=ahead)) for ahead in range((date - first).days + 1)]
        silent = [(one, self.silent.of(one.day, one.day.ends)) for one in back]
        cases = [opened(case, self.lifted.get(case.case)) for case in self.cases if case.date == date]
        self.revisions.add(day, closings, past, cases, silent)

    def _silent_of(self, one: Day, by: datetime, today: list[Silence], date: Date) -> list[Silence]:
        if one.day.date == date:
            return today
        if by < one.day.ends:
            return self.silent.of(one.day, by)
        if one.day.date not in self._quiet:
            self._quiet[one.day.date] = self.silent.of(one.day, one.day.ends)
        return self._quiet[one.day.date]

    def _past(self, one: Verified) -> Past:
        on = date_of(one.at, self.floor.zone)
        judged = (one.result, one.met, one.index)
        return Past(one.task.agent, one.task.step, on, one.at, *judged, one.task.opened, one.task.task)

    def _keep(self, day: Day, position: int, cut: CutOff, closing: Closing) -> None:
        closed = {one.task.task for one in closing.verified}
        self.open = [task for task in self.open if task.task not in closed] + closing.opened
        self.closed += closing.verified
        self.cases += closing.cases
        self.lifted.update(dict.fromkeys(closing.lifted, cut.at))
        late = day.late(position)
        for row in closing.rows:
            more = late.get(row.agent, {}).get(row.step, 0) if late else 0
            self.slices.append(msgspec.structs.replace(row, late=more) if more else row)
        self.forecasts += closing.forecasts
        self.months += closing.months

    def _day(self, date: Date) -> Day:
        if date not in self.days:
            past = [self.history.get(date - timedelta(days=ago), {}) for ago in range(1, HISTORY_DAYS + 1)]
            lines = {line for one in past for line in one}
            by = self.floor.outages.line_failure
            bases = {line: base_rate([one[line] for one in past if line in one], by) for line in lines}
            self.days[date] = Day(
                self.floor, working_day(self.floor, date), self.by_day.get(date, ()), bases, self._usual(date)
            )
        return self.days[date]

    def _usual(self, date: Date) -> Baselines:
        """What is usual on *date*, from the days before."""
        if date not in self._learned:
            first, _ = history_span(self.floor, date)
            days = {day: own for day, own in self.traffic.items() if first <= day < date}
            self._learned[date] = learn(self.floor, days)
            while len(self._learned) > KEPT_BASELINES:
                del self._learned[next(iter(self._learned))]
        return self._learned[date]

    def _forget(self, date: Date) -> None:
        """Drop days that no open task and no case reaches back to."""
        cases = cases_asked(self.floor, date, [opened(case) for case in self.cases if case.case not in self.lifted])
        past = [self._past(one) for one in self.closed if one.at > self._day(date).day.starts - REMEMBER]
        reach = began(date, past, self.open, cases)
        oldest = min((date_of(one, self.floor.zone) for one in reach), default=date)
        asked = slices_asked(date + timedelta(days=1), self.open, cases)
        self.frozen = [one for one in self.frozen if (one.date, one.frozen.cut.at) in asked]
        self.days = {kept: day for kept, day in self.days.items() if kept >= oldest}
        self._quiet = {kept: one for kept, one in self._quiet.items() if kept >= oldest}

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.floor.zone)

    def result(self) -> Result:
        return Result(
            slices=self.slices,
            tasks=self._task_rows(),
            coaching=[
                CoachingRow(
                    date=case.date,
                    agent=case.agent,
                    step=case.step,
                    opened=self._local(case.opened),
                    reason=case.reason,
                    lifted=self._local(self.lifted[case.case]) if case.case in self.lifted else None,
                )
                for case in sorted(self.cases, key=lambda case: (case.opened, case.agent, case.step))
            ],
            alerts=sorted(
                (in_local_time(row, self.floor) for row in self.alerts),
                key=lambda row: (row.fired_at, row.scope, row.alert),
            ),
            forecasts=self.forecasts,
            month_forecasts=self.months,
            slice_revisions=self.revisions.slices,
            task_revisions=self.revisions.tasks,
            coaching_revisions=self.revisions.cases,
            evidence={task.task: task.evidence for task in [*(one.task for one in self.closed), *self.open]},
            unattributed=self.unattributed,
            outside=self.outside,
        )

    def _task_rows(self) -> list[TaskRow]:
        rows = [self._task_row(one.task, one) for one in self.closed] + [self._task_row(task) for task in self.open]
        return sorted(rows, key=lambda row: (row.opened, row.team, row.agent, row.step))

    def _task_row(self, task: Task, closed: Verified | None = None) -> TaskRow:
        return TaskRow(
            task=task.task,
            date=task.date,
            agent=task.agent,
            team=task.team,
            step=task.step,
            opened=self._local(task.opened),
            target=task.target,
            verified=self._local(closed.at) if closed else None,
            result=closed.result if closed else None,
            invalid=closed.invalid if closed else None,
        )
