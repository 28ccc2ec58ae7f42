"""``srez account``, against a database."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from services.local.account_commands import app
from services.local.postgres import EmbeddedPostgres
from tests.support.servers import fresh_database


@pytest.fixture
def dsn(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with fresh_database(postgres) as found:
        monkeypatch.setenv("SREZ_POSTGRES_DSN", found)
        yield found


def _call(*words: str, password: str = "correct horse") -> tuple[int, str]:
    done = CliRunner().invoke(app, words, input=password + "\n")
    return done.exit_code, done.output


@pytest.mark.usefixtures("dsn")
def test_the_life_of_an_account() -> None:
    add = ("add", "maria", "--role", "lead", "--team", "north", "--password-stdin")
    assert _call(*add, password="short")[0] == 2
    assert _call("add", "maria", "--role", "lead", "--password-stdin")[0] == 2
    assert _call("add", "ivan", "--role", "agent", "--password-stdin")[0] == 2
    assert _call(*add)[0] == 0
    assert _call(*add)[0] == 1
    assert _call("disable", "maria")[0] == 0
    assert "maria\tlead\tnorth\tdisabled" in _call("list")[1]
    assert _call("enable", "maria")[0] == 0
    assert _call("password", "maria", "--password-stdin", password="another horse")[0] == 0
    assert _call("remove", "maria")[0] == 0
    assert _call("remove", "maria")[0] == 1
