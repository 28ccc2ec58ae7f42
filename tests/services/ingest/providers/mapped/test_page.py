"""docs/MAPPED.md, followed word for word."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from schemas.floor import Floor, parse
from schemas.floor.mapping import Rule
from services.ingest.commands import app

PAGE = (Path(__file__).parents[5] / "docs" / "MAPPED.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the command of step 3 prints, line by line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "body.json").write_text(blocks("json")[0])
    (tmp_path / "floor.yaml").write_text(blocks("yaml")[0])
    (command,) = [line for line in PAGE.splitlines() if line.startswith("srez normalize")]
    done = CliRunner().invoke(app, command.split()[1:])
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_the_dry_run_prints_what_the_page_shows(followed: list[str]) -> None:
    """The table, then two facts."""
    (table,) = blocks("text")
    assert followed[:-2] == table.splitlines()
    first, second = (json.loads(line) for line in followed[-2:])
    assert (first["data"]["agent"], first["data"]["talk_s"], first["data"]["ring_s"]) == ("ivan", 88, 12)
    assert first["data"]["answered_at"] == "2026-11-23T07:00:12Z"
    assert (second["data"]["disposition"], second["data"]["talk_s"]) == ("no_answer", 0)


def test_the_other_pieces_of_the_page_are_right() -> None:
    """The floor passes its check, also with the longer table; the rule of a CRM is a rule."""
    floor = blocks("yaml")[0]
    better = floor.replace("table: {OK: answered, BUSY: busy}", "table: {OK: answered, BUSY: busy, NOANS: no_answer}")
    assert better != floor
    assert all(isinstance(parse(text, {"mapped"}), Floor) for text in (floor, better))
    (rule,) = YAML(typ="safe").load(blocks("yaml")[1])
    assert Rule.model_validate(rule).fact == "payment"
