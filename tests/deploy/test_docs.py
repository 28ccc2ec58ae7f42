"""Guides name files, links, commands and settings that exist: what has drifted from the code is found here."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from services.aggregator.settings import AggregatorSettings
from services.alerts.settings import AlertsSettings
from services.board.settings import BoardSettings
from services.board.words import ru
from services.ingest.settings import IngestSettings
from services.local.cli import app
from services.local.elsewhere import COMMANDS, load
from tests.deploy.files import ROOT

GUIDES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LATER = {".srez/", ".venv", "floor.yaml", "deploy/srez.env"}
"""Made by whoever follows the guide."""
by_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
FOLDERS = ("services/", "schemas/", "deploy/", "tests/", "docs/", "requirements/")


@by_guide
def test_files_exist(guide: Path) -> None:
    """Every path in backticks or in a command is there; <name> and the like are for the reader."""
    text = guide.read_text()
    named = set(re.findall(r"`([\w./-]+)`", text)) | set(re.findall(r"(?<=[\s@])([\w-]+/[\w./-]+)", text))
    paths = {name for name in named if name.startswith(FOLDERS) and name not in LATER}
    assert sorted(name for name in paths if not (ROOT / name).exists()) == []


@by_guide
def test_links_lead_somewhere(guide: Path) -> None:
    """Relative links and pictures."""
    links = re.findall(r"\]\(([^)#]+)\)", guide.read_text())
    broken = [link for link in links if "://" not in link and not (guide.parent / link).exists()]
    assert broken == []


@by_guide
def test_commands_exist(guide: Path) -> None:
    """Every `srez …` with its sub-command and options."""
    known = get_command(app)
    for words in re.findall(r"(?:^|[`\s/])srez ((?:[a-z]+)(?: [^`\n|]*)?)", guide.read_text()):
        found = re.split(r"\s+", words.strip().split("  ")[0])
        name = found[0]
        assert name in known.commands, f"srez {words}"
        command = load(name) if name in COMMANDS else known.commands[name]
        rest = found[1:]
        while rest and hasattr(command, "commands"):
            assert rest[0] in command.commands, f"srez {words}"
            command, rest = command.commands[rest[0]], rest[1:]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        for word in rest:
            if word.startswith("--"):
                assert word.rstrip(".,;:)") in options, f"srez {words}"


@by_guide
def test_settings_exist(guide: Path) -> None:
    """Every SREZ_ variable is a setting, or read by the clock, the tests or the local stack."""
    settings = (IngestSettings, AggregatorSettings, AlertsSettings, BoardSettings)
    known = {f"SREZ_{field.upper()}" for one in settings for field in one.model_fields}
    known |= set(re.findall(r"SREZ_[A-Z_]+", (ROOT / "docs" / "SETTINGS.md").read_text())) | {"SREZ_CI"}
    assert set(re.findall(r"SREZ_[A-Z_]+[A-Z]", guide.read_text())) - known == set()


def test_the_glossary_says_what_the_board_says() -> None:
    """Levels, results of tasks and states of alerts: the word beside the code name is the one people see."""
    glossary = (ROOT / "docs" / "GLOSSARY.md").read_text()
    for group, names in (
        ("level", ("ok", "watch", "soft", "hard", "not_enough_data")),
        ("task.result", ("done", "not_done", "not_enough_data", "invalidated")),
        ("alert.state", ("firing", "acknowledged", "resolved", "invalidated")),
    ):
        for name in names:
            assert f"`{name}` {ru.WORDS[f'{group}.{name}']}" in glossary
