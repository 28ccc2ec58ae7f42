"""What was made of days that are over, kept while nothing of those days has changed: docs/decisions/0039-what-is-kept-of-days.md.

The database counts how often the facts and the slices of a day changed (``schemas.tables.changes``). Counts are read in the
snapshot of the page, and what is kept goes by them: a late fact, a correction, a mended roster or a close makes it anew.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final, Literal, TypeVar
from weakref import WeakValueDictionary

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables

What = Literal["facts", "slices"]
Made = TypeVar("Made")

MOST: Final = 300_000
"""Rows that are kept at most, of all days together; those asked for least recently go."""

_NOTHING: Final[Mapping[Date, object]] = {}
_changes = tables.day_changes.c


@dataclass(frozen=True, slots=True)
class _Entry:
    stamp: tuple[tuple[int, ...], object]
    made: Any
    rows: int


def _length(made: Any) -> int:
    return len(made) if isinstance(made, Sized) else 1


def key_of(name: str, *given: object) -> Hashable:
    """What a result goes by beside its day: *name* of what is made, and all it is made with (roster, limits…)."""
    return name, hashlib.blake2b(repr(given).encode(), digest_size=16).digest()


class Kept:
    """One for all pages of a process. Results are shared: nobody may change them."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._rows = most, 0
        self._entries: OrderedDict[tuple[Hashable, Date], _Entry] = OrderedDict()
        self._making: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def of_days(
        self,
        connection: AsyncConnection,
        key: Hashable,
        days: Sequence[Date],
        make: Callable[[Date], Awaitable[Made]],
        *,
        of: Sequence[What] = ("facts",),
        back: int = 0,
        beside: Mapping[Date, object] = _NOTHING,
        rows: Callable[[Made], int] = _length,
    ) -> dict[Date, Made]:
        """What is made of each of *days*, whose order it has.

        Args:
            connection: one snapshot; *make* reads by it.
            key: of ``key_of``.
            make: of one day; what is ready when a page's time is up is kept for the next try.
            of: what it reads, of the day and of so many days *back*.
            beside: what else each day is made of, compared by value.
            rows: how much of the room a result takes.
        """
        if not days:
            return {}
        stamps = await _stamps(connection, days, of, back)
        lock = self._making.setdefault(key, asyncio.Lock())
        async with lock:  # who asks for the same at the same time waits for it
            found: dict[Date, Made] = {}
            for day in days:
                entry, stamp = self._entries.get((key, day)), (stamps[day], beside.get(day))
                if entry is not None and entry.stamp == stamp:
                    self._entries.move_to_end((key, day))
                    found[day] = entry.made
                else:
                    found[day] = await make(day)
                    self._put((key, day), _Entry(stamp, found[day], 1 + rows(found[day])))
            return found

    async def of_span(
        self,
        connection: AsyncConnection,
        key: Hashable,
        first: Date,
        last: Date,
        make: Callable[[], Awaitable[Made]],
        *,
        of: Sequence[What],
        rows: Callable[[Made], int] = _length,
    ) -> Made:
        """One result made of all the days *first* … *last* together."""

        back = (last - first).days
        found = await self.of_days(connection, key, [last], lambda _: make(), of=of, back=back, rows=rows)
        return found[last]

    def _put(self, place: tuple[Hashable, Date], entry: _Entry) -> None:
        old = self._entries.pop(place, None)
        self._rows += entry.rows - (old.rows if old else 0)
        self._entries[place] = entry
        while self._rows > self._most and len(self._entries) > 1:
            _, gone = self._entries.popitem(last=False)
            self._rows -= gone.rows


async def _stamps(
    connection: AsyncConnection, days: Sequence[Date], of: Sequence[What], back: int
) -> dict[Date, tuple[int, ...]]:
    """Day → how often each of the days it is made of has changed so far."""
    query = (
        sa.select(_changes.what, _changes.day, sa.cast(sa.func.sum(_changes.changes), sa.BigInteger))
        .where(_changes.what.in_(of), _changes.day.between(min(days) - timedelta(days=back), max(days)))
        .group_by(_changes.what, _changes.day)
    )
    counted = {(what, day): int(count) for what, day, count in await connection.execute(query)}
    return {
        day: tuple(counted.get((what, day - timedelta(days=ago)), 0) for what in of for ago in range(back + 1))
        for day in days
    }
