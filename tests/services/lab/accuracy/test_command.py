"""``srez lab accuracy`` as it is typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.lab.accuracy import measure, trial
from services.lab.accuracy.rates import about
from services.local.cli import app

SMALL = ["lab", "accuracy", "--agents", "20", "--days", "3", "--seed", "4"]
WIDE = {"COLUMNS": "120"}


def test_figures_are_shown_and_written(tmp_path: Path) -> None:
    """Every floor and kind with its known values; two runs of a seed say the same."""
    written = []
    for name in ("one.json", "two.json"):
        done = CliRunner().invoke(app, [*SMALL, "--json", str(tmp_path / name)], env=WIDE)
        assert done.exit_code == 0, done.output
        assert "agrees with it" in done.stdout
        assert "CUSUM" in done.stdout
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    report = json.loads(written[0])
    assert [one["floor"] for one in report["floors"]] == ["one step", "five steps"]
    first = report["floors"][0]["rates"][0]
    assert (first["kind"], first["measure"], first["core"]["of"]) == ("on norm", "task, day", 60)
    assert (first["expected"]["text"], first["agrees"]) == ("22.5", True)
    assert [rate["core"]["of"] for rate in report["floors"][1]["rates"]] == [54, 216, 54, 3, 12, 3, 3, 12, 3]
    assert len(report["forecast"]["interval"]) == 3


def test_a_rate_that_is_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says which, and the exit code is 1."""
    wrong = {key: about(0.01, 0.5) for key in trial.REFERENCE}
    monkeypatch.setattr(trial, "REFERENCE", wrong)
    done = CliRunner().invoke(app, SMALL, env=WIDE)
    assert done.exit_code == 1
    assert "not as expected: task, day, on norm; trainer, day, on norm" in done.stdout
    assert "50 NO" in done.stdout


def test_progress_reaches_the_end() -> None:
    """What is told on the way adds up to what was announced."""
    told: list[int] = []
    measure(20, 2, 1, told.append)
    assert sum(told) == trial.work(20, 2)


def test_help_has_an_example() -> None:
    """It can be copied."""
    assert (
        "Example: srez lab accuracy --agents" in CliRunner().invoke(app, ["lab", "accuracy", "--help"], env=WIDE).stdout
    )


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """In one line, exit code 2."""
    done = CliRunner().invoke(app, [*SMALL, "--json", str(tmp_path / "no" / "such.json")], env=WIDE)
    assert done.exit_code == 2
    assert "No such file" in done.stderr
