"""``srez lab accuracy``: how often people on norm are bothered, and how surely the others are found."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

app = typer.Typer(no_args_is_help=True, help="The lab: try the rules on people whose true pace is known.")
lab = typer.Typer(no_args_is_help=True, help="Try the rules on people whose true pace is known.")
app.add_typer(lab, name="lab")

Days = Annotated[int, typer.Option(min=1, help="days of each floor; each begins afresh")]
Agents = Annotated[int, typer.Option(min=20, help="people of each kind on the first floor, and on the second in all")]
Seed = Annotated[int, typer.Option(help="same seed, same figures")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="write the figures here too")]


@lab.callback()
def _lab() -> None:
    """Makes a group of one command."""


@lab.command(epilog="Example: srez lab accuracy --agents 500 --days 100 --seed 7 --json accuracy.json")
def accuracy(days: Days = 40, agents: Agents = 300, seed: Seed = 1, json: JsonFile = None) -> None:
    """Measure how often the rules give a task, and call the trainer, to people on norm, at 70 % and at 50 %.

    Made-up counts go through the very close that judges live. Beside each share: its interval, the value it should have,
    and what "below target → task, twice running → trainer" does with the same counts. Then the forecasts
    against their own promises, and how often drift, drops and habits are pointed at, rightly and wrongly. Needs no server
    and about a minute and a half. Exit code 1: something is not as it should be.
    """
    from services.lab.accuracy import measure, work  # statistics: not for every start of srez
    from services.lab.accuracy.report import as_json, conclusion, pages

    errors, began = Console(stderr=True), time.monotonic()
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        playing = progress.add_task("playing days", total=work(agents, days))
        report = measure(agents, days, seed, lambda done: progress.advance(playing, done))
    shown = Console()
    for page in pages(report):
        shown.print(page)
    said = f"Seed {seed}, {agents} agents, {days} days, intervals of {report.confidence:.1%}: {conclusion(report)}."
    shown.print(said, markup=False, highlight=False, soft_wrap=True)
    errors.print(f"{time.monotonic() - began:.0f} s", highlight=False)
    if json is not None:
        _write(json, as_json(report))
    if not report.agrees:
        raise typer.Exit(1)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        typer.secho(f"{error.filename}: {error.strerror}", fg="red", err=True)
        raise typer.Exit(2) from error
