"""``srez backtest FACTS.ndjson --floor FILE --out DIR``."""

import gc
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from schemas.floor import FloorError, load
from services.lab.backtest.read import UnreadableFacts, read
from services.lab.backtest.run import Result, run
from services.lab.backtest.write import write

FactsFile = Annotated[Path, typer.Argument(help="Facts, one structured CloudEvent a line; order does not matter.")]
FloorFile = Annotated[Path, typer.Option("--floor", help="The floor file to judge by.")]
OutDir = Annotated[Path, typer.Option("--out", help="Folder for slices, tasks, coaching and alerts (.ndjson).")]


def backtest(facts: FactsFile, floor: FloorFile, out: OutDir) -> None:
    """Judge days of stored facts by the same rules that run live."""
    errors = Console(stderr=True)
    try:
        described = load(str(floor))
    except OSError as error:
        raise _refused(errors, f"cannot read {floor}: {error.strerror}") from error
    except FloorError as error:
        raise _refused(errors, f"{floor} is not a usable floor file:\n{error}") from error
    gc.disable()  # a million facts are kept to the end: looking for garbage among them doubles the time
    try:
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
            reading = progress.add_task("reading facts", total=None)
            versions = read(facts, described, lambda count: progress.advance(reading, count))
            judging = progress.add_task("judging days", total=len({version.day for version in versions}))
            result = run(described, versions, lambda _: progress.advance(judging))
        counts = write(result, out)
    except UnreadableFacts as error:
        raise _refused(errors, str(error)) from error
    except OSError as error:
        raise _refused(errors, f"{error.filename}: {error.strerror}") from error
    finally:
        gc.enable()
    _say(errors, result, counts, out)


def _refused(errors: Console, why: str) -> typer.Exit:
    errors.print(why, style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(2)


def _say(errors: Console, result: Result, counts: dict[str, int], out: Path) -> None:
    written = ", ".join(f"{count} {name.removesuffix('.ndjson')}" for name, count in counts.items())
    errors.print(f"{written} → {out}", highlight=False, soft_wrap=True)
    if result.unattributed:
        errors.print(
            f"{result.unattributed} facts belong to nobody on the roster: add their identities to the floor file"
        )
    if result.outside:
        errors.print(f"{result.outside} facts fall into no slice (after the last cut-off, or on a day off)")
    for verdict, count in sorted(Counter(row.verdict for row in result.alerts).items()):
        errors.print(f"{count} alert{'s' if count > 1 else ''} with the verdict {verdict}")
