"""Detectors over windows: today's traffic in bins, judged whenever a bin is over (DOMAIN §8).

Cost: once in five minutes the calls of the bins that changed since the last look are read (``OLDEST_CHANGED`` says from
where); the whole day once in half an hour, because a mended roster changes agents without a new arrival; the history of
28 days once a day, aggregated by PostgreSQL. Between bins nothing is read.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from services.alerts.findings.episode import Episode
from services.alerts.storage import path_days
from services.rules import paths
from services.rules.baselines import Baselines
from services.rules.day import WorkingDay, working_day
from services.rules.detectors.source_silence import Silence
from services.rules.outages import Issue, survey
from services.rules.paths import Cells, last_bin

WHOLE_EVERY: Final = timedelta(minutes=30)
SLACK: Final = timedelta(seconds=30)
"""Rows received at an instant may become visible a little later."""
DETECTORS: Final = (
    "no_progress",
    "bad_numbers",
    "answer_rate",
    "short_calls",
    "workplace_audio",
    "crm_silence",
    "efficiency_drop",
)

Failing = Sequence[tuple[str, datetime, datetime | None, str]]


class Windows:
    """Keeps today's cells and baselines; a restart reads them anew."""

    def __init__(self) -> None:
        self.took_s = 0.0
        """How long the last look that had something to do took."""
        self._begin(None, None)

    def _begin(self, date: Date | None, floor: Floor | None) -> None:
        self._date, self._floor = date, floor
        self._cells: Cells = {}
        self._baselines: Baselines | None = None
        self._read_at: datetime | None = None
        self._whole_at: datetime | None = None
        self._last: tuple[int, object] | None = None
        self._found: list[Episode] = []
        self._issues: list[Issue] = []

    def forget(self) -> None:
        self._begin(None, None)

    def issues_of(self, date: Date) -> list[Issue]:
        """What the last look found of *date*."""
        return self._issues if self._date == date else []

    async def usual(self, connection: AsyncConnection, floor: Floor, date: Date) -> Baselines:
        """What is usual on *date*; read once a day."""
        if self._date != date or self._floor is not floor:
            self._begin(date, floor)
        if self._baselines is None:
            self._baselines = await path_days.baselines(connection, floor, date)
        return self._baselines

    async def look(
        self,
        connection: AsyncConnection,
        floor: Floor,
        date: Date,
        failing: Failing,
        silent: Sequence[Silence],
        now: datetime,
    ) -> list[Episode]:
        """Episodes of *date*, open and closed."""
        day = working_day(floor, date)
        now = min(now, day.ends)
        if not day.working:
            return []
        if self._date != date or self._floor is not floor:
            self._begin(date, floor)
        last = last_bin(day, now)
        state = (last, (tuple(failing), tuple(silent), now >= day.over))
        if state == self._last:
            return self._found
        began = time.monotonic()
        await self._read(connection, floor, day, now)
        by = await self.usual(connection, floor, date)
        marks = await path_days.marks(connection, date)
        self._issues = await asyncio.to_thread(survey, floor, day, self._cells, marks, by, failing, silent, now)
        self._found = [of_issue(one, floor, day, now) for one in self._issues]
        self._last = state
        self.took_s = time.monotonic() - began
        return self._found

    async def _read(self, connection: AsyncConnection, floor: Floor, day: WorkingDay, now: datetime) -> None:
        after = day.starts
        if self._read_at is not None and self._whole_at is not None and now - self._whole_at < WHOLE_EVERY:
            sources = [source.id for source in floor.sources]
            oldest = await path_days.oldest_changed(connection, sources, self._read_at - SLACK, day.date)
            if oldest is None:
                return
            after = max(day.starts, paths.starts(paths.bin_of(oldest)))
        else:
            self._whole_at = now
        first = paths.bin_of(after) + 1
        for number in [number for number in self._cells if number >= first]:
            del self._cells[number]
        calls = await path_days.calls(connection, floor, day.date, after, day.ends)
        paths.put(self._cells, calls)
        self._read_at = now


def of_issue(one: Issue, floor: Floor, day: WorkingDay, now: datetime) -> Episode:
    found, attributed = one.finding, one.attributed
    until = found.until(now)
    lasts = found.resolved_at is None and until >= now
    team = found.path[1] if found.path[0] == "team" else None
    return Episode(
        detector=found.detector,
        subject=one.subject,
        kind=one.kind,
        verdict=attributed.verdict,
        scope=attributed.scope,
        date=day.date,
        fired_at=found.fired_at,
        resolved_at=found.resolved_at,
        evidence=found.evidence,
        form="window",
        ended_by="day" if found.by_day else None,
        team=team,
        technical=tuple((agent, found.since, None if lasts else until) for agent in sorted(one.agents)),
        shown={
            "detector": found.detector,
            "name": _name(one, floor),
            "names": {
                agent: floor.agent_by_id[agent].title
                for agent in found.evidence.get("by_agent", ())
                if agent in floor.agent_by_id
            },
            "last_bad": found.last_bad.isoformat(),
        },
    )


def _name(one: Issue, floor: Floor) -> str:
    kind, name = one.finding.path
    if kind == "agent" and name in floor.agent_by_id:
        return floor.agent_by_id[name].title
    if kind == "team" and name in floor.team_by_id:
        return floor.team_by_id[name].title
    return floor.title if kind == "floor" else name
