"""``srez floor check | apply | export | diff``."""

from pathlib import Path
from typing import Annotated

import typer

from services.local.counted import counted

app = typer.Typer(help="The floor file: check it, apply it, export it, see what would change.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(dir_okay=False, allow_dash=True, metavar="FILE", help="- reads standard input.")]
Out = Annotated[Path | None, typer.Argument(dir_okay=False, allow_dash=True, metavar="[FILE]")]


def read(file: Path) -> str:
    """Text of *file*, or exit 1 with every problem of it, line by line."""
    from schemas.floor import FloorError, decoded, parse
    from services.ingest.providers import PROVIDERS

    try:
        raw = typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        typer.secho(f"{file}: {error.strerror}", fg="red", err=True)
        raise typer.Exit(2) from error
    try:
        text = decoded(raw)
        parse(text, PROVIDERS)
    except FloorError as error:
        for problem in error.problems:
            typer.secho(f"{file}: {problem}", fg="red", err=True)
        raise typer.Exit(1) from error
    return text


def _advise(file: Path, text: str) -> None:
    """What the file hardly means, to be mended or not."""
    from schemas.floor.advice import advice

    for problem in advice(text):
        typer.secho(f"{file}: warning: {problem}", fg="yellow", err=True)


@app.command()
def check(file: File) -> None:
    """Say what is wrong with FILE, and what it hardly means, line by line. Needs no database."""
    from schemas.floor import parse

    text = read(file)
    floor = parse(text)
    _advise(file, text)
    typer.echo(
        f"{file}: in order. {floor.title}: {counted(len(floor.teams), 'team')}, {counted(len(floor.agents), 'agent')}, "
        f"{counted(len(floor.sources), 'source')}, {counted(len(floor.slices), 'slice')} a day, {floor.timezone}."
    )


@app.command()
def apply(file: File) -> None:
    """Make FILE the floor in force. Services follow within seconds; norms, slices and day from the next midnight on."""
    from schemas.floor import parse
    from services.kit.clock import Clock
    from services.local import floors
    from services.local.addresses import postgres_dsn
    from services.local.following import Following
    from services.local.home import Home

    text, dsn = read(file), postgres_dsn()
    _advise(file, text)
    following = Following.begin(Home.from_environment(), parse(text), dsn)
    applied = floors.apply(dsn, text, Clock.from_environment().now())
    number = applied.number
    typer.echo(f"Version {number} applied." if applied.new else f"Nothing to do: version {number} is the same.")
    for line in floors.warning(applied, text):
        typer.secho(line, fg="yellow", err=True)
    if following is not None:
        following.wait(typer.echo)


@app.command()
def export(
    file: Out = None,
    version: Annotated[int | None, typer.Option("--version", help="This version instead of the one in force.")] = None,
) -> None:
    """Write the floor in force to FILE, or print it."""
    text = _in_force() if version is None else _numbered(version)
    if file is None or str(file) == "-":
        typer.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")


@app.command()
def diff(file: File) -> None:
    """Show what applying FILE would change."""
    from schemas.floor import parse
    from services.local import floors

    found = list(floors.changes(parse(_in_force()), parse(read(file))))
    for line in found or ["Nothing would change."]:
        typer.echo(line)


@app.command()
def card(id_: Annotated[str, typer.Argument(metavar="ID")] = "ours") -> None:
    """Print the quality card that comes with the product as a form of one's own, to be changed: weights, cap, zones, phrases."""
    from schemas.floor.default_card import DEFAULT_CARD
    from schemas.floor.load import card as described

    typer.echo(described(DEFAULT_CARD, id_), nl=False)


def _in_force() -> str:
    from services.local import floors
    from services.local.addresses import postgres_dsn

    newest = floors.newest(postgres_dsn())
    if newest is None:
        typer.secho("No floor was applied yet: srez floor apply FILE", fg="yellow", err=True)
        raise typer.Exit(1)
    return newest[1]


def _numbered(version: int) -> str:
    from services.local import floors
    from services.local.addresses import postgres_dsn

    found = floors.numbered(postgres_dsn(), version)
    if found is None:
        typer.secho(f"There is no version {version}.", fg="yellow", err=True)
        raise typer.Exit(1)
    return found[1]
