"""Journal → facts. Claims rows in order, reads them with their provider, stores what they say, all in one transaction.

A crash at any point leaves rows ``new``; parsing them again changes nothing, since ids are deterministic. Several
workers may run, in this process or in others.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from schemas.facts import CALL, TRANSCRIPT, event_id
from schemas.floor import Floor
from schemas.providers import guides
from schemas.sources import BOARD
from services.ingest import board_source
from services.ingest.metrics import REASONS, UNKNOWN, Metrics
from services.ingest.providers.base import Draft, Ignored, Leg, Parsed, ReadBack, Rejected
from services.ingest.reading import join, read
from services.ingest.source import Configured
from services.ingest.stamp import stamp
from services.ingest.storage import backlog, facts, legs, readbacks, readings, same_calls
from services.ingest.storage.backlog import Finished, Waiting
from services.ingest.storage.entry import request_of
from services.ingest.storage.facts import Candidate, Raced, Told
from services.ingest.stream.pace import Pace
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import BadInput

BATCH = 100
BREATH = 10
"""After so many bodies the event loop gets its turn: webhooks wait for nobody's parser."""
BACK_OFF_S = 1.0
POISON = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)
"""What only a row itself can cause; everything else is the database's trouble and is waited out."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A floor and its sources, as the parser needs them."""

    floor: Floor
    sources: Mapping[str, Configured]
    in_several: frozenset[str] = frozenset()
    """Agents whose calls may come from several sources."""

    @classmethod
    def of(cls, floor: Floor, sources: Mapping[str, Configured]) -> "Knowledge":
        telling = {source.id for source in floor.sources if _tells_calls(source.provider)}
        several = (agent.id for agent in floor.agents if len(telling & agent.identities.keys()) > 1)
        return cls(floor, {**sources, BOARD: board_source.configured()}, frozenset(several))


def _tells_calls(provider: str) -> bool:
    guide = guides().get(provider)
    return guide is not None and "calls" in guide.feeds


@dataclass(slots=True)
class Work:
    """One row on its way: what it said, and what could not be stored of it."""

    row: Waiting
    parsed: Parsed
    configured: Configured | None
    rejected: list[Rejected] = field(default_factory=list)
    elsewhere: list[Ignored] = field(default_factory=list)
    facts: int = 0

    def finished(self) -> Finished:
        reasons: list[Rejected | Ignored] = [*self.rejected, *self.elsewhere, *self.parsed.ignored]
        first = reasons[0] if reasons else None
        state = "parsed" if self.facts else "rejected" if self.rejected else "ignored"
        if first is None or (state == "parsed" and isinstance(first, Ignored)):
            return Finished(self.row.id, state, facts=self.facts)
        return Finished(self.row.id, state, first.reason, first.detail, self.facts)


class Parser:
    def __init__(
        self,
        pool: Any,
        knowledge: Callable[[], Knowledge | None],
        clock: Clock,
        metrics: Metrics,
        on_commit: Callable[[], None] = lambda: None,
        pace: Pace | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._pool, self._knowledge, self._clock, self._metrics = pool, knowledge, clock, metrics
        self._on_commit = on_commit
        self._something = asyncio.Event()
        self._careful = 0
        """Rows to be taken one by one, because a batch failed on one of them."""

    def wake(self) -> None:
        self._something.set()

    async def run(self, poll_s: float) -> None:
        while True:
            self._something.clear()
            began = time.monotonic()
            try:
                done = await self.batch()
            except Exception as error:  # a worker's outermost loop: rows stay new, and are tried again
                logs.get().warning("parsing waits", error=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(BACK_OFF_S)
                continue
            await self._pace.rest_after(began)
            if not done:
                try:
                    await asyncio.wait_for(self._something.wait(), poll_s)
                except TimeoutError:
                    continue

    async def batch(self) -> int:
        """Parse up to BATCH rows; returns how many. Raises what the database raises."""
        knowledge = self._knowledge()
        if knowledge is None:
            return 0
        limit = 1 if self._careful else BATCH
        claimed: list[Waiting] = []
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                claimed = await backlog.claim(connection, limit)
                if not claimed:
                    self._careful = 0
                    return 0
                works, told = await self._parse(connection, claimed, knowledge)
        except Raced:
            return len(claimed)
        except POISON as error:
            await self._poisoned(claimed, error)
            return len(claimed)
        self._careful = max(0, self._careful - 1)
        self._count(works, told)
        self._on_commit()
        return len(claimed)

    async def _poisoned(self, claimed: Sequence[Waiting], error: Exception) -> None:
        if len(claimed) > 1:
            self._careful = len(claimed)
            return
        row = claimed[0]
        logs.get().exception("row cannot be stored", journal=row.id, source=row.entry.source)
        rejected = Finished(row.id, "rejected", "internal", f"could not be stored: {type(error).__name__}")
        async with self._pool.acquire() as connection:
            await backlog.finish(connection, [rejected], self._clock.now())
        self._metrics.rejected.labels(self._label(row.entry.source), "internal").inc()

    async def _parse(
        self, connection: Any, claimed: Sequence[Waiting], knowledge: Knowledge
    ) -> tuple[list[Work], Told]:
        works = []
        for number, row in enumerate(claimed, 1):
            works.append(_read(row, knowledge))
            if number % BREATH == 0:
                await asyncio.sleep(0)
        candidates = [made for work in works for made in _of_drafts(work, knowledge)]
        candidates += await self._of_legs(connection, works, knowledge)
        now = self._clock.now()
        candidates, elsewhere = await same_calls.without_known(connection, candidates, knowledge.in_several, now)
        by_row = {work.row.id: work for work in works}
        for candidate, source in elsewhere:
            work = by_row[candidate.journal_id]
            work.facts -= 1
            work.elsewhere.append(Ignored("same_call", f"told by {source} already"))
        told = await facts.store(connection, candidates, now)
        changed = [candidate.stamped.fact for candidate in (*told.new, *told.revised)]
        await readings.ask(connection, [fact.id for fact in changed if fact.type == TRANSCRIPT])
        wanted = [one for work in works for one in _readable(work)]
        if wanted:
            await readbacks.ask(connection, wanted, self._clock.real())
        await backlog.finish(connection, [work.finished() for work in works], now)
        return works, told

    async def _of_legs(self, connection: Any, works: Sequence[Work], knowledge: Knowledge) -> list[Candidate]:
        arrived: list[tuple[str, Leg, datetime]] = []
        last: dict[legs.Call, Work] = {}
        for work in works:
            source = work.row.entry.source
            for leg in work.parsed.legs:
                arrived.append((source, leg, work.row.entry.received_at))
                last[source, leg.call] = work
        if not arrived:
            return []
        out: list[Candidate] = []
        joined_calls = await legs.keep(connection, arrived)
        absorbed = {part for known in joined_calls.values() for part in known.absorbed}
        if absorbed:
            events = [event_id(source, CALL, call) for source, call in absorbed]
            await facts.retract(connection, events, self._clock.now())
        for (_, call), known in joined_calls.items():
            work = last[known.arrived]
            if work.configured is None or work.configured.provider is None:
                continue
            joined = join(work.configured.provider, work.configured.source, call, known.legs)
            if joined.rejected is not None:
                work.rejected.append(joined.rejected)
            if joined.draft is not None:
                out += _candidate(work, joined.draft, known.received_at, knowledge, newest=True)
        for work in works:
            # A row that brought a leg said something, whoever completed the call; unless it says itself: nothing to count.
            told = bool(work.parsed.legs) and not work.rejected and not work.parsed.ignored
            work.facts = work.facts or int(told)
        return out

    def _label(self, source: str) -> str:
        knowledge = self._knowledge()
        return source if knowledge is not None and source in knowledge.sources else UNKNOWN

    def _count(self, works: Sequence[Work], told: Told) -> None:
        metrics = self._metrics
        for work in works:
            label = self._label(work.row.entry.source)
            metrics.rows.labels(label, work.finished().state).inc()
            for rejected in work.rejected:
                reason = rejected.reason if rejected.reason in REASONS else "bad_value"
                metrics.rejected.labels(label, reason).inc()
            if work.parsed.ignored:
                metrics.ignored.labels(label).inc(len(work.parsed.ignored))
            if work.elsewhere:
                metrics.duplicates.labels(label).inc(len(work.elsewhere))
        for candidate in told.new:
            fact = candidate.stamped.fact
            metrics.facts.labels(fact.type).inc()
            if fact.agent is None:
                metrics.unattributed.labels(self._label(fact.source)).inc()
            if candidate.stamped.clamped:
                metrics.clamped.labels(self._label(fact.source)).inc()
        for candidate in told.duplicates:
            metrics.duplicates.labels(self._label(candidate.stamped.fact.source)).inc()
        for candidate in told.revised:
            metrics.revisions.labels(self._label(candidate.stamped.fact.source)).inc()


def _read(row: Waiting, knowledge: Knowledge) -> Work:
    configured = knowledge.sources.get(row.entry.source)
    if configured is None or configured.provider is None:
        missing = Rejected("misconfigured", "the floor file has no such source, or its provider is not known")
        return Work(row, Parsed(), configured, [missing])
    parsed = read(configured.provider, request_of(row.entry), configured.source)
    return Work(row, parsed, configured, list(parsed.rejected))


def _readable(work: Work) -> Iterator[tuple[str, ReadBack]]:
    """What the row names and the source has credentials to ask for."""
    configured = work.configured
    if configured is None or configured.provider is None:
        return
    for wanted in work.parsed.readbacks:
        if configured.provider.fetch(wanted, configured.source, configured.secrets):
            yield configured.source.id, wanted


def _of_drafts(work: Work, knowledge: Knowledge) -> Iterator[Candidate]:
    for draft in work.parsed.drafts:
        yield from _candidate(work, draft, work.row.entry.received_at, knowledge, newest=False)


def _candidate(
    work: Work, draft: Draft, received_at: datetime, knowledge: Knowledge, *, newest: bool
) -> Iterator[Candidate]:
    try:
        stamped = stamp(draft, work.row.entry.source, received_at, knowledge.floor)
    except BadInput as error:
        work.rejected.append(Rejected(error.reason, str(error)))
        return
    work.facts += 1
    yield Candidate(stamped, work.row.id, newest, draft.once)
