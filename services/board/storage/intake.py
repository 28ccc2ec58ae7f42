"""What came from each source and what became of it, as the journal and the facts tell.

``READBACK`` rows are answers we asked for, ``BOARD`` rows what people marked on the board: parsed like webhooks, but
nobody called us.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables

_facts, _journal, _refusals = tables.facts.c, tables.journal.c, tables.refusals.c
_problems: Final = tables.source_problems.c
POSTED: Final = _journal.method.not_in(("READBACK", "BOARD"))
_IN_PART: Final = sa.and_(_journal.state == "parsed", _journal.reason.is_not(None))
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Webhooks that were refused before the journal, for one cause. ``reason``: closed word, or ""; ``why``: for people."""

    outcome: str
    reason: str
    count: int
    last_at: datetime
    why: str


@dataclass(slots=True)
class Intake:
    """Webhooks of a span of time by what became of them; ``in_part``: parsed, and something in them was rejected.

    ``turned_away``: refused before the journal, the latest first; ``other_days``: facts they told of that happened
    outside of the span, the first and the last at ``other_span``.
    """

    source: str
    webhooks: int = 0
    waiting: int = 0
    parsed: int = 0
    in_part: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    turned_away: list[TurnedAway] = field(default_factory=list)
    other_days: int = 0
    other_span: tuple[datetime, datetime] | None = None

    @property
    def refused(self) -> int:
        return sum(self.rejected.values())

    @property
    def passed_over(self) -> int:
        return sum(self.ignored.values())


@dataclass(frozen=True, slots=True)
class Begun:
    """``heard_at``: the newest webhook ever; ``counted_at``: when the first fact came, ``owned_at``: the first of an agent."""

    heard_at: datetime | None = None
    counted_at: datetime | None = None
    owned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lacks:
    """Why a source accepts nothing, as ingest said. ``word``: closed; ``names``: of what is missing."""

    word: str
    names: tuple[str, ...]


async def lacks(connection: AsyncConnection) -> dict[str, Lacks]:
    """Source → what it lacks; sources that lack nothing are left out."""
    rows = await connection.execute(sa.select(_problems.source, _problems.word, _problems.names))
    return {row.source: Lacks(row.word, tuple(row.names)) for row in rows}


@dataclass(frozen=True, slots=True)
class Unowned:
    """An identity nobody on the roster has, with its facts of all days by type. None: the facts carry none at all."""

    source: str
    identity: str | None
    kinds: Mapping[str, int]
    last_at: datetime

    @property
    def facts(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One webhook that was rejected, whole or (``in_part``) in part; without its body."""

    id: int
    received_at: datetime
    reason: str
    detail: str
    size: int
    in_part: bool


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A rejected request as the journal has it: token fields are gone, phone numbers are not."""

    id: int
    method: str
    path: str
    query: str
    content_type: str
    body: bytes


async def of_day(
    connection: AsyncConnection, starts: datetime, ends: datetime, source: str | None = None
) -> dict[str, Intake]:
    """Source → webhooks received in (starts, ends]; of one *source* only, if given."""
    query = (
        sa.select(_journal.source, _journal.state, _journal.reason, sa.func.count().label("rows"))
        .where(_journal.received_at > starts, _journal.received_at <= ends, POSTED)
        .group_by(_journal.source, _journal.state, _journal.reason)
    )
    if source is not None:
        query = query.where(_journal.source == source)
    found: dict[str, Intake] = {}
    for name, state, reason, rows in await connection.execute(query):
        _count(found.setdefault(name, Intake(name)), state, reason or "", rows)
    await _other_days(connection, starts, ends, found)
    await _turned_away(connection, starts, ends, source, found)
    return found


async def _other_days(
    connection: AsyncConnection, starts: datetime, ends: datetime, found: Mapping[str, Intake]
) -> None:
    query = (
        sa.select(_facts.source, sa.func.count(), sa.func.min(_facts.occurred_at), sa.func.max(_facts.occurred_at))
        .where(_facts.source.in_(list(found)), _facts.received_at > starts, _facts.received_at <= ends)
        .where(sa.or_(_facts.occurred_at < starts, _facts.occurred_at >= ends))
        .group_by(_facts.source)
    )
    for name, count, first, last in await connection.execute(query):
        found[name].other_days, found[name].other_span = count, (first, last)


async def _turned_away(
    connection: AsyncConnection, starts: datetime, ends: datetime, source: str | None, found: dict[str, Intake]
) -> None:
    last_at = sa.func.max(_refusals.last_at)
    why = sa.func.array_agg(postgresql.aggregate_order_by(_refusals.why, _refusals.last_at.desc()))
    query = (
        sa.select(_refusals.source, _refusals.outcome, _refusals.reason, sa.func.sum(_refusals.count), last_at, why)
        .where(_refusals.span >= starts, _refusals.span < ends)
        .group_by(_refusals.source, _refusals.outcome, _refusals.reason)
        .order_by(last_at.desc())
    )
    if source is not None:
        query = query.where(_refusals.source == source)
    for name, outcome, reason, count, at, whys in await connection.execute(query):
        found.setdefault(name, Intake(name)).turned_away.append(TurnedAway(outcome, reason, count, at, whys[0]))


def _count(intake: Intake, state: str, reason: str, rows: int) -> None:
    intake.webhooks += rows
    if state == "new":
        intake.waiting += rows
    elif state == "parsed":
        intake.parsed += rows
        intake.in_part += rows if reason else 0
    else:
        by = intake.ignored if state == "ignored" else intake.rejected
        by[reason] = by.get(reason, 0) + rows


async def repeats(connection: AsyncConnection, source: str, starts: datetime, ends: datetime) -> int:
    """Webhooks whose very bytes had come before that day."""
    query = sa.select(sa.func.count() - sa.func.count(_journal.body_hash.distinct())).where(
        _journal.source == source, _journal.received_at > starts, _journal.received_at <= ends, POSTED
    )
    return int((await connection.execute(query)).scalar_one())


async def facts_of_day(connection: AsyncConnection, day: Date, source: str | None = None) -> dict[str, tuple[int, int]]:
    """Source → (facts of the day, those of them without an agent)."""
    query = (
        sa.select(_facts.source, sa.func.count(), sa.func.count().filter(_facts.agent.is_(None)))
        .where(_facts.day == day)
        .group_by(_facts.source)
    )
    if source is not None:
        query = query.where(_facts.source == source)
    return {name: (count, unattributed) for name, count, unattributed in await connection.execute(query)}


async def begun(connection: AsyncConnection, sources: Sequence[str]) -> dict[str, Begun]:
    """Source → whether it was ever heard and counted; each looked up by its index."""
    ids = sa.func.unnest(sa.cast(list(sources), sa.ARRAY(sa.Text))).table_valued("id").render_derived(name="ids")

    def first(column: Any, where: Any, order: Any) -> Any:
        return sa.select(column).where(*where).order_by(order).limit(1).correlate(ids).scalar_subquery()

    of_source = _facts.source == ids.c.id
    query = sa.select(
        ids.c.id,
        first(_journal.received_at, (_journal.source == ids.c.id, POSTED), _journal.received_at.desc()),
        first(_facts.received_at, (of_source,), _facts.received_at),
        first(_facts.received_at, (of_source, _facts.agent.is_not(None)), _facts.received_at),
    )
    return {row[0]: Begun(*row[1:]) for row in await connection.execute(query)}


async def unowned(connection: AsyncConnection, source: str | None = None) -> list[Unowned]:
    """Identities of facts without an agent, most facts first; of one *source* only, if given."""
    query = (
        sa.select(
            _facts.source, _facts.identity, _facts.type, sa.func.count(), sa.func.max(_facts.occurred_at).label("last")
        )
        .where(_facts.agent.is_(None))
        .group_by(_facts.source, _facts.identity, _facts.type)
    )
    if source is not None:
        query = query.where(_facts.source == source)
    found: dict[tuple[str, str | None], dict[str, tuple[int, datetime]]] = {}
    for name, identity, type_, count, last in await connection.execute(query):
        found.setdefault((name, identity), {})[type_] = (count, last)
    made = [
        Unowned(
            name,
            identity,
            {type_: count for type_, (count, _) in kinds.items()},
            max(last for _, last in kinds.values()),
        )
        for (name, identity), kinds in found.items()
    ]
    return sorted(made, key=lambda one: (-one.facts, one.source, one.identity or ""))[:_MOST]


async def is_unowned(connection: AsyncConnection, source: str, identity: str) -> bool:
    """Whether facts of *identity* wait for an agent."""
    query = sa.select(sa.exists().where(_facts.source == source, _facts.identity == identity, _facts.agent.is_(None)))
    return bool((await connection.execute(query)).scalar_one())


def _rejected(source: str, since: datetime, day_starts: datetime) -> Any:
    """Rows wholly rejected since *since*, or in part since *day_starts*: what has an index, and what of today has not."""
    whole = sa.and_(_journal.state == "rejected", _journal.received_at > since)
    in_part = sa.and_(_IN_PART, _journal.received_at > day_starts)
    columns = (_journal.id, _journal.received_at, _journal.state, _journal.reason, _journal.detail, _journal.body)
    return sa.union_all(
        *(sa.select(*columns).where(_journal.source == source, where) for where in (whole, in_part))
    ).subquery()


async def rejected(
    connection: AsyncConnection, source: str, since: datetime, day_starts: datetime, limit: int = 20
) -> tuple[int, list[RejectedRow]]:
    """(how many, the newest *limit*) of the rows that a replay of *source* since *since* would read again."""
    rows = _rejected(source, since, day_starts)
    count = int((await connection.execute(sa.select(sa.func.count()).select_from(rows))).scalar_one())
    query = (
        sa.select(
            rows.c.id, rows.c.received_at, rows.c.state, rows.c.reason, rows.c.detail, sa.func.length(rows.c.body)
        )
        .order_by(rows.c.received_at.desc(), rows.c.id.desc())
        .limit(limit)
    )
    return count, [
        RejectedRow(id_, at, reason or "", detail or "", size, state == "parsed")
        for id_, at, state, reason, detail, size in await connection.execute(query)
    ]


async def raw(connection: AsyncConnection, source: str, id_: int) -> RawRequest | None:
    """A rejected request of *source*; None for any other row."""
    query = sa.select(
        _journal.id,
        _journal.method,
        _journal.path,
        _journal.query,
        _journal.headers["content-type"].astext,
        _journal.body,
    ).where(_journal.id == id_, _journal.source == source, sa.or_(_journal.state == "rejected", _IN_PART))
    row = (await connection.execute(query)).first()
    return RawRequest(row[0], row[1], row[2], row[3], row[4] or "", row[5]) if row else None
