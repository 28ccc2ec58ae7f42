"""A database that is starting up is waited for."""

from typing import Any

import asyncpg
import pytest

from services.kit import postgres


async def test_a_database_that_starts_up_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line each time, no traceback, until it answers."""
    answers: list[Any] = [asyncpg.CannotConnectNowError("starting up"), ConnectionRefusedError(), "connections"]

    async def asked(dsn: str, *, size: int) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(postgres, "pool", asked)
    monkeypatch.setattr(postgres, "RETRY_S", 0)
    assert await postgres.pool_when_there("postgresql://nobody@127.0.0.1/none") == "connections"
    assert capsys.readouterr().out.count("waiting for the database") == 2
