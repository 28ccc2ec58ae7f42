"""The floor file in PostgreSQL: apply a version, read the newest, say what changes.

Writes the table ``floors``; services follow it by themselves (services.kit.followed).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import asyncpg

from schemas.floor import Floor, FloorError, parse
from services.ingest.providers import PROVIDERS
from services.ingest.storage import floors
from services.ingest.storage.journal import DATABASE_ERRORS
from services.kit.errors import Unavailable
from services.kit.postgres import CONNECT_TIMEOUT_S
from services.local.counted import counted

T = TypeVar("T")


class Applied(NamedTuple):
    """``number`` is in force now; ``before`` the version that was. ``kept``: the board's version stays, for the file did not
    change since it was applied, and only the board did."""

    number: int
    new: bool
    before: floors.Version | None = None
    kept: bool = False


def apply(dsn: str, text: str, applied_at: datetime, *, keep_the_boards: bool = False) -> Applied:
    """Store *text* as the newest version unless it is that already.

    Args:
        keep_the_boards: nobody asked for a change just now (a restart): what the board wrote since stays.
    Raises: FloorError, Unavailable.
    """
    parse(text, PROVIDERS)

    async def work(connection: Any) -> Applied:
        await floors.lock(connection)
        before = await floors.newest(connection)
        if before and keep_the_boards and await floors.only_the_board_since(connection, text):
            return Applied(before.number, False, before, kept=True)
        return Applied(*await floors.add(connection, text, applied_at), before)

    return _run(dsn, work)


class Given(NamedTuple):
    """An identity and whose it is."""

    source: str
    identity: str
    agent: str


def lost(before: str, after: str) -> list[Given]:
    """Identities of the text *before* that are nobody's by the text *after*; none when *before* does not parse any more."""
    try:
        former = parse(before).agent_by_identity
    except FloorError:
        return []
    left = parse(after).agent_by_identity
    return [Given(*whose, agent) for whose, agent in former.items() if whose not in left]


def warning(applied: Applied, text: str, shown: int = 10) -> list[str]:
    """What to say aloud when *text*, just applied, took identities away; [] when it did not."""
    taken = lost(applied.before.text, text) if applied.new and applied.before else []
    if not taken or applied.before is None:
        return []
    lines = [f"ATTENTION: {one.identity} of {one.source} is not {one.agent}'s any more" for one in taken[:shown]]
    if len(taken) > shown:
        lines.append(f"and {len(taken) - shown} more identities are nobody's")
    number = applied.before.number
    return [
        *lines,
        f"the file lacks what version {number} has; to get it back: srez floor export --version {number} FILE",
    ]


def told_at_start(applied: Applied, text: str, file: str) -> list[str]:
    """What a start with this *file* says: applied and what that changed, or why not."""
    if not applied.kept or applied.before is None:
        state = "applied" if applied.new else "is in force already"
        told = [f"floor version {applied.number} {state}", *differences(applied, text)]
        return told + warning(applied, text)
    given = ", ".join(f"{one.identity} to {one.agent}" for one in lost(applied.before.text, text))
    return [
        f"floor version {applied.number} stays in force: the board gave {given} since; "
        f"your file does not have it: srez floor export {file}"
    ]


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


def numbered(dsn: str, number: int) -> tuple[int, str] | None:
    """(version, text) of one version, or None. Raises: Unavailable."""
    return _run(dsn, lambda connection: floors.numbered(connection, number))


def changes(before: Floor, after: Floor) -> Iterator[str]:
    """What would change, one line each: ``agents[ivan].team: hunters → farmers``; lists of named things by name."""
    yield from _changes("", before.model_dump(mode="json", by_alias=True), after.model_dump(mode="json", by_alias=True))


def differences(applied: Applied, text: str, shown: int = 10) -> list[str]:
    """What *text*, just applied, changed in the version before, briefly; norms that `srez norms apply` wrote, say."""
    if not applied.new or applied.before is None:
        return []
    try:
        found = list(changes(parse(applied.before.text), parse(text)))
    except FloorError:
        return []
    more = [f"and {len(found) - shown} more: srez floor export --version {applied.before.number} FILE"]
    return found[:shown] + (more if len(found) > shown else [])


def _changes(path: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    before, after = _named(before), _named(after)
    if isinstance(before, dict) or isinstance(after, dict):
        before, after = before or {}, after or {}
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            where = f"{path}{key}" if key.startswith("[") else f"{path}.{key}".lstrip(".")
            if key not in after:
                yield f"{where}: removed"
            elif path.endswith(".from") and path.startswith("norms") and before.get(key) != after[key]:
                yield f"{where}: {_reviewed(after[key])}"
            elif key not in before:
                yield f"{where}: added"
            elif path == "curves" and before[key] != after[key]:
                yield f"{where}: {counted(_differing(before[key], after[key]), 'half hour')} changed"
            else:
                yield from _changes(where, before[key], after[key])
    else:
        yield f"{path}: {_told(before)} → {_told(after)}"


def _reviewed(origin: dict[str, Any]) -> str:
    """Where a norm comes from, in one line."""
    whose = f"work of {counted(origin['members'], 'agent')} over {counted(origin['days'], 'day')}"
    return f"{whose}, {origin['since']} … {origin['until']}, applied {origin['applied']}"


def _differing(before: dict[str, Any], after: dict[str, Any]) -> int:
    return sum(before.get(key) != after.get(key) for key in {*before, *after})


def _named(value: Any) -> Any:
    """A list of things with an id, or of norms and plans, as a dict by that name."""
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return value
    if all("id" in item for item in value):
        return {f"[{item['id']}]": item for item in value}
    if all("for" in item for item in value):  # norms, plans, what was learned
        return {f"[{_whom(item)}]": item for item in value}
    return value


def _whom(item: dict[str, Any]) -> str:
    whom = next(f"{kind} {name}" for kind, name in item["for"].items() if name is not None)
    days = item.get("weekdays") or item.get("month") or item.get("step") or ""
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
