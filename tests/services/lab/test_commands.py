"""The lab's commands as they are typed."""

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from services.lab import commands

RUN = CliRunner()


def _app() -> typer.Typer:
    app = typer.Typer()
    app.command()(commands.simulate)
    app.command()(commands.feed)
    app.command()(commands.backtest)
    return app


def test_simulate_writes_facts_and_truth(tmp_path: Path) -> None:
    """Two runs write the same two files."""
    written = []
    for turn in ("one", "two"):
        facts, truth = tmp_path / f"{turn}.ndjson", tmp_path / f"{turn}.json"
        words = ["simulate", "demo", "--seed", "5", "--out", str(facts), "--truth", str(truth), "--date", "2026-11-24"]
        done = RUN.invoke(_app(), words)
        assert done.exit_code == 0, done.output
        written.append((facts.read_bytes(), truth.read_bytes()))
    assert written[0] == written[1]
    assert json.loads(written[0][1])["dates"] == ["2026-11-24"]


def test_an_unknown_scenario_is_told_with_the_names(tmp_path: Path) -> None:
    """The error names every scenario; so does --help."""
    words = ["simulate", "nothing", "--out", str(tmp_path / "f"), "--truth", str(tmp_path / "t")]
    done = RUN.invoke(_app(), words)
    assert done.exit_code == 2
    assert "quiet_friday" in done.output
    assert "quiet_friday" in RUN.invoke(_app(), ["simulate", "--help"], env={"COLUMNS": "200"}).output


def test_a_broken_floor_is_told_by_line(tmp_path: Path) -> None:
    """A floor file with an unknown key is refused with its line."""
    floor = tmp_path / "floor.yaml"
    floor.write_text("timezone: Europe/Moscow\nteams: [{id: a}]\nslicez: []\n")
    words = ["simulate", "normal", "--out", str(tmp_path / "f"), "--truth", str(tmp_path / "t"), "--floor", str(floor)]
    done = RUN.invoke(_app(), words)
    assert done.exit_code == 2
    assert "line 3" in done.output


def test_a_simulated_day_back_tests(tmp_path: Path) -> None:
    """simulate → backtest: slices of the file say what the truth says, at the last cut-off of the day."""
    facts, truth, out = tmp_path / "facts.ndjson", tmp_path / "truth.json", tmp_path / "out"
    words = ["simulate", "normal", "--seed", "2", "--out", str(facts), "--truth", str(truth)]
    assert RUN.invoke(_app(), words).exit_code == 0
    done = RUN.invoke(_app(), ["backtest", str(facts), "--floor", str(commands.EXAMPLE), "--out", str(out)])
    assert done.exit_code == 0, done.output
    (counts,) = json.loads(truth.read_bytes())["counts"].values()
    rows = [json.loads(line) for line in (out / "slices.ndjson").read_bytes().splitlines()]
    last = [row for row in rows if row["slice"] == "18:00"]
    assert len(last) == 18 * 6
    for row in last:
        told = counts[row["agent"]][row["step"]]
        assert row["done"] == told["day"] - told["slices"]["after"]
