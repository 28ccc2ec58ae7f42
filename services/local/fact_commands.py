"""``srez facts export``."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import date as Date
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, NoReturn

import typer

if TYPE_CHECKING:
    from services.local.stored_facts import Exported

app = typer.Typer(help="Stored facts: write them into a file.", no_args_is_help=True)

EXAMPLE = (
    "Example: srez facts export --since 2026-10-01 --out facts.ndjson, then srez floor export floor.yaml, "
    "then srez backtest facts.ndjson --floor floor.yaml --out out"
)


@app.callback()
def _group() -> None:
    """Keeps `export` a command of its own while it is the only one."""


@app.command(epilog=EXAMPLE)
def export(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day, by the floor's clock; default: the first.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, it included; default: the last.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write there; default, and -: standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file when there is one.")] = False,
) -> None:
    """Write stored facts as srez backtest and srez norms propose --facts read them: one CloudEvent a line.

    What came late keeps when it came, and what was corrected is there
    before and after: a slice is judged again by what was known when it
    closed. (When the first content of a corrected fact came is not kept,
    unless it is a call in legs; it counts as come when it happened. What
    was read again by a mended parser is there as it reads now.)

    Not in it, since it is no fact: what people called technical on the
    board or in Slack, what they did with tasks and alerts, webhooks that
    were not understood, floors and norms of the past (a back-test judges
    all days by one floor file). Facts that turned out to be parts of
    another are gone; a fact belongs to whom the roster gave it last.

    The back-test learns what is usual from the four weeks before a day:
    begin that much earlier. The file holds all that is known of calls,
    transcripts too: keep it like the database.
    """
    from rich.console import Console

    if since and until and since > until:
        _wrong("--since is after --until")
    target = None if out is None or str(out) == "-" else out
    if target is not None and target.exists() and not force:
        _wrong(f"{target} is there already: --force replaces it")
    try:
        with _opened(target) as file:
            exported = _export(file, _date(since), _date(until))
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        _wrong(f"{target or 'standard output'}: {error.strerror}")
    Console(stderr=True).print(_told(exported, target), highlight=False, soft_wrap=True)


@contextlib.contextmanager
def _opened(target: Path | None) -> Iterator[BinaryIO]:
    """The file itself appears only when all of it is written."""
    if target is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    beside = target.with_name(f"{target.name}.new")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _export(file: BinaryIO, since: Date | None, until: Date | None) -> "Exported":
    from rich.console import Console
    from rich.progress import Progress

    from services.local.addresses import postgres_dsn
    from services.local.stored_facts import export as export_stored

    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("writing facts", total=None)
        return asyncio.run(
            export_stored(
                postgres_dsn(),
                since,
                until,
                file.write,
                lambda done, of_all: progress.update(task, completed=done, total=of_all),
            )
        )


def _told(exported: "Exported", target: Path | None) -> str:
    from services.local.counted import counted

    corrected = exported.lines - exported.facts
    more = f" and {counted(corrected, 'earlier content')} of corrected ones" if corrected else ""
    where = f" → {target}" if target else ""
    return f"{counted(exported.facts, 'fact')}{more}, {exported.first} to {exported.last}{where}"


def _date(given: datetime | None) -> Date | None:
    return given.date() if given else None


def _wrong(why: str) -> NoReturn:
    typer.secho(why, fg="red", err=True)
    raise typer.Exit(2)
