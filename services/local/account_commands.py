"""``srez account add | list | link | password | disable | enable | remove``."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer

from services.board.access import Role

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.floor import Floor

T = TypeVar("T")
app = typer.Typer(help="Accounts of the board: who may sign in, and as what.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="What is typed to sign in.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
WEAK: Final = {
    "short": "it is too short, ten characters at least",
    "long": "it is too long",
    "name": "it is the name of the account",
    "repeated": "it is one or two characters over and over",
}


@app.command(epilog="Example: srez account add maria --role lead --team north --link")
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    team: Annotated[str | None, typer.Option(help="The team of a lead, as in the floor file.")] = None,
    agent: Annotated[
        str | None, typer.Option(help="Whose account it is, as in the floor file; with role agent.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Sessions last so many days, used or not: for a wall.")
    ] = None,
    by_link: Annotated[
        bool, typer.Option("--link", help="Print a link to set the password, instead of asking.")
    ] = False,
    password_stdin: FromStdin = False,
) -> None:
    """Add an account. From the first one on, everybody has to sign in."""
    from services.board.access import Person
    from services.board.storage import managing

    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= 100:
        _wrong("a name is 1 to 100 printable characters, without spaces at its ends")
    if (role == "lead") != (team is not None):
        _wrong("--team goes with --role lead, and a lead needs it")
    if (role == "agent") != (agent is not None):
        _wrong("--agent goes with --role agent, and an agent needs it")
    if team is not None or agent is not None:
        _check(_floor(), team, agent)
    password = None if by_link else _password(name, password_stdin)
    if not _run(lambda c, now: managing.add(c, Person(name, role, team, agent), password, now, days)):
        _wrong(f"there is an account {name} already: srez account password {name}", 1)
    typer.echo(f"{name} may sign in as {role}.")
    if by_link:
        _print_link(name, None)


@app.command("list", epilog="Example: srez account list")
def show() -> None:
    """Say who may sign in."""
    from services.board.storage import managing

    rows = _run(lambda c, _: managing.everyone(c))
    if not rows:
        typer.echo("There are no accounts: whoever sits at this machine may do everything on the board.", err=True)
    for row in rows:
        state = "disabled" if row.disabled_at else "active"
        typer.echo(f"{row.name}\t{row.role}\t{row.team or row.agent or '-'}\t{state}")


@app.command(epilog="Example: srez account link maria")
def link(
    name: Name, board: Annotated[str | None, typer.Option(help="Address of the board, as people reach it.")] = None
) -> None:
    """Print a link by which NAME sets a password, once, within 24 hours. Links given before work no more."""
    _print_link(name, board)


@app.command(epilog="Example: srez account password maria")
def password(name: Name, password_stdin: FromStdin = False) -> None:
    """Give a new password; ends the account's sessions."""
    from services.kit.passwords import hashed

    kept = hashed(_password(name, password_stdin))
    _change(name, lambda now: {"password_hash": kept, "password_changed_at": now}, "has a new password")


@app.command(epilog="Example: srez account disable maria")
def disable(name: Name) -> None:
    """Let the account sign in no more; ends its sessions."""
    _change(name, lambda now: {"disabled_at": now}, "is disabled")


@app.command(epilog="Example: srez account enable maria")
def enable(name: Name) -> None:
    """Let a disabled account sign in again."""
    _change(name, lambda _: {"disabled_at": None}, "is enabled")


@app.command(epilog="Example: srez account remove maria")
def remove(name: Name) -> None:
    """Remove the account and its sessions."""
    from services.board.storage import managing

    if not _run(lambda c, _: managing.remove(c, name)):
        _wrong(f"no account {name}: srez account list", 1)
    typer.echo(f"{name} is removed.")


def _change(name: str, values: "Callable[[datetime], dict[str, Any]]", told: str) -> None:
    from services.board.storage import managing

    if not _run(lambda c, now: managing.change(c, name, now, **values(now))):
        _wrong(f"no account {name}: srez account list", 1)
    typer.echo(f"{name} {told}.")


def _print_link(name: str, board: str | None) -> None:
    from services.board.storage import managing

    token = _run(lambda c, now: managing.link(c, name, now))
    if token is None:
        _wrong(f"no account {name} that may sign in: srez account list", 1)
    typer.echo(f"{(board or _board()).rstrip('/')}/set-password?token={token}")
    typer.echo("Works once, within 24 hours. Whoever has it can take the account.", err=True)


def _board() -> str:
    """Where people reach the board: by the floor file, else by the running ``srez up``, else the default."""
    from services.local.home import Home

    floor = _newest()
    if floor is not None and floor.board.url:
        return floor.board.url
    return str((Home.from_environment().endpoints() or {}).get("board") or "http://127.0.0.1:8090")


def _floor() -> "Floor":
    found = _newest()
    if found is None:
        _wrong("no floor file was applied yet: srez floor apply FILE")
    return found


def _newest() -> "Floor | None":
    from schemas.floor import parse
    from services.board.storage import managing

    text = _run(lambda c, _: managing.floor_text(c))
    return None if text is None else parse(text)


def _check(floor: "Floor", team: str | None, agent: str | None) -> None:
    if team is not None and team not in floor.team_by_id:
        _wrong(f"no team {team} in the floor file; there are {', '.join(sorted(floor.team_by_id))}")
    if agent is not None and agent not in floor.agent_by_id:
        _wrong(f"no agent {agent} in the floor file")


def _password(name: str, from_stdin: bool) -> str:
    from services.kit.passwords import weakness

    given: str = (
        sys.stdin.readline().rstrip("\r\n")
        if from_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    why = weakness(given, name)
    if why:
        _wrong(f"this password is refused: {WEAK.get(why, why)}")
    return given


def _run(work: "Callable[[Any, datetime], Awaitable[T]]") -> T:
    from services.kit import postgres
    from services.kit.clock import Clock
    from services.local.addresses import postgres_dsn

    async def run() -> T:
        engine = postgres.engine(postgres_dsn())
        try:
            async with engine.begin() as connection:
                return await work(connection, Clock.from_environment().now())
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _wrong(why: str, code: int = 2) -> NoReturn:
    typer.secho(why, fg="red", err=True)
    raise typer.Exit(code)
