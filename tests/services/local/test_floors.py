"""The floor in PostgreSQL: versions, and what a new file would change."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from schemas.commands import Assign
from schemas.floor import FloorError, parse
from services.ingest.stream.orders import Orders
from services.kit.clock import Clock
from services.kit.postgres import pool
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
    assert floors.apply(postgres_dsn, FLOOR, NOW)[:2] == (1, True)
    assert floors.apply(postgres_dsn, FLOOR, NOW)[:2] == (1, False)
    changed = FLOOR.replace("calls: 80", "calls: 90")
    assert floors.apply(postgres_dsn, changed, NOW)[:2] == (2, True)
    assert floors.newest(postgres_dsn) == (2, changed)


@pytest.mark.integration
def test_a_broken_floor_is_not_stored(postgres_dsn: str) -> None:
    """What does not parse never becomes a version."""
    with pytest.raises(FloorError):
        floors.apply(postgres_dsn, "teams: 7", NOW)
    assert floors.newest(postgres_dsn) is None


ROSTER = """
timezone: Europe/Moscow
teams: [{id: hunters}]
agents:
  - {id: boris, team: hunters, identities: {pbx: ["101"]}}
sources: [{id: pbx, provider: generic, secrets: {path: {env: PBX_PATH}}}]
"""


async def given_by_the_board(dsn: str, identity: str) -> None:
    """The board's command, executed by ingest."""
    connections = await pool(dsn, size=2)
    asked = msgspec.json.encode(Assign(source="pbx", identity=identity, agent="boris")).decode()
    query = (
        "INSERT INTO commands (kind, arguments, requested_at, requested_by) VALUES ('assign', $1::jsonb, $2, 'test')"
    )
    await connections.execute(query, asked, datetime.now(UTC))
    assert await Orders(connections, Clock()).once() == 1
    await connections.close()


@pytest.mark.integration
def test_a_restart_keeps_what_the_board_gave(postgres_dsn: str) -> None:
    """The same file again leaves the board's version in force; so does an order that found nothing to do."""
    floors.apply(postgres_dsn, ROSTER, NOW)
    asyncio.run(given_by_the_board(postgres_dsn, "101"))
    assert not floors.apply(postgres_dsn, ROSTER, NOW, keep_the_boards=True).kept
    asyncio.run(given_by_the_board(postgres_dsn, "102"))
    again = floors.apply(postgres_dsn, ROSTER, NOW, keep_the_boards=True)
    assert (again.number, again.new, again.kept) == (2, False, True)
    assert again.before is not None
    assert floors.told_at_start(again, ROSTER, "my.yaml") == [
        "floor version 2 stays in force: the board gave 102 to boris since; "
        "your file does not have it: srez floor export my.yaml"
    ]
    assert floors.lost(again.before.text, ROSTER) == [("pbx", "102", "boris")]


@pytest.mark.integration
def test_a_changed_file_takes_away_aloud(postgres_dsn: str) -> None:
    """A file changed since is applied, and says whose identities it takes and which version has them."""
    floors.apply(postgres_dsn, ROSTER, NOW)
    asyncio.run(given_by_the_board(postgres_dsn, "102"))
    changed = ROSTER + "currency: EUR\n"
    applied = floors.apply(postgres_dsn, changed, NOW, keep_the_boards=True)
    assert applied[:2] == (3, True)
    told = floors.warning(applied, changed)
    assert told[0] == "ATTENTION: 102 of pbx is not boris's any more"
    assert "srez floor export --version 2" in told[1]
    assert floors.differences(applied, changed) == [
        "currency: USD → EUR",
        "agents[boris].identities.pbx: 101, 102 → 101",
    ]
    back = floors.apply(postgres_dsn, ROSTER, NOW, keep_the_boards=True)
    assert back[:2] == (4, True), "not the board but a file came since"


@pytest.mark.integration
def test_an_order_without_effect_makes_no_version_the_boards(postgres_dsn: str) -> None:
    """A file's version that an order found to say it already stays a file's: an older file replaces it."""
    floors.apply(postgres_dsn, ROSTER, NOW)
    floors.apply(postgres_dsn, ROSTER.replace('"101"', '"101", "102"'), NOW)
    asyncio.run(given_by_the_board(postgres_dsn, "102"))
    assert floors.apply(postgres_dsn, ROSTER, NOW, keep_the_boards=True)[:2] == (3, True)


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
    assert run(app, ["floor", "export", "--version", "1"]).stdout == FLOOR
    assert run(app, ["floor", "export", "--version", "2"]).exit_code == 1


def test_check_names_the_lines(tmp_path: Path) -> None:
    """A broken file is told line by line, without a database, with exit code 1."""
    file = tmp_path / "floor.yaml"
    file.write_text("timezone: Europe/Moscow\nteams: [{id: a}]\nagents:\n  - {id: x, team: b}\n")
    result = CliRunner().invoke(app, ["floor", "check", str(file)])
    assert result.exit_code == 1
    assert "line 4" in result.stderr
