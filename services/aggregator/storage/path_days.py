"""Traffic by path at the close of a slice, and the baselines of the day: the same queries as the alerts service asks."""

import asyncio
from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime
from typing import Any

from schemas import queries
from schemas.floor import Floor
from services.aggregator.live.floors import FloorDay
from services.aggregator.storage.named import Named
from services.rules import path_rows, paths
from services.rules.arrivals import usual_loads
from services.rules.baselines import Baselines, Feed, learn
from services.rules.detectors.source_silence import Silence
from services.rules.feeds import silent_feeds
from services.rules.outages import spans_of, survey
from services.rules.sources import Load
from services.rules.spans import Spans
from services.rules.technical import LineFinding

DAYS_KEPT = 3
"""Today, and the days that tasks reach back to."""


class PathDays:
    """Raises asyncpg's errors. Baselines are fixed for a day and floor version, and kept."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._kept: dict[Date, tuple[Floor, Baselines]] = {}
        self._loads: dict[Date, tuple[Floor, dict[str, Load]]] = {}

    async def baselines(self, floor: Floor, date: Date) -> Baselines:
        kept = self._kept.get(date)
        if kept is None or kept[0] is not floor:
            by_hour = await self._all(queries.CALLS_BY_HOUR, path_rows.by_hour_arguments(floor, date))
            by_agent = await self._all(queries.CALLS_BY_AGENT, path_rows.by_agent_arguments(floor, date))
            by_lag = await self._all(queries.MARKS_BY_LAG, path_rows.by_lag_arguments(floor, date))
            by_bin = await self._all(queries.ARRIVALS_BY_BIN, path_rows.by_arrival_arguments(floor, date))
            learned = await asyncio.to_thread(
                lambda: learn(floor, path_rows.summaries(by_hour, by_agent, by_lag, by_bin, floor))
            )
            kept = self._kept[date] = floor, learned
            _forget(self._kept)
        return kept[1]

    async def loads(self, on: FloorDay) -> dict[str, Load]:
        """What each source is expected to bring on a day."""
        kept = self._loads.get(on.day.date)
        if kept is None or kept[0] is not on.floor:
            by = await self.baselines(on.floor, on.day.date)
            found = await asyncio.to_thread(usual_loads, on.floor, on.day, by)
            kept = self._loads[on.day.date] = on.floor, found
            _forget(self._loads)
        return kept[1]

    async def spans(
        self,
        connection: Any,
        on: FloorDay,
        lines: Sequence[LineFinding],
        silent: Sequence[Silence],
        until: datetime,
        known_by: datetime,
    ) -> tuple[dict[str, Spans], frozenset[Feed]]:
        """Agent → technical spans of what the detectors over windows find up to *until*; and feeds that are silent then."""
        by = await self.baselines(on.floor, on.day.date)
        arguments = (on.day.date, on.day.starts, until, known_by)
        rows = await connection.fetch(queries.CALLS_OF_DAY, *arguments, record_class=Named)
        told = await connection.fetch(queries.MARKS_OF_DAY, on.day.date, known_by, record_class=Named)
        failing = [
            (one.state.line, one.finding.since, one.finding.resolved_at, one.attributed.verdict) for one in lines
        ]

        def find() -> tuple[dict[str, Spans], frozenset[Feed]]:
            cells: paths.Cells = {}
            limits = path_rows.limits_of(on.floor)
            paths.put(cells, (path_rows.call_of_row(row, on.floor, limits) for row in rows))
            marks = path_rows.marks_of(told)
            issues = survey(on.floor, on.day, cells, marks, by, failing, silent, until)
            return spans_of(issues, until), silent_feeds(on.floor, on.day, cells, marks, by, until)

        return await asyncio.to_thread(find)

    async def _all(self, query: str, arguments: tuple[Any, ...]) -> list[Named]:
        return list(await self._pool.fetch(query, *arguments, record_class=Named))


def _forget(kept: dict[Date, Any]) -> None:
    for date in sorted(kept)[:-DAYS_KEPT]:
        del kept[date]
