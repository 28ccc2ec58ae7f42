"""Facts: one row per event_id, the truth. What arrives is new, says the same again, or says something else (a revision).

Among different contents of one event the one received last wins, then the greater content hash, so that the order in
which rows are parsed does not matter. (Only the first arrival of a content is remembered: when a sender goes back to
an earlier content, A, B, A again, rows parsed in order of arrival end with A, as they should.) A replay of the very
journal row a fact came from always wins: its parser was mended. What happens once for ever keeps its first time and
its agent whoever tells it later, and whatever is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import msgspec

from schemas import facts, topics
from schemas.facts import CallEnded, Data, InvoiceIssued, Payment
from services.ingest.stamp import Stamped


class Raced(Exception):
    """Another worker stored one of these events at the same moment: do the transaction again."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fact on its way in. ``newest``: it is made of all that is known (joined legs) and replaces what is stored.
    ``once``: see providers.base.Draft."""

    stamped: Stamped
    journal_id: int
    newest: bool = False
    once: bool = False


@dataclass(slots=True)
class Stored:
    """What is (or will be) in the row of one event."""

    content_hash: bytes
    received_at: datetime
    revision: int
    journal_id: int | None
    agent: str | None
    key: str
    day: date
    data: str


@dataclass(slots=True)
class Told:
    """What became of the candidates."""

    new: list[Candidate] = field(default_factory=list)
    duplicates: list[Candidate] = field(default_factory=list)
    revised: list[Candidate] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """What to write: the last candidate per event, the contents it replaces, and agent-days to be looked at again."""

    inserts: dict[str, Candidate] = field(default_factory=dict)
    updates: dict[str, Candidate] = field(default_factory=dict)
    earlier: dict[str, datetime] = field(default_factory=dict)
    replaced: list[tuple[str, int, str]] = field(default_factory=list)
    dirty: set[tuple[str, date]] = field(default_factory=set)
    told: Told = field(default_factory=Told)


def plan(candidates: Sequence[Candidate], stored: dict[str, Stored]) -> Plan:
    """Pure: decides about *candidates*, in order, against what is *stored* (changed to what will be)."""
    out = Plan()
    for candidate in candidates:
        fact = candidate.stamped.fact
        found = stored.get(fact.id)
        if found is not None and candidate.once and not _told_alone(candidate, found):
            candidate = _as_first_told(candidate, found)
            fact = candidate.stamped.fact
        after = _stored(candidate, found.revision + 1 if found else 0)
        if found is None:
            out.inserts[fact.id] = candidate
            out.told.new.append(candidate)
        elif found.content_hash == after.content_hash:
            out.told.duplicates.append(candidate)
            if after.received_at < found.received_at:
                found.received_at = out.earlier[fact.id] = after.received_at
            continue
        elif not _wins(candidate, after, found):
            out.told.duplicates.append(candidate)
            continue
        else:
            out.told.revised.append(candidate)
            out.replaced.append((fact.id, found.revision, found.data))
            out.dirty |= {(found.key, found.day), (fact.key, candidate.stamped.day)}
            out.earlier.pop(fact.id, None)
            # A row that this very batch inserts is inserted as its first content: history stays complete.
            out.updates[fact.id] = candidate
        stored[fact.id] = after
    return out


def _as_first_told(candidate: Candidate, found: Stored) -> Candidate:
    """A deal was won when it first passed, by whoever won it then: not by who has it now (ADR 0009).

    Only whom nobody named yet is filled in by a later telling, and nobody's name is taken away by one that knows none.
    """
    fact = candidate.stamped.fact
    first, mine = facts.decode_data(fact.type, found.data.encode()), fact.data
    at = facts.moment(first)
    if at is None:
        return candidate
    known_first = at <= fact.time
    teller = first if first.identity is not None and (known_first or mine.identity is None) else mine
    agent = teller.agent
    if agent is None and first.identity == mine.identity:
        agent = mine.agent  # the roster may have learned who that is
    at, day = (at, found.day) if known_first else (fact.time, candidate.stamped.day)

    def told(data: Data, received_at: datetime, journal_id: int) -> Candidate:
        data = msgspec.structs.replace(data, at=at, identity=teller.identity, agent=agent)
        same = msgspec.structs.replace(fact, time=at, received_at=received_at, data=data)
        return replace(candidate, stamped=replace(candidate.stamped, fact=same, day=day), journal_id=journal_id)

    assert fact.received_at is not None  # stamp() always sets it
    now = told(mine, fact.received_at, candidate.journal_id)
    if _wins(now, _stored(now, 0), found):
        return now
    # Older than what is stored, and parsed after it: its amount is not news, its passage or its name may be.
    kept = told(first, found.received_at, found.journal_id or candidate.journal_id)
    return now if kept.stamped.fact.data == first else kept


def _told_alone(candidate: Candidate, found: Stored) -> bool:
    """Whether the row that is read again is the only one that told the fact: then it may correct all of it."""
    return candidate.journal_id == found.journal_id and not found.revision


def _wins(candidate: Candidate, after: Stored, found: Stored) -> bool:
    if candidate.newest or candidate.journal_id == found.journal_id:
        return True
    return (after.received_at, after.content_hash) > (found.received_at, found.content_hash)


def _stored(candidate: Candidate, revision: int) -> Stored:
    stamped = candidate.stamped
    fact = stamped.fact
    assert fact.received_at is not None  # stamp() always sets it
    return Stored(
        facts.content_hash(fact.data),
        fact.received_at,
        revision,
        candidate.journal_id,
        fact.agent,
        fact.key,
        stamped.day,
        facts.encode_data(fact.data).decode(),
    )


_READ = """
SELECT event_id, content_hash, received_at, revision, journal_id, agent, coalesce(agent, source || ':' ||
       coalesce(identity, '')), day, data::text
FROM facts WHERE event_id = ANY($1::uuid[]) ORDER BY event_id FOR UPDATE
"""
_TYPES = {
    "event_id": "uuid", "type": "text", "source": "text", "day": "date", "occurred_at": "timestamptz",
    "received_at": "timestamptz", "agent": "text", "identity": "text", "line": "text", "key_hash": "int",
    "direction": "text", "disposition": "text", "talk_s": "float8", "q850": "int", "sip_status": "int",
    "campaign": "text", "customer": "text", "amount_minor": "bigint", "currency": "text", "data": "text",
    "content_hash": "bytea", "clamped": "boolean", "journal_id": "bigint",
}  # fmt: skip
_ROWS = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(_TYPES.values(), 1))
_NAMES = ", ".join(_TYPES)
_VALUES = ", ".join("r.data::jsonb" if name == "data" else f"r.{name}" for name in _TYPES)
_INSERT = f"""
INSERT INTO facts ({_NAMES}) SELECT {_VALUES} FROM unnest({_ROWS}) AS r({_NAMES})
ORDER BY r.event_id ON CONFLICT (event_id) DO NOTHING
"""  # noqa: S608 - made of the column names above
_UPDATE = f"""
UPDATE facts AS f SET ({_NAMES}, revision, published_at) = ({_VALUES}, r.revision, NULL)
FROM unnest({_ROWS}, ${len(_TYPES) + 1}::int[]) AS r({_NAMES}, revision) WHERE f.event_id = r.event_id
"""  # noqa: S608


async def store(connection: Any, candidates: Sequence[Candidate], now: datetime) -> Told:
    """Inside a transaction. Raises: Raced."""
    if not candidates:
        return Told()
    ids = sorted({candidate.stamped.fact.id for candidate in candidates})
    stored = {
        str(row[0]): Stored(row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8])
        for row in await connection.fetch(_READ, ids)
    }
    made = plan(candidates, stored)
    if made.inserts:
        columns = _columns(list(made.inserts.values()))
        done = await connection.execute(_INSERT, *columns)
        if int(done.rsplit(" ", 1)[1]) != len(made.inserts):
            raise Raced
    if made.updates:
        revisions = [stored[id_].revision for id_ in made.updates]
        await connection.execute(_UPDATE, *_columns(list(made.updates.values())), revisions)
    await _write_rest(connection, made, now)
    return made.told


async def _write_rest(connection: Any, made: Plan, now: datetime) -> None:
    if made.replaced:
        await connection.executemany(
            "INSERT INTO fact_revisions (event_id, revision, replaced_at, data) VALUES ($1, $2, $3, $4::jsonb)",
            [(id_, revision, now, data) for id_, revision, data in made.replaced],
        )
    if made.dirty:
        await mark_dirty(connection, made.dirty)
    if made.earlier:
        await connection.executemany(
            "UPDATE facts SET received_at = $2 WHERE event_id = $1 AND received_at > $2", list(made.earlier.items())
        )


_RETRACT = """
WITH gone AS (DELETE FROM facts WHERE event_id = ANY($1::uuid[]) RETURNING *),
kept AS (INSERT INTO fact_revisions (event_id, revision, replaced_at, data)
         SELECT event_id, revision, $2, data FROM gone ON CONFLICT DO NOTHING)
SELECT coalesce(agent, source || ':' || coalesce(identity, '')), day FROM gone
"""


async def retract(connection: Any, events: Sequence[str], now: datetime) -> None:
    """Facts that turned out to be parts of another: their content stays among the revisions, their days are recounted."""
    gone = await connection.fetch(_RETRACT, sorted(set(events)), now)
    if gone:
        await mark_dirty(connection, {(row[0], row[1]) for row in gone})


async def mark_dirty(connection: Any, agent_days: set[tuple[str, date]]) -> None:
    rows = sorted(agent_days)
    await connection.execute(
        "INSERT INTO dirty (agent, day) SELECT * FROM unnest($1::text[], $2::date[])",
        [agent for agent, _ in rows],
        [day for _, day in rows],
    )


def _columns(candidates: Sequence[Candidate]) -> list[list[Any]]:
    rows = [_row(candidate) for candidate in candidates]
    return [list(column) for column in zip(*rows, strict=True)]


def _row(candidate: Candidate) -> tuple[Any, ...]:
    stamped = candidate.stamped
    fact = stamped.fact
    data = fact.data
    call = data if isinstance(data, CallEnded) else None
    money = data if isinstance(data, InvoiceIssued | Payment) else None
    return (
        fact.id, fact.type, fact.source, stamped.day, fact.time,
        fact.received_at, fact.agent, fact.identity, fact.line, topics.key_hash(fact.key),
        call and call.direction, call and call.disposition, call and float(call.talk_s), call and call.q850,
        call and call.sip_status, call and call.campaign, call and call.customer,
        money and money.amount_minor, money and money.currency,
        facts.encode_data(data).decode(), facts.content_hash(data), stamped.clamped, candidate.journal_id,
    )  # fmt: skip
