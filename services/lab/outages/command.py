"""``srez lab outages``: prints the table, or JSON."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from services.lab.outages.story import SCENARIOS
from services.lab.outages.trial import Report, measure

Days = Annotated[int, typer.Option(min=1, help="Days of each scenario.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same report.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the report there, as JSON.")]


def outages(days: Days = 20, seed: Seed = 1, json: Json = None) -> None:
    """Known faults through the rules of outages: how soon, how right, how often for nothing."""
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("playing days", total=days * len(SCENARIOS))
        report = measure(days, seed, lambda done: progress.advance(task, done))
    _say(Console(), report)
    if json is not None:
        try:
            json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
        except OSError as error:
            typer.secho(f"{error.filename}: {error.strerror}", fg="red", err=True)
            raise typer.Exit(2) from error


def _say(console: Console, report: Report) -> None:
    table = Table(
        "scenario", "right", "found", "median, min", "p90", "verdicts", "false", "naive", "naive, min", "naive false"
    )
    for one in report.found:
        table.add_row(
            one.scenario, one.right, f"{one.detected}/{one.days}", _min(one.median_min), _min(one.p90_min),
            ", ".join(f"{name} {count}" for name, count in one.verdicts.items()), str(one.false_alarms),
            f"{one.naive_detected}/{one.days}", _min(one.naive_median_min), str(one.naive_false_alarms),
        )  # fmt: skip
    console.print(table)
    console.print(
        f"false alarms a floor-week: {report.false_per_week:.2f} ({report.false_low:.2f}–{report.false_high:.2f});"
        f" naive: {report.naive_false_per_week:.2f}"
    )


def _min(minutes: float | None) -> str:
    return "—" if minutes is None else f"{minutes:.1f}"
