"""The floor in PostgreSQL: versions, and what a new file would change."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.floor import FloorError, parse
from services.local import floors
from services.local.cli import app

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
FLOOR = """
timezone: Europe/Moscow
teams: [{id: hunters}, {id: farmers}]
agents:
  - {id: ivan, team: hunters}
  - {id: petr, team: farmers}
norms:
  - {for: {team: hunters}, per_day: {calls: 80}}
"""


@pytest.mark.integration
def test_a_version_is_stored_once(postgres_dsn: str) -> None:
    """Applying the same text again makes no new version; another text does."""
    assert floors.newest(postgres_dsn) is None
    assert floors.apply(postgres_dsn, FLOOR, NOW) == (1, True)
    assert floors.apply(postgres_dsn, FLOOR, NOW) == (1, False)
    changed = FLOOR.replace("calls: 80", "calls: 90")
    assert floors.apply(postgres_dsn, changed, NOW) == (2, True)
    assert floors.newest(postgres_dsn) == (2, changed)


@pytest.mark.integration
def test_a_broken_floor_is_not_stored(postgres_dsn: str) -> None:
    """What does not parse never becomes a version."""
    with pytest.raises(FloorError):
        floors.apply(postgres_dsn, "teams: 7", NOW)
    assert floors.newest(postgres_dsn) is None


def test_changes_are_told_by_name() -> None:
    """Agents and norms are compared by name, not by their place in the file."""
    after = """
timezone: Europe/Moscow
teams: [{id: farmers}, {id: hunters}]
agents:
  - {id: petr, team: hunters}
  - {id: anna, team: hunters}
norms:
  - {for: {team: hunters}, per_day: {calls: 90}}
"""
    assert list(floors.changes(parse(FLOOR), parse(after))) == [
        "agents[ivan]: removed",
        "agents[petr].team: farmers → hunters",
        "agents[anna]: added",
        "norms[team hunters].per_day.calls: 80.0 → 90.0",
    ]
    assert list(floors.changes(parse(FLOOR), parse(FLOOR))) == []


@pytest.mark.integration
def test_the_commands_apply_export_and_diff(postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was applied comes out again as it was, and differs from nothing."""
    monkeypatch.setenv("SREZ_POSTGRES_DSN", postgres_dsn)
    monkeypatch.setenv("SREZ_HOME", str(tmp_path / "none"))
    file = tmp_path / "floor.yaml"
    file.write_text(FLOOR)
    run = CliRunner().invoke
    assert run(app, ["floor", "diff", str(file)]).exit_code == 1
    assert run(app, ["floor", "apply", str(file)]).stdout == "Version 1 applied.\n"
    assert run(app, ["floor", "export"]).stdout == FLOOR
    assert run(app, ["floor", "diff", str(file)]).stdout == "Nothing would change.\n"


def test_check_names_the_lines(tmp_path: Path) -> None:
    """A broken file is told line by line, without a database, with exit code 1."""
    file = tmp_path / "floor.yaml"
    file.write_text("timezone: Europe/Moscow\nteams: [{id: a}]\nagents:\n  - {id: x, team: b}\n")
    result = CliRunner().invoke(app, ["floor", "check", str(file)])
    assert result.exit_code == 1
    assert "line 4" in result.stderr
