"""``srez norms propose | apply``."""

from collections.abc import Callable
from datetime import date as Date
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from schemas.floor import Floor
    from services.local.norms.looked import Looked

app = typer.Typer(help="Norms: propose new ones from what was done, apply a proposal.", no_args_is_help=True)

Editing = Callable[[str], str]
"""Of the text of a floor file."""

PROPOSE_EXAMPLE = "Example: srez norms propose --out norms.json, then srez norms apply norms.json"
APPLY_EXAMPLE = "Example: srez norms apply norms.json; or into a file under version control: --floor floor.yaml"


@app.command(epilog=PROPOSE_EXAMPLE)
def propose(
    floor: Annotated[
        Path | None,
        typer.Option(
            "--floor", dir_okay=False, metavar="FILE", help="Review this file's norms; default: those applied."
        ),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; default: as the window reaches.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Last day; default: yesterday.")
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option("--facts", dir_okay=False, help="Facts, NDJSON, instead of the database; needs --floor."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write the proposal here, for apply.")
    ] = None,
) -> None:
    """Propose norms from the last 20 to 60 working days; changes nothing.

    A norm is proposed at the mean of those it is for, and a quarter of the way to the best; it moves by 5 % at most.
    """
    from rich.console import Console

    from services.kit.clock import Clock
    from services.local.norms import paper as papers
    from services.local.norms.table import show

    errors = Console(stderr=True)
    if facts is not None and floor is None:
        _wrong("--facts needs --floor: a file of facts does not say whose norms to review")
    if since and until and since > until:
        _wrong("--from is after --until")
    described = _floor(floor) if floor else None
    looked = _looked(described, facts, _date(since), _date(until), errors)
    if not looked.days:
        _wrong("nothing to learn from: no working day with agents of the roster in that time", 1)
    made = papers.write(looked, Clock.from_environment().now().astimezone(looked.floor.zone).date())
    show(Console(), made, looked.floor)
    if out is None:
        errors.print("--out FILE keeps it for srez norms apply FILE", style="dim", highlight=False)
        return
    _write(out, papers.encode(made))
    errors.print(f"→ {out}: look at it, then srez norms apply {out}", highlight=False, soft_wrap=True)


@app.command(epilog=APPLY_EXAMPLE)
def apply(
    file: Annotated[Path, typer.Argument(dir_okay=False, metavar="FILE", help="What propose --out wrote.")],
    floor: Annotated[
        Path | None,
        typer.Option(
            "--floor", dir_okay=False, metavar="FILE", help="Write into this floor file instead of the one in force."
        ),
    ] = None,
) -> None:
    """Put a proposal's norms, curves and what it learned of people into the floor: from the next local midnight on.

    Numbers change where they stand, and beside them is written where they come from (`from`: the days looked at, of how many
    people); comments and everything else stay. A review moves a norm once: applied again, it
    changes nothing, and a proposal made against other norms is refused.
    """
    from schemas.floor import FloorError, parse
    from schemas.floor.edit_curves import give_curves
    from schemas.floor.edit_learned import give_learned
    from schemas.floor.edit_norms import give_norms
    from services.kit.clock import Clock
    from services.local import floors
    from services.local.norms import paper as papers

    made = papers.decode(_read(file))
    now = Clock.from_environment().now()

    def edit(text: str) -> str:
        described = parse(text)
        papers.check(made, described)
        norms = papers.changes(made, now.astimezone(described.zone).date())
        text = give_curves(give_norms(text, norms), papers.learned_curves(made))
        return give_learned(text, papers.learned(made))

    try:
        before, after, told = _edit_file(floor, edit) if floor else _edit_applied(edit)
    except FloorError as error:
        for problem in error.problems:
            typer.secho(f"{floor or 'the floor in force'}: {problem.path}: {problem.what}", fg="red", err=True)
        raise typer.Exit(1) from error
    for line in floors.changes(parse(before), parse(after)):
        typer.echo(line)
    typer.echo(told)


def _edit_file(file: Path, edit: Editing) -> tuple[str, str, str]:
    """(before, after, what to say)."""
    from schemas.floor import decoded

    before = decoded(_read(file))
    after = edit(before)
    if after == before:
        return before, after, f"Nothing to do: {file} has these norms."
    beside = file.with_name(f"{file.name}.new")
    _write(beside, after.encode())
    beside.chmod(file.stat().st_mode)
    beside.replace(file)
    return before, after, f"{file} is changed, and not in force yet: srez floor apply {file}"


def _edit_applied(edit: Editing) -> tuple[str, str, str]:
    from schemas.floor import parse
    from services.kit.clock import Clock
    from services.local import floors
    from services.local.addresses import postgres_dsn

    now = Clock.from_environment().now()
    done = floors.change(postgres_dsn(), edit, now)
    if done is None:
        _wrong("no floor was applied yet: srez floor apply FILE", 1)
    if done.before == done.after:
        return done.before, done.after, f"Nothing to do: version {done.number} has these norms."
    zone = parse(done.after).zone
    first = now.astimezone(zone).date() + timedelta(days=1)
    told = (
        f"Version {done.number} applied. Today goes on by the old norms; the new ones hold from {first} 00:00 ({zone.key}).\n"
        "If you keep a floor file, bring it up to date: srez floor export floor.yaml"
    )
    return done.before, done.after, told


def _looked(
    floor: "Floor | None", facts: Path | None, since: Date | None, until: Date | None, errors: "Console"
) -> "Looked":
    from rich.progress import Progress

    from services.kit.clock import Clock
    from services.lab.backtest.read import UnreadableFacts
    from services.local.addresses import postgres_dsn
    from services.local.norms import from_database, from_facts

    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        reading = progress.add_task("reading facts", total=None, visible=facts is not None)
        looking = progress.add_task("looking at days", total=None)

        def read(count: int) -> None:
            progress.advance(reading, count)

        def advance(done: int, total: int) -> None:
            progress.update(looking, completed=done, total=total)

        if facts is None:
            return from_database.look(postgres_dsn(), floor, since, until, Clock.from_environment().now(), advance)
        assert floor is not None  # propose() asked for it
        try:
            return from_facts.look(facts, floor, since, until, read, advance)
        except UnreadableFacts as error:
            _wrong(str(error))
        except OSError as error:
            _wrong(f"{facts}: {error.strerror}")


def _floor(file: Path) -> "Floor":
    from schemas.floor import parse
    from services.local.floor_commands import read

    return parse(read(file))


def _date(given: datetime | None) -> Date | None:
    return given.date() if given else None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        _wrong(f"{file}: {error.strerror}")


def _write(file: Path, raw: bytes) -> None:
    try:
        file.write_bytes(raw)
    except OSError as error:
        _wrong(f"{file}: {error.strerror}")


def _wrong(why: str, code: int = 2) -> NoReturn:
    typer.secho(why, fg="red", err=True)
    raise typer.Exit(code)
