"""One look at everything: findings → alerts, closes → messages. Each decision is one transaction of its own.

It is right after any pause: it starts from PostgreSQL each time, and what it has said before it recognises by its key.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.floor import Floor
from services.alerts import announcing
from services.alerts.acting import Acting
from services.alerts.findings import acted, slices
from services.alerts.findings import day as days
from services.alerts.findings.episode import Episode
from services.alerts.findings.lines import Failing, line_failures
from services.alerts.findings.silences import Silences, carried
from services.alerts.findings.teams import team_issues_of
from services.alerts.findings.telling import one_told
from services.alerts.findings.windows import DETECTORS, Windows
from services.alerts.storage import alerts, arrivals, day_rows, line_days, outbox, slice_rows, standing
from services.alerts.storage.outbox import Outgoing
from services.alerts.telling import Telling
from services.kit.clock import Clock
from services.rules.day import WorkingDay, date_of, working_day
from services.rules.spans import Spans

THREADS: Final = 20
"""So many tasks of one slice get their details in the thread."""

ACTED_FOR: Final = timedelta(days=7)
"""Acts about tasks given so long ago are still shown on the messages that gave them."""

Versions = Callable[[], Sequence[tuple[int, datetime, Floor]]]


class Evaluation:
    """``suspects``: lines that news called failing, per date; the rest is found in PostgreSQL."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        versions: Versions,
        *,
        board_url: str | None,
        refresh_s: float,
        lines_s: float,
    ) -> None:
        self._engine, self._clock, self._versions = engine, clock, versions
        self._board_url, self._refresh_s, self._lines_s = board_url, refresh_s, lines_s
        self._silences = Silences()
        self._windows = Windows()
        self._failing: dict[Date, list[Failing]] = {}
        self._lost: dict[Date, Mapping[str, Spans]] = {}
        self._applied: dict[str, Episode] = {}
        self.telling = Telling(engine, clock, versions)
        self.acting = Acting(engine, clock, self.telling)
        self._asked: dict[Date, float] = {}
        self._told_acts: dict[Any, int] = {}
        self.suspects: dict[Date, set[str]] = {}

    @property
    def windows_s(self) -> float:
        """How long the detectors over windows took, the last time that they had to look."""
        return self._windows.took_s

    async def look(self) -> int:
        """Evaluate everything now; returns how many messages were written."""
        now = self._clock.now()
        latest = self._versions()[-1][2]
        today = date_of(now, latest.zone)
        oldest = today - timedelta(days=1)
        self._applied = {alert: one for alert, one in self._applied.items() if one.date >= oldest}
        written = await self.acting.work()
        written += await self._lines(today, now)
        written += await self._sources(today, now)
        written += await self._over_windows(today, now)
        written += await self._slices(today, now)
        written += await self._acted(today)
        written += await self.telling.look(now)
        return written + await self._report(now)

    def _floor(self, date: Date) -> Floor:
        return self.telling.floor(date)

    async def _lines(self, today: Date, now: datetime) -> int:
        async with self._engine.connect() as connection:
            open_ = await alerts.open_alerts(connection, "line_failure")
            await self._suspect(connection, today)
        self.suspects = {date: lines for date, lines in self.suspects.items() if date >= today}
        by_date: dict[Date, set[str]] = {date: set(lines) for date, lines in self.suspects.items()}
        for row in open_:
            by_date.setdefault(row.date, set()).add(row.evidence["line"])
        written = 0
        self._failing, self._lost = {}, {}
        for date, lines in sorted(by_date.items()):
            if not lines:
                continue
            floor = self._floor(date)
            async with self._engine.connect() as connection:
                episodes, self._failing[date], self._lost[date] = await line_failures(
                    connection, floor, date, lines, now
                )
            written += await self._apply_all(floor, episodes)
            known = {episode.fingerprint for episode in episodes}
            for row in open_:
                if row.date == date and row.fingerprint not in known:
                    written += await self._withdraw(floor, row.alert, now)
        return written

    async def _suspect(self, connection: AsyncConnection, today: Date) -> None:
        if today in self._asked and time.monotonic() - self._asked[today] < self._lines_s:
            return
        found = await line_days.suspicious(connection, self._floor(today), today)
        self.suspects.setdefault(today, set()).update(found)
        self._asked = {today: time.monotonic()}

    async def _sources(self, today: Date, now: datetime) -> int:
        floor = self._floor(today)
        async with self._engine.connect() as connection:
            open_ = await alerts.open_alerts(connection, "source_silence")
            episodes = await self._silences.look(
                connection,
                floor,
                now,
                lambda: self._windows.usual(connection, floor, today),
                self._lost.get(today, {}),
                self._windows.issues_of(today),
            )
            unparsed = await arrivals.unparsed_sources(connection)
        written = 0
        held = {row.fingerprint: row for row in open_ if row.date < today}
        written += await self._apply_all(floor, [one for one in episodes if one.fingerprint not in held])
        known = {episode.fingerprint for episode in episodes}
        for row in open_:
            source = row.evidence["source"]
            if row.date == today and row.fingerprint not in known and source not in unparsed:
                written += await self._withdraw(floor, row.alert, now)
            elif row.date < today:
                async with self._engine.connect() as connection:
                    ended = await arrivals.first_after(connection, source, row.fired_at)
                if ended is not None:
                    written += await self._apply_all(floor, [carried(row, ended)])
        return written

    async def _over_windows(self, today: Date, now: datetime) -> int:
        """Detectors over windows and teams: today's, and the days whose alerts are still open."""
        async with self._engine.connect() as connection:
            open_ = await alerts.open_alerts(connection, *DETECTORS, "team", "team_drop")
        written = 0
        for date in sorted({today} | {row.date for row in open_}):
            floor = self._floor(date)
            episodes = await self._episodes(floor, date, today, now)
            written += await self._apply_all(floor, episodes)
            known = {episode.fingerprint for episode in episodes}
            for row in open_:
                if row.date == date and row.fingerprint not in known:
                    written += await self._withdraw(floor, row.alert, now)
        return written

    async def _episodes(self, floor: Floor, date: Date, today: Date, now: datetime) -> list[Episode]:
        windows, silent = (self._windows, self._silences.found) if date == today else (Windows(), [])
        failing = self._failing.get(date, [])
        async with self._engine.connect() as connection:
            found = await windows.look(connection, floor, date, failing, silent, now)
            teams = await team_issues_of(connection, floor, date, now)
        return one_told(floor, working_day(floor, date), [*found, *teams], now)

    async def _apply_all(self, floor: Floor, episodes: Sequence[Episode]) -> int:
        """Oldest first. One that is what it was when it was last written is left alone: a day may have hundreds."""
        written, known = 0, {one.alert for one in episodes}
        for episode in sorted(episodes, key=lambda one: one.fired_at):
            if self._applied.get(episode.alert) != episode:
                written += await self._apply(floor, episode, known - {episode.alert})
        return written

    async def _apply(self, floor: Floor, episode: Episode, others: Collection[str]) -> int:
        async with self._engine.begin() as connection:
            await standing.alone(connection)
            change = await alerts.apply(connection, episode, self._clock.now(), others)
            written, stored = 0, change is not None or await alerts.known(connection, episode.alert)
            if change is not None:
                payload = announcing.payload_of(
                    floor, episode, change.alert, change.state, change.again, self._board_url
                )
                written = await self.telling.changed(connection, floor, change.alert, payload)
        if stored:
            self._applied[episode.alert] = episode
        return written

    async def _withdraw(self, floor: Floor, alert: str, now: datetime) -> int:
        async with self._engine.begin() as connection:
            await standing.alone(connection)
            change = await alerts.withdraw(connection, alert, now)
            return 0 if change is None else await self.telling.changed(connection, floor, alert)

    async def _write(self, connection: AsyncConnection, floor: Floor, messages: Sequence[Outgoing]) -> int:
        return await self.telling.write(connection, floor, messages)

    async def _slices(self, today: Date, now: datetime) -> int:
        """Messages of slices closed on time, until the next cut-off has passed; kept up to date for so long."""
        async with self._engine.connect() as connection:
            closed = await slice_rows.closed(connection, today - timedelta(days=1))
        written = 0
        for close in closed:
            floor = self._floor(close.date)
            day = working_day(floor, close.date)
            until = next((cut.at for cut in day.cut_offs if cut.at > close.cut_off), day.ends)
            if now >= until:
                continue
            async with self._engine.connect() as connection:
                teams = await slice_rows.teams_of(connection, close.date, close.slice)
            for team in teams:
                async with self._engine.begin() as connection:
                    written += await self._slice(connection, floor, day, close, team)
        return written

    async def _acted(self, today: Date) -> int:
        """What people did about tasks since their messages were written: shown there and in the threads, however old."""
        async with self._engine.connect() as connection:
            found = await slice_rows.acted_since(connection, today - ACTED_FOR)
        written = 0
        for one in found:
            if self._told_acts.get(one[:3]) == one.acts:
                continue
            async with self._engine.begin() as connection:
                for state in await acted.newer(connection, one):
                    floor = self._floor(one.date)
                    written += await self._write(connection, floor, acted.messages(floor, one.team, state))
            self._told_acts[one[:3]] = one.acts
        return written

    async def _report(self, now: datetime) -> int:
        """The day report, once: it is never changed and, once written, not even a new route writes it again."""
        async with self._engine.connect() as connection:
            close = await day_rows.newest_close(connection)
        if close is None:
            return 0
        floor = self._floor(close.date)
        day = working_day(floor, close.date)
        if not days.is_due(floor, day, close, now):
            return 0
        group = days.key(close.date.isoformat())
        async with self._engine.begin() as connection:
            await outbox.alone(connection, group)
            if await outbox.newest(connection, group) is not None:
                return 0
            payload = await days.payload(connection, floor, day, close, now, self._board_url)
            return await self._write(connection, floor, announcing.to_lanes(floor, "report", None, group, 0, payload))

    async def _slice(self, connection: AsyncConnection, floor: Floor, day: WorkingDay, close: Any, team: str) -> int:
        group = slices.key(close.date.isoformat(), close.slice, team)
        await outbox.alone(connection, group)
        last = await outbox.newest(connection, group)
        if last and (self._clock.real() - last.created_at).total_seconds() < self._refresh_s:
            return 0
        payload = await slices.slice_payload(connection, floor, day, close, team, self._board_url)
        if last and last.payload == payload:
            return 0
        transition = last.transition + 1 if last else 0
        messages = announcing.to_lanes(floor, "slice", team, group, transition, payload)
        if not last:
            for task in payload["tasks"][:THREADS]:
                details = slices.task_payload(payload, task, group)
                messages += announcing.in_threads(
                    messages_of(messages, group), f"{group}/{task['task']}", 0, "task", details, floor
                )
            for case in payload["coaching"]:
                told = slices.coaching_payload(payload, case, floor)
                messages += announcing.of_case(floor, messages_of(messages, group), case["case"], told)
            for case in payload.get("lifted", ()):
                messages += await acted.lifted(connection, case["case"], close.cut_off.isoformat())
        return await self._write(connection, floor, messages)


def messages_of(messages: Sequence[Outgoing], group_key: str) -> list[Outgoing]:
    return [one for one in messages if one.group_key == group_key]
