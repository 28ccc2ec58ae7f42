"""Revisions of a back-test: what was frozen of a day, judged again with all technical minutes that ever became known of it."""

from collections.abc import Sequence
from datetime import datetime

from schemas.floor import Floor
from schemas.rows import CoachingRevisionRow, SliceRevisionRow, TaskRevisionRow
from services.lab.backtest.day import FOREVER, Day
from services.rules.closing import Closing, Evidence, Frozen, Opened, revised
from services.rules.day import CutOff
from services.rules.detectors.source_silence import Silence
from services.rules.memory import Past
from services.rules.tasks import Case


class Revisions:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.slices: list[SliceRevisionRow] = []
        self.tasks: list[TaskRevisionRow] = []
        self.cases: list[CoachingRevisionRow] = []

    def add(
        self,
        day: Day,
        closings: Sequence[tuple[CutOff, Closing]],
        past: Sequence[Past],
        cases: Sequence[Opened],
        back: Sequence[tuple[Day, Sequence[Silence]]],
    ) -> None:
        """
        Args:
            past: tasks verified on the day. cases: opened on it.
            back: the day and those its tasks reach back to, with their silences.
        """
        date = day.day.date
        found = revised(
            self._floor,
            date,
            [Frozen(cut, closing.rows) for cut, closing in closings],
            Evidence(
                {},
                {},
                states={one.day.date: one.states(one.day.ends, FOREVER) for one, _ in back},
                technical={one.day.date: one.lost_at_last(silent).spans for one, silent in back},
            ),
            past,
            cases,
        )
        self.slices += found.rows
        self.tasks += [
            TaskRevisionRow(
                task=one.past.task,
                date=date,
                agent=one.past.agent,
                step=one.past.step,
                result=one.result,
                technical_min=round(one.technical_min, 1),
                reason="technical",
            )
            for one in found.tasks
        ]
        self.cases += [
            CoachingRevisionRow(
                date=date,
                agent=one.agent,
                step=one.step,
                opened=one.opened.astimezone(self._floor.zone),
                stands=False,
                reason="technical",
            )
            for one in found.fallen
        ]


def opened(case: Case, lifted: datetime | None = None) -> Opened:
    return Opened(case.case, case.date, case.agent, case.step, case.opened, case.reason, case.recheck_on, lifted)
