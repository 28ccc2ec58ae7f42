"""A database that stands still: pages and API say so soon, and go on as soon as it does."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from services.local.postgres import EmbeddedPostgres
from tests.services.board.conftest import board_on, client_of

PATHS = ("/slices", "/tasks", "/lines", "/alerts", "/agents/alina", "/api/v1/slices", "/api/v1/tasks", "/api/v1/calls")
SOON_S = 15.0
"""Half of what one command of PostgreSQL may take elsewhere."""


@contextmanager
def standing_still(postgres: EmbeddedPostgres) -> Iterator[None]:
    """Every process of the server stopped, none of them gone."""
    assert postgres.process is not None
    parent = psutil.Process(postgres.process.pid)
    stopped = [parent, *parent.children(recursive=True)]
    for process in stopped:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            os.kill(process.pid, signal.SIGCONT)


@pytest.mark.parametrize("warm", [True, False], ids=["with open connections", "before the first reading"])
async def test_a_frozen_database(seeded_dsn: str, postgres: EmbeddedPostgres, warm: bool) -> None:
    """503 for every page and resource long before a command times out; 200 again afterwards."""
    service = board_on(seeded_dsn, board_read_deadline_s=3)
    async with client_of(service) as client:
        if warm:
            await service.followed.refresh()
            await service.live.reload()
        with standing_still(postgres):
            async with asyncio.timeout(SOON_S):
                answers = await asyncio.gather(*(client.get(path) for path in PATHS))
        codes = {path: answer.status_code for path, answer in zip(PATHS, answers, strict=True)}
        assert codes == dict.fromkeys(PATHS, 503)
        assert {answer.headers["retry-after"] for answer in answers} == {"5"}
        assert (await client.get("/slices")).status_code == 200
    await service.engine.dispose()
