"""What a floor file hardly means: each warning names its line and its mend; the example file gives none."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import deploy
from schemas.floor.advice import advice
from services.local.cli import app

FLOOR = """\
version: 1
timezone: Europe/Moscow
currency: RUB
day: {start: "09:00", end: "18:00"}
slices: ["11:00", "13:00", "16:00", "18:00"]
teams:
  - {id: hunters}
agents:
  - {id: ivan, team: hunters, role: caller}
  - {id: maria, team: hunters, role: caller}
norms:
  - {for: {role: caller}, per_day: {calls: 80}}
"""


@pytest.mark.parametrize(
    ("was", "now", "line", "said"),
    [
        ('"18:00"]', '"18:30"]', 5, ("18:30 is after the end of work, 18:00", "move the slice to 18:00")),
        ("currency: RUB", "currency: RUR", 3, ("RUR is no longer in use (ISO 4217)", "write RUB")),
        (
            "{id: maria, team: hunters, role: caller}",
            "{id: maria, team: hunters, role: caler}",
            10,
            ("did you mean 'caller'?",),
        ),
        ("  - {for: {role: caller}, per_day: {calls: 80}}", "  []", 11, ("there are no norms", "srez norms propose")),
        ("{for: {role: caller}", "{for: {agent: ivan}", None, ()),
    ],
    ids=["a slice after work", "an old currency", "a misspelt role", "no norms", "a norm of one agent"],
)
def test_what_it_hardly_means_is_said(was: str, now: str, line: int | None, said: tuple[str, ...]) -> None:
    """One warning, at its line."""
    assert was in FLOOR
    found = advice(FLOOR.replace(was, now))
    assert [problem.line for problem in found] == ([] if line is None else [line])
    for words in said:
        assert words in found[0].what


def test_a_team_without_norms_is_named() -> None:
    """The norm is for another team's role."""
    text = FLOOR.replace("  - {id: hunters}", "  - {id: hunters}\n  - {id: farmers}")
    (found,) = advice(text.replace("maria, team: hunters, role: caller", "maria, team: farmers, role: closer"))
    assert found.line == 8
    assert "no norm is for team 'farmers'" in found.what


@pytest.mark.parametrize(
    "now",
    ['start: "09:00", end: "20:00"', 'start: "22:00", end: "06:00"', 'start: "10:00", end: "18:00"'],
    ids=["a longer day", "over midnight", "a shorter day"],
)
def test_slices_of_working_time_are_fine(now: str) -> None:
    """Within the day; over midnight nothing is said."""
    assert advice(FLOOR.replace('start: "09:00", end: "18:00"', now)) == []


def test_the_example_is_meant_as_it_stands() -> None:
    """No warnings where people start from."""
    assert advice(Path(deploy.__file__).with_name("floor.example.yaml").read_text(encoding="utf-8")) == []


def test_the_command_warns_and_goes_on(tmp_path: Path) -> None:
    """A warning is no error: the code is 0, and the file is in order."""
    file = tmp_path / "floor.yaml"
    file.write_text(FLOOR.replace("currency: RUB", "currency: RUR"))
    result = CliRunner().invoke(app, ["floor", "check", str(file)])
    assert result.exit_code == 0
    assert "warning: line 3: currency: RUR" in result.stderr
    assert "in order" in result.stdout
