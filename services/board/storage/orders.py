"""What people ask of ingest through the board: rows of ``commands``, the one table the board writes."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.commands import Assign, Dispute, Outcome, Replay, Score, Settle

_commands = tables.commands.c
Asked = Assign | Replay | Score | Dispute | Settle
OF_CALLS: dict[str, type[Score] | type[Dispute] | type[Settle]] = {"score": Score, "dispute": Dispute, "settle": Settle}


@dataclass(frozen=True, slots=True)
class Order:
    """One thing asked for. ``outcome`` and ``problem`` are told once ``done_at`` is set."""

    id: int
    asked: Asked
    requested_at: datetime
    requested_by: str
    done_at: datetime | None
    outcome: Outcome
    problem: str | None


class Orders:
    """Puts orders in; what does not answer within *deadline_s* raises TimeoutError, as a reading does."""

    def __init__(self, engine: AsyncEngine, deadline_s: float) -> None:
        self._engine, self._deadline_s = engine, deadline_s

    async def ask(self, asked: Asked, at: datetime, by: str) -> int:
        """The order's id. One that is asked for already and still open is not asked for twice."""
        kind, arguments = _kind(asked), msgspec.to_builtins(asked)
        same = sa.select(_commands.id).where(
            _commands.done_at.is_(None), _commands.kind == kind, _commands.arguments == sa.cast(arguments, JSONB)
        )
        row = {"kind": kind, "arguments": arguments, "requested_at": at, "requested_by": by}
        async with asyncio.timeout(self._deadline_s), self._engine.begin() as connection:
            known = (await connection.execute(same.limit(1))).scalar()
            if known is not None:
                return int(known)
            made = await connection.execute(sa.insert(tables.commands).values(row).returning(_commands.id))
            return int(made.scalar_one())


def _kind(asked: Asked) -> str:
    return type(asked).__name__.lower()


async def newest(connection: AsyncConnection, source: str, limit: int = 5) -> list[Order]:
    """Orders about *source*, newest first."""
    query = (
        sa.select(tables.commands)
        .where(_commands.arguments["source"].astext == source, _commands.kind.in_(("assign", "replay")))
        .order_by(_commands.id.desc())
        .limit(limit)
    )
    return [_order(row) for row in await connection.execute(query)]


async def about_call(connection: AsyncConnection, call: str, limit: int = 5) -> list[Order]:
    """Marks, disputes and answers about *call*, newest first."""
    query = (
        sa.select(tables.commands)
        .where(_commands.kind.in_(tuple(OF_CALLS)), _commands.arguments["call"].astext == call)
        .order_by(_commands.id.desc())
        .limit(limit)
    )
    return [_order(row) for row in await connection.execute(query)]


def _order(row: Any) -> Order:
    kinds: dict[str, type[Asked]] = {"assign": Assign, "replay": Replay, **OF_CALLS}
    asked: Asked = msgspec.convert(row.arguments, kinds[row.kind])
    told = msgspec.convert(row.outcome, Outcome) if row.done_at is not None and row.outcome else Outcome()
    return Order(row.id, asked, row.requested_at, row.requested_by, row.done_at, told, row.problem)
