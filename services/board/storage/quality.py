"""Transcripts with what the machine found in them, people's marks, disputes, and the calls that may be heard."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.facts import CALL, PRESENTATION, SCORE, TRANSCRIPT, CallScored, CallTranscribed
from schemas.steps import STEPS, Step
from services.board.storage.calls import CallRow, call_row
from services.rules.quality.reading import Evidence
from services.rules.quality.scoring import MARKS, Sheet

_facts, _readings, _disputes, _tasks = tables.facts.c, tables.readings.c, tables.disputes.c, tables.tasks.c
# As the index facts_call says it, literally: a bound type would not use it.
_OF_CALLS = sa.text("type IN ('srez.call.ended.v1', 'srez.call.transcribed.v1', 'srez.call.scored.v1')")
_call_id: sa.ColumnElement[str] = sa.literal_column("(data ->> 'call_id')")
LIVE_BEFORE = 500
"""Disputes that are listed at most."""


@dataclass(frozen=True, slots=True)
class Marked:
    """One person's marks of one call, as the fact says them."""

    call: str
    agent: str | None
    at: datetime
    sheet: Sheet
    comment: str


@dataclass(frozen=True, slots=True)
class Read:
    """A transcript that was read: what the machine found. ``form`` is None while it waits."""

    call: str
    agent: str | None
    day: Date
    form: tuple[str, int] | None
    marks: dict[str, float | None]
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dispute:
    """``settled_at`` None: open. ``outcome``: upheld or changed; then ``new_mark`` stands instead of ``mark``.

    ``alone``: answered by one of the two it is between, because there was nobody else.
    """

    id: int
    score: str
    call: str
    agent: str
    item: str
    mark: float | None
    raised_at: datetime
    raised_by: str
    text: str
    settled_at: datetime | None
    settled_by: str | None
    outcome: str | None
    new_mark: float | None
    answer: str | None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class WholeCall:
    """All that is known of one call; ``agent`` and ``at`` by whichever fact tells them."""

    call: CallRow | None
    agent: str | None
    at: datetime
    transcript: CallTranscribed | None
    read: Read | None
    evidence: dict[str, tuple[Evidence, ...]]
    bans: dict[str, tuple[Evidence, ...]]
    marked: list[Marked]
    disputes: list[Dispute]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answered call, for the queue. ``started``: as its fact tells it, if it does."""

    call: str
    agent: str
    started: str | None
    ended_at: datetime
    talk_s: float

    @property
    def started_at(self) -> datetime:
        return datetime.fromisoformat(self.started) if self.started else self.ended_at


async def marked(connection: AsyncConnection, first: Date, last: Date, agent: str | None = None) -> list[Marked]:
    """Marks given from *first* to *last*, oldest first; of one *agent* only, if given."""
    query = sa.select(tables.facts).where(_facts.type == SCORE, _facts.day >= first, _facts.day <= last)
    if agent is not None:
        query = query.where(_facts.agent == agent)
    rows = await connection.execute(query.order_by(_facts.occurred_at, _facts.event_id))
    return [_marked(row) for row in rows]


async def read(connection: AsyncConnection, first: Date, last: Date, agent: str | None = None) -> list[Read]:
    """Transcripts from *first* to *last* that were read; of a call with several, each; of one *agent* only, if given."""
    query = (
        sa.select(
            _facts.data["call_id"].astext.label("call"),
            _facts.agent, _facts.day, _readings.card, _readings.card_version, _readings.marks, _readings.stages,
        )
        .join(tables.readings, _readings.event_id == _facts.event_id)
        .where(_facts.type == TRANSCRIPT, _facts.day >= first, _facts.day <= last, _readings.made_at.is_not(None))
        .order_by(_facts.occurred_at, _facts.event_id)
    )  # fmt: skip
    if agent is not None:
        query = query.where(_facts.agent == agent)
    return [_read(row) for row in await connection.execute(query)]


async def disputes(connection: AsyncConnection, call: str | None = None) -> list[Dispute]:
    """Open ones first, then the newest."""
    query = sa.select(tables.disputes)
    if call is not None:
        query = query.where(_disputes.call == call)
    order = (_disputes.settled_at.is_not(None), _disputes.raised_at.desc(), _disputes.id.desc())
    rows = await connection.execute(query.order_by(*order).limit(LIVE_BEFORE))
    return [Dispute(**row._mapping) for row in rows]


async def dispute(connection: AsyncConnection, id_: int) -> Dispute | None:
    row = (await connection.execute(sa.select(tables.disputes).where(_disputes.id == id_))).first()
    return Dispute(**row._mapping) if row else None


async def whole(connection: AsyncConnection, call: str) -> WholeCall | None:
    """None when nothing is known of *call*."""
    query = sa.select(tables.facts).where(_OF_CALLS, _call_id == call)
    rows = (await connection.execute(query.order_by(_facts.occurred_at, _facts.event_id))).all()
    if not rows:
        return None
    ended = next((row for row in rows if row.type == CALL), None)
    written = next((row for row in reversed(rows) if row.type == TRANSCRIPT), None)
    agent = next((row.agent for row in rows if row.agent), None)
    transcript, found = None, None
    quotes: dict[str, tuple[Evidence, ...]] = {}
    banned: dict[str, tuple[Evidence, ...]] = {}
    if written is not None:
        transcript = msgspec.convert(written.data, CallTranscribed)
        reading = (
            await connection.execute(sa.select(tables.readings).where(_readings.event_id == written.event_id))
        ).first()
        if reading is not None and reading.made_at is not None:
            form = (reading.card, reading.card_version)
            found = Read(call, written.agent, written.day, form, reading.marks, tuple(reading.stages))
            quotes = msgspec.convert(reading.evidence, dict[str, tuple[Evidence, ...]])
            banned = msgspec.convert(reading.bans, dict[str, tuple[Evidence, ...]])
    return WholeCall(
        call=call_row(ended) if ended is not None else None,
        agent=agent,
        at=ended.occurred_at if ended is not None else rows[0].occurred_at,
        transcript=transcript,
        read=found,
        evidence=quotes,
        bans=banned,
        marked=[_marked(row) for row in rows if row.type == SCORE],
        disputes=await disputes(connection, call),
    )


async def candidates(connection: AsyncConnection, first: Date, last: Date, by: datetime) -> list[Candidate]:
    """Answered calls of agents from *first* to *last* that ended by *by*."""
    query = sa.select(
        _facts.data["call_id"].astext, _facts.agent, _facts.data["started_at"].astext, _facts.occurred_at, _facts.talk_s
    ).where(
        _facts.day >= first, _facts.day <= last, _facts.type == CALL, _facts.disposition == "answered",
        _facts.direction != "internal", _facts.agent.is_not(None), _facts.occurred_at <= by,
    )  # fmt: skip
    rows = await connection.execute(query.order_by(_facts.occurred_at, _facts.event_id))
    return [Candidate(call, agent, started, ended, talk or 0.0) for call, agent, started, ended, talk in rows if call]


async def presentations(connection: AsyncConnection, first: Date, last: Date) -> list[tuple[str, datetime, str | None]]:
    """(agent, when, call if it is told) of presentations."""
    query = sa.select(_facts.agent, _facts.occurred_at, _facts.data["call_id"].astext).where(
        _facts.day >= first, _facts.day <= last, _facts.type == PRESENTATION, _facts.agent.is_not(None)
    )
    return [(row[0], row[1], row[2]) for row in await connection.execute(query)]


async def rungs(connection: AsyncConnection, first: Date, before: Date) -> dict[str, Step]:
    """Agent → step of the newest task given from *first* until the day *before*: the first broken rung by then."""
    query = sa.select(_tasks.agent, _tasks.step).where(_tasks.date >= first, _tasks.date < before)
    rows = await connection.execute(query.order_by(_tasks.opened))
    return {row.agent: step for row in rows if (step := _step(row.step)) is not None}


# Types and dispositions as the index facts_talks says them.
_TALKS: Final = f"""
SELECT agent, count(*) FROM facts
WHERE type = '{CALL}' AND disposition = 'answered' AND direction <> 'internal' AND talk_s >= :min_talk_s
"""  # noqa: S608 - constants of ours
_TALKS_OF_ALL: Final = sa.text(_TALKS + "AND day BETWEEN :first AND :last AND agent IS NOT NULL GROUP BY agent")
_TALKS_OF_ONE: Final = sa.text(_TALKS + "AND day = ANY(CAST(:days AS date[])) AND agent = :agent GROUP BY agent")


async def talks(
    connection: AsyncConnection, first: Date, last: Date, min_talk_s: float, agent: str | None = None
) -> dict[str, int]:
    """Agent → answered calls at least so long: what the random calls are drawn from; of one *agent* only, if given."""
    if agent is None:
        rows = await connection.execute(_TALKS_OF_ALL, {"first": first, "last": last, "min_talk_s": min_talk_s})
    else:
        days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
        rows = await connection.execute(_TALKS_OF_ONE, {"days": days, "agent": agent, "min_talk_s": min_talk_s})
    return {row[0]: int(row[1]) for row in rows}


def _step(word: str) -> Step | None:
    return next((step for step in STEPS if step == word), None)


def _read(row: Any) -> Read:
    return Read(row.call, row.agent, row.day, (row.card, row.card_version), row.marks, tuple(row.stages))


def _marked(row: Any) -> Marked:
    data = msgspec.convert(row.data, CallScored)
    sheet = Sheet(
        event=row.event_id,
        by=data.by,
        form=(data.card, data.card_version),
        # What is none of the four marks is left out: a foreign system may know finer ones.
        marks={item: mark for item, mark in data.marks.items() if mark is None or mark in MARKS},
        bans=data.bans if data.bans is not msgspec.UNSET else (),
        sample=data.sample if data.sample is not msgspec.UNSET else None,
    )
    comment = data.comment if data.comment is not msgspec.UNSET else ""
    return Marked(data.call_id, row.agent, row.occurred_at, sheet, comment)


def with_changes(sheets: Sequence[Sheet], found: Sequence[Dispute]) -> list[Sheet]:
    """The sheets as disputes left them: a changed mark stands instead of the disputed one, also when it is saved again."""
    changed = {one.score: (one.item, one.new_mark) for one in found if one.outcome == "changed"}
    return [
        Sheet(
            sheet.event,
            sheet.by,
            sheet.form,
            {**sheet.marks, changed[sheet.event][0]: changed[sheet.event][1]},
            sheet.bans,
            sheet.sample,
        )
        if sheet.event in changed
        else sheet
        for sheet in sheets
    ]


def independent(sheets: Sequence[Sheet], found: Sequence[Dispute]) -> list[Sheet]:
    """The sheets as people gave them; without the mark of whoever answered a dispute about the same question, who has seen
    the other's."""
    by = {sheet.event: sheet.by for sheet in sheets}
    seen = {(one.settled_by, one.item) for one in found if by.get(one.score) not in (None, one.settled_by)}
    return [
        replace(sheet, marks={item: mark for item, mark in sheet.marks.items() if (sheet.by, item) not in seen})
        for sheet in sheets
    ]
