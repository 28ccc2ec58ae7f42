"""The live state of the floor and the streams of those who watch it.

Loads everything from PostgreSQL at start, at every gap and every few seconds (a message is only news about rows that
exist); between readings srez.funnel.v1 replaces single agents. What changed goes to every stream at once, the same row
at most once a second.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from uuid import uuid4
from zlib import crc32

import msgspec

from schemas.floor import Floor
from schemas.messages import AlertChanged, FunnelChanged, LineHealth, SliceClosed
from services.board import today as floor_today
from services.board.cells import Shown
from services.board.sight import Sight
from services.board.storage.reader import DATABASE_ERRORS, NoFloor, Reader
from services.board.today import Today
from services.kit import logs
from services.kit.clock import Clock
from services.kit.followed import Followed

GATHER_S: Final = 0.03
"""Changes within this time share an event."""
SWEEP_S: Final = 1.0
"""How often all rows are looked at: targets move by themselves, and readings bring more than news did."""
BEAT_S: Final = 5.0
QUEUE: Final = 256
"""Events one stream may lag behind; then it is told to start anew."""


@dataclass(frozen=True)
class Event:
    """One server-sent event; ``data`` is JSON, encoded once for all streams."""

    name: str
    data: Any

    @cached_property
    def encoded(self) -> bytes:
        return _encoded(self.name, self.data)

    def seen_by(self, seen: Sight) -> bytes | None:
        """Its bytes for somebody who sees only *seen*; None: nothing of it. What is not known here is not told."""
        if seen is None or self.name in ("hello", "beat", "slice", "bye"):
            return self.encoded
        if self.name != "cells":
            return None
        rows = [row for row in self.data["rows"] if row["agent"] in seen]
        if not rows and not self.data["teams"]:
            return None
        return _encoded(self.name, {**self.data, "rows": rows})


def _encoded(name: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))


BYE: Final = Event("bye", {})
"""The session behind the stream has ended: the page loads anew, and is asked to sign in."""


@dataclass(eq=False, slots=True)
class Stream:
    session: bytes | None = None
    """Key of the session it belongs to; None where the board has no accounts."""
    queue: "asyncio.Queue[Event | None]" = field(default_factory=lambda: asyncio.Queue(QUEUE))
    lost: bool = False

    def put(self, event: Event | None) -> None:
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.lost = True


class Live:
    """Owns the one Today that pages and streams show."""

    def __init__(
        self, reader: Reader, followed: Followed[Floor], clock: Clock, *, reload_s: float, poll_s: float
    ) -> None:
        self._reader, self._followed, self.clock = reader, followed, clock
        self._reload_s, self._poll_s = reload_s, poll_s
        self._today: Today | None = None
        self._read_at = 0.0
        self._wanted = asyncio.Event()
        self._streams: set[Stream] = set()
        self._shown = Shown()
        self._hearing: list[list[FunnelChanged]] = []
        """News since the begin of each reading under way."""
        self._news = asyncio.Event()
        self._dirty = False
        self.kafka_error: str | None = "not connected yet"
        self.database_error: str | None = "not read yet"
        self.boot = uuid4().hex[:12]
        self.renewed: Callable[[Today], None] = lambda _: None

    # -- state ------------------------------------------------------------------------------------------------

    @property
    def today(self) -> Today | None:
        return self._today

    @property
    def age_s(self) -> float | None:
        """Real seconds since the data shown were last known to be current; None before the first reading."""
        return time.monotonic() - self._read_at if self._today else None

    @property
    def clients(self) -> int:
        return len(self._streams)

    async def reload(self) -> Today:
        """Read everything again, now. Raises what the database raises; NoFloor before the first is applied."""
        if not self._followed.versions:
            await self._followed.refresh()
        if not self._followed.versions:
            raise NoFloor
        heard: list[FunnelChanged] = []
        self._hearing.append(heard)
        try:
            async with self._reader.connect() as connection:
                found = await floor_today.read(
                    connection, self._followed.versions, self.clock.now(), self.clock.allow(1)
                )
        finally:
            self._hearing.remove(heard)
        for news in heard:  # what came meanwhile may be newer than the snapshot
            found.take(news)
        self._today, self._read_at, self.database_error = found, time.monotonic(), None
        self._dirty = True
        self.renewed(found)
        return found

    async def current(self) -> Today:
        """Today as shown; read first when there is none yet, or when it is of another day or older than a reading."""
        found = self._today
        if found is None or (self.age_s or 0) > 3 * self._reload_s:
            return await self.reload()
        return found

    def ask_reload(self) -> None:
        self._wanted.set()

    # -- news -------------------------------------------------------------------------------------------------

    def hear(self, news: FunnelChanged | LineHealth | SliceClosed | AlertChanged) -> None:
        """One message from Kafka."""
        if isinstance(news, FunnelChanged):
            for heard in self._hearing:
                heard.append(news)
            if self._today is not None and self._today.take(news):
                self._dirty = True
                self._today.as_of = max(self._today.as_of, news.at)
                self._shown.touch(news.agent, self._today.floor.agent_by_id[news.agent].team)
                self._news.set()
            return
        self.ask_reload()
        if isinstance(news, SliceClosed):
            self.tell(Event("slice", news))
        elif isinstance(news, AlertChanged):
            self.tell(Event("alert", news))
        else:
            self.tell(Event("line", {"line": news.line, "state": news.state, "at": news.at}))

    def kafka(self, error: str | None) -> None:
        """Kafka came (None) or went. After a gap everything is read again."""
        came = error is None and self.kafka_error is not None
        self.kafka_error = error
        if came:
            self.ask_reload()

    # -- running ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Read for ever; a database that is away is waited out."""
        while True:
            started = time.monotonic()
            self._wanted.clear()
            try:
                await self.reload()
            except NoFloor as error:
                self.database_error = str(error)
            except DATABASE_ERRORS as error:
                self.database_error = f"PostgreSQL does not answer: {type(error).__name__}"
                logs.get().warning("cannot read the floor", error=type(error).__name__)
            took = time.monotonic() - started
            pause = self._poll_s if self.kafka_error or self.database_error else self._reload_s
            await self._wait(max(pause, 10 * took), at_least=max(0.5, 2 * took))

    async def _wait(self, pause_s: float, at_least: float) -> None:
        await asyncio.sleep(at_least)
        try:
            await asyncio.wait_for(self._wanted.wait(), max(0.0, pause_s - at_least))
        except TimeoutError:
            return

    async def tick(self) -> None:
        """What changed, to every stream, leaving the loop to others for three times as long as that took; heartbeats."""
        beat = sweep = 0.0
        while True:
            await self._news_by(min(sweep, self._shown.next_at()) if self._streams else sweep)
            began, used = time.monotonic(), time.thread_time()
            if sweeping := began >= sweep:
                sweep = began + SWEEP_S
            if self._today is not None and self._streams:
                self._send_changes(self._today, sweeping)
            if time.monotonic() - beat >= BEAT_S:
                beat = time.monotonic()
                self.tell(Event("beat", self.beat()))
            took = time.thread_time() - used
            if sweeping:
                sweep = began + max(SWEEP_S, 6 * took)
            await asyncio.sleep(max(GATHER_S, 3 * took))

    async def _news_by(self, deadline: float) -> None:
        """Wait for news, at most until *deadline* (monotonic)."""
        self._news.clear()
        wait_s = deadline - time.monotonic()
        if wait_s > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), wait_s)

    def _send_changes(self, today: Today, sweeping: bool) -> None:
        """Changed rows: of all there are when *sweeping*, else of those that news touched."""
        now, at_s = self.clock.now(), time.monotonic()
        rows = self._shown.everything(today, now, at_s) if sweeping else self._shown.fresh(today, now, at_s)
        if rows.rows or rows.teams:
            self.tell(Event("cells", {"as_of": today.as_of, "rows": rows.rows, "teams": rows.teams}))
        if self._dirty and sweeping:
            self._dirty = False
            self.tell(Event("beat", self.beat()))

    def beat(self) -> dict[str, Any]:
        """The clock, how old the data are, and the day's lateness."""
        today = self._today
        return {
            "boot": self.boot,
            "now": self.clock.now(),
            "haste_ends": self.clock.haste_ends,
            "rate": self.clock.pace,
            "as_of": today.as_of if today else None,
            "age_s": round(self.age_s, 1) if self.age_s is not None else None,
            "late": today.freshness.late if today else 0,
            "version": self._version(today),
        }

    @staticmethod
    def _version(today: Today | None) -> str:
        """Changes when anything but a count changed: pages then ask for themselves again."""
        if today is None:
            return ""
        parts = (
            today.version,
            today.date,
            len(today.closes),
            [(alert.row.alert, alert.state) for alert in today.alerts],
            [(task.row.task, task.state, task.row.result, task.row.target) for task in today.tasks],
            sorted(today.technical_now),
            len(today.cases),
            sorted(today.money.items()),
            len(today.long_calls) and today.long_calls[0].call_id,
        )
        return f"{crc32(repr(parts).encode()):08x}"

    # -- streams ----------------------------------------------------------------------------------------------

    def tell(self, event: Event) -> None:
        for stream in self._streams:
            stream.put(event)

    def sessions(self) -> frozenset[bytes | None]:
        """Of the open streams."""
        return frozenset(stream.session for stream in self._streams)

    def end(self, sessions: Collection[bytes | None]) -> None:
        """Close the streams of these sessions."""
        for stream in tuple(self._streams):
            if stream.session in sessions:
                stream.put(BYE)
                stream.put(None)

    async def listen(
        self, session: bytes | None = None, sees: Callable[[], Sight] = lambda: None
    ) -> AsyncIterator[bytes]:
        """Bytes of one stream: hello, then changes, until the client or the session goes or the server stops.

        Args:
            sees: whom the listener may see, asked at each event.
        """
        stream = Stream(session)
        self._streams.add(stream)
        try:
            yield b"retry: 2000\n\n" + Event("hello", self.beat()).encoded
            while True:
                event = await stream.queue.get()
                if event is None or stream.lost:
                    return
                if (told := event.seen_by(sees())) is not None:
                    yield told
        finally:
            self._streams.discard(stream)

    def stop(self) -> None:
        """Close every stream, so that the server can stop without waiting for its watchers."""
        for stream in tuple(self._streams):
            stream.lost = True
            stream.put(None)
