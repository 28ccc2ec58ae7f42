"""The floor file in PostgreSQL: apply a version, read the newest, say what changes.

Writes the table ``floors``; services follow it by themselves (services.kit.followed).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import asyncpg

from schemas.floor import Floor, parse
from services.ingest.providers import PROVIDERS
from services.ingest.storage import floors
from services.ingest.storage.journal import DATABASE_ERRORS
from services.kit.errors import Unavailable
from services.kit.postgres import CONNECT_TIMEOUT_S

T = TypeVar("T")


def apply(dsn: str, text: str, applied_at: datetime) -> tuple[int, bool]:
    """Store *text* as the newest version unless it is that already. Returns: (version, whether it is new).

    Raises: FloorError, Unavailable.
    """
    parse(text, PROVIDERS)

    async def work(connection: Any) -> tuple[int, bool]:
        await floors.lock(connection)
        return await floors.add(connection, text, applied_at)

    return _run(dsn, work)


class Changed(NamedTuple):
    """``number`` is the newest version now; a change that changed nothing makes none."""

    number: int
    before: str
    after: str


def change(dsn: str, edit: Callable[[str], str], applied_at: datetime) -> Changed | None:
    """Store what *edit* makes of the text in force; None when no floor was ever applied. Nobody comes in between.

    Raises: Unavailable, and what *edit* and the parsing of its result raise.
    """

    async def work(connection: Any) -> Changed | None:
        await floors.lock(connection)
        found = await floors.newest(connection)
        if found is None:
            return None
        after = edit(found.text)
        parse(after, PROVIDERS)
        number, _ = await floors.add(connection, after, applied_at)
        return Changed(number, found.text, after)

    return _run(dsn, work)


def newest(dsn: str) -> tuple[int, str] | None:
    """(version, text) in force, or None when no floor was ever applied. Raises: Unavailable."""
    return _run(dsn, floors.newest)


def changes(before: Floor, after: Floor) -> Iterator[str]:
    """What would change, one line each: ``agents[ivan].team: hunters → farmers``; lists of named things by name."""
    yield from _changes("", before.model_dump(mode="json", by_alias=True), after.model_dump(mode="json", by_alias=True))


def _changes(path: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    before, after = _named(before), _named(after)
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            where = f"{path}{key}" if key.startswith("[") else f"{path}.{key}".lstrip(".")
            if key not in after:
                yield f"{where}: removed"
            elif key not in before:
                yield f"{where}: added"
            else:
                yield from _changes(where, before[key], after[key])
    else:
        yield f"{path}: {_told(before)} → {_told(after)}"


def _named(value: Any) -> Any:
    """A list of things with an id, or of norms and plans, as a dict by that name."""
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return value
    if all("id" in item for item in value):
        return {f"[{item['id']}]": item for item in value}
    if all("for" in item for item in value):
        return {f"[{_whom(item)}]": item for item in value}
    return value


def _whom(item: dict[str, Any]) -> str:
    whom = next(f"{kind} {name}" for kind, name in item["for"].items() if name is not None)
    days = item.get("weekdays") or item.get("month") or ""
    return f"{whom} {','.join(days) if isinstance(days, list) else days}".strip()


def _told(value: Any) -> str:
    if value is None or value == []:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    return str(value)


def _run(dsn: str, work: Callable[[Any], Awaitable[T]]) -> T:
    async def within() -> T:
        try:
            connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
        except DATABASE_ERRORS as error:
            raise Unavailable(f"the database does not answer: {error}") from error
        try:
            async with connection.transaction():
                return await work(connection)
        except DATABASE_ERRORS as error:
            raise Unavailable(f"the database does not answer: {error}") from error
        finally:
            await connection.close()

    return asyncio.run(within())
