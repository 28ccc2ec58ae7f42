"""``srez account``, against a database."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from services.local import floors
from services.local.account_commands import app
from services.local.postgres import EmbeddedPostgres
from tests.support.seed_floor import NOW, floor_text
from tests.support.servers import fresh_database


@pytest.fixture
def dsn(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with fresh_database(postgres) as found:
        monkeypatch.setenv("SREZ_POSTGRES_DSN", found)
        yield found


def _call(*words: str, password: str = "correct horse") -> tuple[int, str]:
    done = CliRunner().invoke(app, words, input=password + "\n")
    return done.exit_code, done.output


def test_a_team_and_an_agent_are_looked_up_in_the_floor_file(dsn: str) -> None:
    lead = ("add", "maria", "--role", "lead", "--password-stdin", "--team")
    agent = ("add", "ivan", "--role", "agent", "--password-stdin")
    assert _call(*lead, "hunters")[0] == 2
    floors.apply(dsn, floor_text("ru"), NOW)
    assert _call(*lead, "north")[0] == 2
    assert _call(*lead, "hunters")[0] == 0
    assert _call(*agent)[0] == 2
    assert _call(*agent, "--agent", "nobody")[0] == 2
    assert _call(*agent, "--agent", "ivan")[0] == 0
    assert _call("add", "tv", "--role", "viewer", "--agent", "ivan", "--password-stdin")[0] == 2


@pytest.mark.usefixtures("dsn")
def test_a_link_instead_of_a_password() -> None:
    code, told = _call("add", "tv", "--role", "viewer", "--days", "90", "--link")
    assert code == 0
    assert "http://127.0.0.1:8090/set-password?token=" in told
    assert "https://srez.example/set-password?token=" in _call("link", "tv", "--board", "https://srez.example/")[1]
    assert _call("disable", "tv")[0] == 0
    assert _call("link", "tv")[0] == 1


@pytest.mark.usefixtures("dsn")
def test_the_life_of_an_account() -> None:
    add = ("add", "maria", "--role", "head", "--password-stdin")
    assert _call(*add, password="short")[0] == 2
    assert _call("add", "maria", "--role", "lead", "--password-stdin")[0] == 2
    assert _call(*add)[0] == 0
    assert _call(*add)[0] == 1
    assert _call("disable", "maria")[0] == 0
    assert "maria\thead\t-\tdisabled" in _call("list")[1]
    assert _call("enable", "maria")[0] == 0
    assert _call("password", "maria", "--password-stdin", password="another horse")[0] == 0
    assert _call("remove", "maria")[0] == 0
    assert _call("remove", "maria")[0] == 1
