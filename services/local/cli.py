"""The ``srez`` command, put together.

What a command needs is imported when it runs: ``srez --help`` must not wait for database drivers.
"""

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from services.kit.errors import SrezError
from services.local.account_commands import app as account_app
from services.local.elsewhere import DATA, LateGroup, add_to
from services.local.fact_commands import app as facts_app
from services.local.floor_commands import app as floor_app
from services.local.floor_commands import read as read_floor
from services.local.home import Home
from services.local.norm_commands import app as norms_app

app = typer.Typer(
    name="srez",
    cls=LateGroup,
    help="Steers a telemarketing floor inside the day: live funnel, norms, slices, tasks, outages.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

HERE = "One machine"
SET_UP = "Set up"
app.add_typer(floor_app, name="floor", rich_help_panel=SET_UP)
app.add_typer(norms_app, name="norms", rich_help_panel=SET_UP)
app.add_typer(account_app, name="account", rich_help_panel=SET_UP)
app.add_typer(facts_app, name="facts", rich_help_panel=DATA)
STARTERS = ("up", "demo")

FloorFile = Annotated[
    Path | None, typer.Option("--floor", exists=True, dir_okay=False, help="Apply this floor file first.")
]
PortBase = Annotated[
    int | None, typer.Option(min=1024, max=65000, help="First of the ports; default: 8300, or free ones.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"srez {metadata.version('srez')}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")] = False,
) -> None:
    if context.invoked_subcommand not in STARTERS:
        use_local_addresses()


def use_local_addresses() -> None:
    """Commands beside a running ``srez up`` find its PostgreSQL, its Kafka and its secrets; the environment wins."""
    endpoints = Home.from_environment().endpoints()
    if not endpoints:
        return
    found = {**endpoints.get("settings", {}), **_local_secrets(endpoints.get("secrets"))}
    for name, value in found.items():
        if value and not os.environ.get(name):
            os.environ[name] = str(value)


def _local_secrets(file: str | None) -> dict[str, str]:
    """Secrets that `srez up` made: with them replays and the doctor see what the running services see."""
    from services.local.secrets import read

    return read(Path(file)) if file else {}


@app.command(rich_help_panel=HERE)
def up(
    floor: FloorFile = None,
    as_demo: Annotated[bool, typer.Option("--demo", help="A simulated day instead; the same as `srez demo`.")] = False,
    port_base: PortBase = None,
) -> None:
    """Start everything on this machine: PostgreSQL, broker, services. Stop with Ctrl-C."""
    if as_demo:
        demo(once=False, rate=200, port_base=port_base)
    from services.local.stack import Options
    from services.local.up import run

    # As `floor apply` reads it, line ends and all: the same file is the same version. A wrong one is told before anything starts.
    text = read_floor(floor) if floor else None
    raise typer.Exit(run(Home.from_environment(), Options(text, port_base=port_base, floor_file=str(floor or "FILE"))))


@app.command(rich_help_panel=HERE)
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the summary; exit code 1 when a check failed.")
    ] = False,
    rate: Annotated[float, typer.Option(min=1, max=600, help="How much faster than life.")] = 200,
    port_base: PortBase = None,
) -> None:
    """Play a simulated day through the real product in three minutes: an outage, lagging agents, odd webhooks."""
    from services.local.demo.day import prepare
    from services.local.demo.run import run

    raise typer.Exit(run(prepare(rate), once=once, port_base=port_base))


@app.command(rich_help_panel=SET_UP)
def doctor() -> None:
    """Say what is wrong with this installation and how to mend it. Exit code 1 when something is wrong."""
    from services.local.doctor import examine

    marks = {"ok": ("✓", "green"), "note": ("·", "yellow"), "wrong": ("✗", "red")}
    states = []
    for finding in examine(Home.from_environment()):
        states.append(finding.state)
        mark, colour = marks[finding.state]
        typer.echo(f"{typer.style(mark, fg=colour)} {finding.what:<22} {finding.detail}".rstrip())
        if finding.mend:
            typer.echo(f"  {'':<22} → {finding.mend}")
    count = states.count("wrong")
    typer.echo(f"\n{count} to mend." if count else "\nNothing is wrong.")
    raise typer.Exit(1 if count else 0)


@app.command(rich_help_panel=SET_UP)
def migrate() -> None:
    """Bring the database (SREZ_POSTGRES_DSN) to the newest schema."""
    from services.local.addresses import postgres_dsn
    from services.local.migrate import upgrade

    typer.echo(f"The database is at revision {upgrade(postgres_dsn())}.")


add_to(app)


def main() -> None:
    """Errors of ours are told in one line, without a traceback."""
    try:
        app()
    except SrezError as error:
        typer.secho(f"srez: {error}", fg="red", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
