"""Sources that accept nothing: ingest says what they lack, and takes it back once it is there."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.floor import parse
from services.ingest.problems import Problems
from services.ingest.source import configure
from tests.services.ingest.conftest import FLOOR as TEXT

FLOOR = parse(TEXT)
NOW = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)


async def stored(connection: Any) -> list[tuple[Any, ...]]:
    rows = await connection.fetch("SELECT source, word, names, since FROM source_problems ORDER BY source")
    return [tuple(row) for row in rows]


async def test_what_is_missing_is_told_until_it_is_there(connections: Any) -> None:
    """A variable that is not set, by its name; mended, the row goes; since when stays what it was."""
    problems = Problems(lambda: NOW)
    async with connections.acquire() as connection:
        await connection.execute("INSERT INTO source_problems VALUES ('gone', 'not_set', '{A}', now())")
        problems.tell(configure(FLOOR))
        await problems.write(connection)
        assert ("unset", "not_set", ["NOT_SET_ANYWHERE"], NOW) in await stored(connection)
        assert "gone" not in {row[0] for row in await stored(connection)}
        other = Problems(lambda: datetime(2026, 11, 24, tzinfo=UTC))
        other.tell(configure(FLOOR))
        await other.write(connection)
        assert ("unset", "not_set", ["NOT_SET_ANYWHERE"], NOW) in await stored(connection)
        problems.tell(configure(FLOOR, environment={"NOT_SET_ANYWHERE": "x"}))
        await problems.write(connection)
        assert "unset" not in {row[0] for row in await stored(connection)}


class Away:
    def transaction(self) -> Any:
        raise OSError


async def test_a_database_that_is_away_is_told_later(connections: Any) -> None:
    """Nothing is forgotten meanwhile."""
    problems = Problems(lambda: NOW)
    problems.tell(configure(FLOOR))
    with pytest.raises(OSError):
        await problems.write(Away())
    async with connections.acquire() as connection:
        await problems.write(connection)
        assert await stored(connection)
