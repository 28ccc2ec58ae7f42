"""The srez command: quick to list, complete, clear when something is missing."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.local.cli import app
from services.local.elsewhere import COMMANDS, load
from tests.support.running import ROOT

HEAVY = ("sqlalchemy", "fastapi", "faust", "aiokafka", "scipy", "uvicorn", "alembic", "asyncpg")


def test_the_list_of_commands_waits_for_nothing_heavy() -> None:
    """`srez --help` imports no database driver, web server, stream engine or statistics."""
    code = "import sys; from services.local import cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(HEAVY) & set(done.stdout.split()) == set()


def test_the_list_names_every_command() -> None:
    """Own commands and those of other packages are listed with a line each."""
    listed = CliRunner().invoke(app, ["--help"]).stdout
    own = ("up", "demo", "doctor", "migrate", "floor", "norms", "facts")
    assert [name for name in (*own, *COMMANDS) if f" {name} " not in listed] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_commands_of_other_packages_are_there(name: str) -> None:
    """What the list promises can be loaded and explains itself."""
    command = load(name)
    assert command.name == name
    assert command.help


def test_without_a_database_it_is_said_what_to_do(tmp_path: Path) -> None:
    """A command that needs the database says so in one line, with exit code 1 and no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "services.local", "migrate"],
        cwd=ROOT,
        env={"SREZ_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "srez: no database: start `srez up` here, or set SREZ_POSTGRES_DSN\n"
