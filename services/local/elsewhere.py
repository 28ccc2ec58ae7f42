"""Commands that other packages bring: known to ``srez --help`` by a line, imported when they are asked for.

Web servers, stream engines and statistics take seconds to import; a list of commands must not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """``attribute`` of ``module`` is a function to make a command of, or a Typer app that has one of this name."""

    module: str
    attribute: str
    panel: str
    help: str


DATA = "Data"
LAB = "Lab"
ONE = "One service (production)"

COMMANDS: Mapping[str, Elsewhere] = {
    "normalize": Elsewhere("services.ingest.commands", "app", DATA, "Show the facts in one webhook body."),
    "journal": Elsewhere(
        "services.ingest.commands", "app", DATA, "The journal: list, show, replay webhooks as they came."
    ),
    "retailcrm": Elsewhere(
        "services.ingest.forward.retailcrm.command", "retailcrm", DATA, "Fetch RetailCRM's order history into ingest."
    ),
    "asterisk": Elsewhere(
        "services.ingest.forward.asterisk.command",
        "asterisk",
        DATA,
        "Bring the calls of an Asterisk or FreePBX to ingest.",
    ),
    "simulate": Elsewhere(
        "services.lab.commands", "simulate", LAB, "Make a floor's day up: facts, and the truth about them."
    ),
    "feed": Elsewhere(
        "services.lab.commands", "feed", LAB, "Post a made-up day to ingest, signed, as its providers would."
    ),
    "backtest": Elsewhere(
        "services.lab.backtest.command", "backtest", LAB, "Judge days of stored facts by the live rules."
    ),
    "bench": Elsewhere("services.local.bench", "bench", LAB, "Measure speed against yardsticks of the same run."),
    "lab": Elsewhere(
        "services.lab.accuracy.command",
        "app",
        LAB,
        "Try the rules on people and faults that are known: lab accuracy, lab outages.",
    ),
    "ingest": Elsewhere("services.ingest.__main__", "main", ONE, "Receive webhooks, journal them, make facts of them."),
    "aggregator": Elsewhere(
        "services.aggregator.commands", "aggregator", ONE, "Count per agent and line, close slices."
    ),
    "alerts": Elsewhere("services.alerts.commands", "alerts", ONE, "Decide on outages and tasks, deliver messages."),
    "board": Elsewhere("services.board.commands", "board", ONE, "Show the floor: web console, JSON API, live stream."),
}


def add_to(app: typer.Typer) -> None:
    """A line in the help for each."""
    for name, command in COMMANDS.items():
        app.command(name, help=command.help, rich_help_panel=command.panel)(_placeholder)


def _placeholder() -> None:
    """Replaced by the real command before anything is parsed."""


class LateGroup(TyperGroup):
    """Imports a command of COMMANDS when it is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name is not None and name in COMMANDS else command, rest


def load(name: str) -> Any:
    command = COMMANDS[name]
    found = getattr(import_module(command.module), command.attribute)
    if not isinstance(found, typer.Typer):
        app = typer.Typer(add_completion=False)
        app.command(name)(found)
        return get_command(app)
    group = get_command(found)
    assert isinstance(group, TyperGroup)
    return group.commands[name]
