"""``srez backtest`` as it is typed, and the example files."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from services.lab.backtest.command import backtest
from tests.services.lab.backtest.telling import FILES, call, encoded, objects

RUN = CliRunner()
REPOSITORY = Path(__file__).parents[4]
SHARED = REPOSITORY.parent / "shared"
FIXTURE = Path(__file__).parent / "fixture"
BACKTEST = typer.Typer()
BACKTEST.command()(backtest)


def typed(facts: Path, floor: Path, out: Path) -> tuple[int, str]:
    done = RUN.invoke(BACKTEST, [str(facts), "--floor", str(floor), "--out", str(out)], env={"COLUMNS": "500"})
    return done.exit_code, done.output


def check_example(out: Path) -> None:
    """What the example facts come to: one congested call, one long one, a presentation, an invoice, a payment, a state."""
    rows = {
        (one["slice"], one["step"]): one
        for one in objects((out / "slices.ndjson").read_bytes())
        if one["agent"] == "ivan"
    }
    first = {step: one["done"] for (name, step), one in rows.items() if name == "11:00"}
    assert first == {"calls": 2, "answered": 1, "long_calls": 1, "presentations": 1, "invoices": 0, "payments": 0}
    last = {step: one["done"] for (name, step), one in rows.items() if name == "18:00"}
    assert last == {"calls": 2, "answered": 1, "long_calls": 1, "presentations": 1, "invoices": 1, "payments": 1}
    targets = {name: rows[name, "calls"]["target"] for name in ("11:00", "13:00", "16:00", "18:00")}
    assert targets == {"11:00": 20.0, "13:00": 30.0, "16:00": 30.0, "18:00": 30.0}, "technical from 12:00 on"
    assert rows["13:00", "invoices"]["in_slice"] == 1
    assert rows["18:00", "payments"]["in_slice"] == 1


def test_the_shared_examples_as_they_stand(tmp_path: Path) -> None:
    """facts.example.ndjson with floor.example.yaml."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED.name} beside the repository")
    code, said = typed(SHARED / "facts.example.ndjson", SHARED / "floor.example.yaml", tmp_path / "out")
    assert (code, sorted(file.name for file in (tmp_path / "out").iterdir())) == (0, sorted(FILES)), said
    check_example(tmp_path / "out")


def test_the_own_example(tmp_path: Path) -> None:
    """The same shape, kept here."""
    code, said = typed(FIXTURE / "facts.ndjson", FIXTURE / "floor.yaml", tmp_path / "out")
    assert code == 0, said
    check_example(tmp_path / "out")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"{", "truncated"),
        (
            b'{"id":"x","type":"srez.unknown.v1","source":"/sources/a","time":"2026-11-23T10:00:00Z","data":{}}',
            "unknown fact type",
        ),
        (
            b'{"id":"x","type":"srez.presentation.made.v1","source":"a","data":{"deal":"d","at":"2026-11-23T10:00:00"}}',
            "offset",
        ),
        (b'{"id":"x","type":"srez.presentation.made.v1","source":"a","data":{"at":"2026-11-23T10:00:00Z"}}', "deal"),
        (b'{"specversion":"0.3","id":"x","type":"srez.presentation.made.v1","source":"a","data":{}}', "specversion"),
        (b"\xff\xfe", "facts.ndjson"),
        (b"null", "object"),
    ],
)
def test_an_unreadable_line_is_told_by_its_number(tmp_path: Path, line: bytes, what: str) -> None:
    """Exit code 2; file, line and reason; nothing is written."""
    facts = tmp_path / "facts.ndjson"
    facts.write_bytes(encoded(call("a", "10:00")) + b"\n\n" + line + b"\n" + encoded(call("b", "10:00")) + b"\n")
    code, said = typed(facts, FIXTURE / "floor.yaml", tmp_path / "out")
    assert code == 2
    assert "facts.ndjson:3: " in said
    assert what in said
    assert not (tmp_path / "out").exists()


def test_files_that_are_not_there(tmp_path: Path) -> None:
    """A missing facts file, a missing floor file, a bad floor file: exit code 2 and the reason."""
    facts = tmp_path / "facts.ndjson"
    code, said = typed(facts, FIXTURE / "floor.yaml", tmp_path / "out")
    assert (code, "facts.ndjson" in said) == (2, True)
    facts.write_bytes(b"")
    code, said = typed(facts, tmp_path / "floor.yaml", tmp_path / "out")
    assert (code, "floor.yaml" in said) == (2, True)
    (tmp_path / "floor.yaml").write_text("timezone: Europe/Moscow\nteams: [{id: a}]\nslicez: []\n")
    code, said = typed(facts, tmp_path / "floor.yaml", tmp_path / "out")
    assert code == 2
    assert "line 3: slicez: unknown key; did you mean 'slices'?" in said


def test_a_last_line_without_an_end_and_empty_lines(tmp_path: Path) -> None:
    """Both are fine."""
    facts = tmp_path / "facts.ndjson"
    facts.write_bytes(b"\n" + encoded(call("a", "10:00")) + b"\n  \n" + encoded(call("b", "10:01")))
    code, said = typed(facts, FIXTURE / "floor.yaml", tmp_path / "out")
    assert code == 0, said
    rows = objects((tmp_path / "out" / "slices.ndjson").read_bytes())
    assert next(one["done"] for one in rows if one["agent"] == "ivan" and one["step"] == "calls") == 2
