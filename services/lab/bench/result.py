"""What a bench found: figures, the goal, and a plain word on whether it is reached."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from os import cpu_count

import msgspec
from rich.table import Table


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number. ``role``: measured (ours), yardstick, ratio, or detail."""

    name: str
    value: float
    unit: str
    role: str = "detail"

    @property
    def text(self) -> str:
        value = self.value
        shown = f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.3g}"
        return f"{shown} {self.unit}".strip()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One bench. ``reached`` is None when it could not be measured; ``notes`` say what the figures do not."""

    bench: str
    what: str
    goal: str
    figures: list[Figure]
    reached: bool | None
    notes: list[str] = []


def report(results: Sequence[Result]) -> bytes:
    """JSON of all results with the machine they were found on."""
    machine = {"cores": cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    found = {"at": datetime.now(UTC), "machine": machine, "results": list(results)}
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def table(results: Sequence[Result]) -> Table:
    shown = Table(title=f"srez bench, {cpu_count()} cores", title_justify="left", show_lines=True)
    for column in ("", "what", "figures", "goal", "reached"):
        shown.add_column(column)
    for one in results:
        figures = "\n".join(f"{figure.name}: {figure.text}" for figure in one.figures)
        reached = {True: "yes", False: "no", None: "not measured"}[one.reached]
        shown.add_row(
            one.bench, "\n".join([one.what, *(f"· {note}" for note in one.notes)]), figures, one.goal, reached
        )
    return shown
