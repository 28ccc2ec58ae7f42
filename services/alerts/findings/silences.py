"""Silent sources, by the clock: gaps between arrivals against what norms × exposure expect."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date as Date
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from services.alerts.findings.episode import Episode, TechnicalSpan
from services.alerts.storage import arrivals, line_days
from services.rules.arrivals import usual_loads
from services.rules.attribution import kind_of, of_silence
from services.rules.baselines import Baselines
from services.rules.day import WorkingDay, date_of, working_day
from services.rules.detectors.source_silence import LAST, Silence, at_pace, evidence, gaps, silences, stories
from services.rules.outages import Issue, spans_of
from services.rules.sources import Feeders, Load
from services.rules.spans import Spans
from services.rules.technical import cut_off, technical, unexplained

WHOLE_EVERY_S: Final = 60.0
"""Arrivals may become visible late (a parse backlog): the whole day is read again so often."""


class Silences:
    """Keeps the ends of today's gaps per source, so that each look reads only what arrived since the last one."""

    def __init__(self) -> None:
        self._day: datetime | None = None
        self._kept: dict[str, list[datetime]] = {}
        self._read_at = 0.0
        self._loads: tuple[Date, Floor, dict[str, Load]] | None = None
        self._came: dict[tuple[str, datetime], int] = {}
        self.found: list[Silence] = []
        """Silences of today at the last look."""

    async def look(
        self,
        connection: AsyncConnection,
        floor: Floor,
        now: datetime,
        usual: Callable[[], Awaitable[Baselines]],
        lost: Mapping[str, Spans],
        issues: Sequence[Issue],
    ) -> list[Episode]:
        """Today's episodes, open and closed. A source that never sent anything, or whose webhooks are not all parsed
        yet, is not judged.

        Args:
            lost: agent → what failing lines took today. issues: what the detectors over windows last found today.
        """
        day = working_day(floor, date_of(now, floor.zone))
        if not day.working:
            self.found = []
            return []
        if self._day != day.starts or time.monotonic() - self._read_at > WHOLE_EVERY_S:
            self._day, self._kept, self._came, self._read_at = day.starts, {}, {}, time.monotonic()
        unparsed = await arrivals.unparsed_sources(connection)
        loaded: list[tuple[Silence, Load]] = []
        self.found = []
        for source, load in sorted((await self._expected(floor, day, usual)).items()):
            if source in unparsed or not await arrivals.known(connection, source):
                continue
            for one in await self._of(connection, floor, day, load, now):
                if one.since == day.starts and not await arrivals.known(connection, source, before=day.starts):
                    continue  # its very first day: connected late, not silent
                self.found.append(one)
                loaded.append((one, load))
        cut = await self._cut_off(connection, floor, day, now)
        episodes = []
        known = {load.source: load for _, load in loaded}
        calls = Feeders(floor).call_sources()
        for story in stories([one for one, _ in loaded], calls, now, floor.outages.source_silence):
            one, load = story.told, known[story.told.source]
            seen = spans_of([own for own in issues if own.finding.fired_at <= one.fired_at], min(now, day.ends))
            if (told := unexplained([lost, seen, cut], one, load, floor, min(now, day.ends))) is not None:
                episodes.append(await _episode(connection, told, story.parts, load, floor, day, now, self.found))
        return episodes

    async def _cut_off(
        self, connection: AsyncConnection, floor: Floor, day: WorkingDay, now: datetime
    ) -> Mapping[str, Spans]:
        """Agent → time of which a silent call source lets nothing be known; asked when something else is silent too."""
        sources = {one.source for one in self.found if "calls" in floor.source_by_id[one.source].feeds}
        if not sources or sources == {one.source for one in self.found}:
            return {}
        calls = await line_days.calls(connection, min(one.since for one in self.found), now)
        return cut_off(floor, day, [one for one in self.found if one.source in sources], calls, min(now, day.ends))

    async def _of(
        self, connection: AsyncConnection, floor: Floor, day: WorkingDay, load: Load, now: datetime
    ) -> list[Silence]:
        every_s = floor.source_by_id[load.source].expect_every_s
        kept = self._kept.get(load.source, [])
        fresh = await arrivals.since(connection, load.source, kept[-1] if kept else day.starts, now)
        kept = [*kept[:-1], *gaps([*kept[-1:], *fresh], every_s)]
        self._kept[load.source] = kept
        by = floor.outages.source_silence
        found = []
        for one in silences(load, kept, day.starts, now, expect_every_s=every_s, min_expected=by.min_expected):
            key = load.source, one.since
            if key not in self._came:
                self._came[key] = await arrivals.count(connection, load.source, day.starts, one.since)
            paced = at_pace(one, load, self._came[key], day.starts, now, expect_every_s=every_s, by=by)
            found += [paced] if paced else []
        return found

    async def _expected(
        self, floor: Floor, day: WorkingDay, usual: Callable[[], Awaitable[Baselines]]
    ) -> dict[str, Load]:
        """Fixed for a day and floor version."""
        if self._loads is None or self._loads[0] != day.date or self._loads[1] is not floor:
            self._loads = day.date, floor, await asyncio.to_thread(usual_loads, floor, day, await usual())
        return self._loads[2]


def carried(row: Any, resolved_at: datetime) -> Episode:
    """The end of a silence that began on an earlier day, from its alert's row."""
    return Episode(
        detector="source_silence",
        subject=row.fingerprint.partition("|")[2],
        kind=row.kind,
        verdict=row.verdict,
        scope=row.scope,
        date=row.date,
        fired_at=row.fired_at,
        resolved_at=resolved_at,
        evidence=row.evidence,
        form="silence",
        shown={
            "source": row.evidence["source"],
            "shown_since": row.evidence.get("began") or row.evidence["since"],
            "expected_until": row.evidence["expected"],
        },
    )


def _instant(second: float, one: Silence) -> datetime:
    return datetime.fromtimestamp(second, one.since.tzinfo)


async def _episode(
    connection: AsyncConnection,
    one: Silence,
    parts: Sequence[Silence],
    load: Load,
    floor: Floor,
    day: WorkingDay,
    now: datetime,
    others: Sequence[Silence],
) -> Episode:
    """*parts*: the silences that *one* tells (source_silence.stories)."""
    attributed = of_silence(floor, day, one, others)
    lost: list[TechnicalSpan] = []
    over = [part.resolved_at for part in parts if part.resolved_at is not None]
    if over and attributed.verdict == "floor":
        calls = await line_days.calls(connection, one.since, max(over))
        spans = technical(floor, {}, calls, parts, day, now).spans
        lost = [(agent, _instant(own[0][0], one), _instant(own[-1][1], one)) for agent, own in sorted(spans.items())]
    last = await arrivals.last_before(connection, one.source, one.since, LAST)
    seen = evidence(one, load, floor, attributed.rules_out, last)
    return Episode(
        detector="source_silence",
        subject=f"source:{one.source}",
        kind=kind_of(attributed.verdict),
        verdict=attributed.verdict,
        scope=attributed.scope,
        date=day.date,
        fired_at=one.fired_at,
        resolved_at=one.resolved_at,
        evidence=seen,
        form="silence",
        technical=tuple(lost),
        shown={
            "source": one.source,
            "shown_since": seen["began"],
            "expected_until": one.expected,
        },
    )
