"""Webhooks that are turned away: counted by what was wrong, with nothing of the request."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.refusals import KEPT, LONGEST_WHY, MOST, Refusals
from services.ingest.web.gate import Gate
from tests.services.ingest.web.asking import Endpoint, Memory


class At:
    """A clock to be moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 7, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def stored(connection: Any) -> list[tuple[Any, ...]]:
    rows = await connection.fetch(
        "SELECT source, outcome, reason, span, count, last_at, why FROM refusals ORDER BY span, source, outcome"
    )
    return [tuple(row) for row in rows]


async def test_what_the_endpoint_refuses_is_counted(connections: Any) -> None:
    """401 with its reason, 405 and a source without its secret; unknown sources and accepted ones are not."""
    at = At()
    refusals, memory = Refusals(at), Memory()
    endpoint = Endpoint(memory)
    endpoint.hooks.gates = {
        id_: Gate(gate._configured, endpoint.metrics, refusals=refusals)
        for id_, gate in (endpoint.hooks.gates or {}).items()
    }
    for path, method in (
        *[("/hooks/hidden/79161234567", "POST")] * 3,
        *[
            ("/hooks/own", "PUT"),
            ("/hooks/unset", "POST"),
            ("/hooks/nobody", "POST"),
            ("/hooks/hidden/s3cret-path", "POST"),
        ],
    ):
        await endpoint.ask(path, b"79161234567", method=method)
    async with connections.acquire() as connection:
        await refusals.write(connection)
        span = at.now.replace(minute=0)
        assert await stored(connection) == [
            ("hidden", "unauthorized", "bad_signature", span, 3, at.now, "the secret in the path is missing or wrong"),
            ("own", "method", "", span, 1, at.now, ""),
            (
                *("unset", "misconfigured", "", span, 1, at.now),
                "secret is not set: NOT_SET_ANYWHERE (or NOT_SET_ANYWHERE_FILE)",
            ),
        ]
    assert len(memory.entries) == 1


async def test_counts_add_up_and_old_ones_go(connections: Any) -> None:
    """The same quarter of an hour is one row; a week later it is forgotten."""
    at = At()
    refusals = Refusals(at)
    async with connections.acquire() as connection:
        for why in ("first", "x" * 300):
            refusals.add("own", "rate", why=why)
            await refusals.write(connection)
        (row,) = await stored(connection)
        assert (row[4], row[6]) == (2, "x" * LONGEST_WHY)
        at.now += KEPT + timedelta(minutes=30)
        await refusals.write(connection)
        assert await stored(connection) == []


class Broken:
    async def execute(self, *_: Any) -> None:
        return None

    async def executemany(self, *_: Any) -> None:
        raise OSError


async def test_a_database_that_is_away_loses_no_count(connections: Any) -> None:
    """What could not be written is written with what came meanwhile."""
    refusals = Refusals(At())
    refusals.add("own", "method")
    with pytest.raises(OSError):
        await refusals.write(Broken())
    refusals.add("own", "method")
    async with connections.acquire() as connection:
        await refusals.write(connection)
        assert [row[4] for row in await stored(connection)] == [2]


def test_memory_is_bounded() -> None:
    """Outcomes are a closed set, and so is the number of counters."""
    refusals = Refusals(At())
    refusals.add("own", "accepted")
    assert refusals._counts == {}
    for number in range(MOST + 5):
        refusals.add(str(number), "rate")
    assert len(refusals._counts) == MOST
