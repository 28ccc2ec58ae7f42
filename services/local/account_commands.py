"""``srez account add | list | password | disable | enable | remove``."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")
app = typer.Typer(help="Accounts of the board: who may sign in, and as what.", no_args_is_help=True)
Offered = Literal["operator", "head", "lead", "trainer", "viewer"]
"""Not yet ``agent``: pages do not yet keep from an agent what is others'."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="What is typed to sign in.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command(epilog="Example: srez account add maria --role lead --team north")
def add(
    name: Name,
    role: Annotated[Offered, typer.Option(help="What the account may do.")],
    team: Annotated[str | None, typer.Option(help="The team of a lead.")] = None,
    password_stdin: FromStdin = False,
) -> None:
    """Add an account. From the first one on, everybody has to sign in."""
    from services.board.access import Person
    from services.board.storage import accounts

    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= 100:
        _wrong("a name is 1 to 100 printable characters, without spaces at its ends")
    if (role == "lead") != (team is not None):
        _wrong("--team goes with --role lead, and a lead needs it")
    password = _password(name, password_stdin)
    if not _run(lambda c, now: accounts.add(c, Person(name, role, team), password, now)):
        _wrong(f"there is an account {name} already: srez account password {name}", 1)
    typer.echo(f"{name} may sign in as {role}.")


@app.command("list", epilog="Example: srez account list")
def show() -> None:
    """Say who may sign in."""
    from services.board.storage import accounts

    for row in _run(lambda c, _: accounts.everyone(c)):
        typer.echo(f"{row.name}\t{row.role}\t{row.team or '-'}\t{'disabled' if row.disabled_at else 'active'}")


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
    from services.board.storage import accounts

    if not _run(lambda c, _: accounts.remove(c, name)):
        _wrong(f"no account {name}: srez account list", 1)
    typer.echo(f"{name} is removed.")


def _change(name: str, values: "Callable[[datetime], dict[str, Any]]", told: str) -> None:
    from services.board.storage import accounts

    if not _run(lambda c, now: accounts.change(c, name, now, **values(now))):
        _wrong(f"no account {name}: srez account list", 1)
    typer.echo(f"{name} {told}.")


def _password(name: str, from_stdin: bool) -> str:
    from services.kit.passwords import weakness

    given: str = (
        sys.stdin.readline().rstrip("\r\n")
        if from_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    why = weakness(given, name)
    if why:
        _wrong(f"this password is refused: {why}")
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
