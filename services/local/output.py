"""The merged log of all processes: one line an event, the name in front, a colour for each."""

import contextlib
import io
import sys
from pathlib import Path
from typing import TextIO

PALETTE = ("36", "32", "33", "35", "34", "96", "92", "93")
WIDTH = 10


class Output:
    """Writes to the terminal and to a file. ``quiet``: the terminal shows only what the supervisor itself says."""

    def __init__(self, log_file: Path, *, quiet: bool = False, terminal: TextIO | None = None) -> None:
        if log_file.exists():
            log_file.replace(log_file.with_name(log_file.name + ".1"))
        self._file = log_file.open("w", encoding="utf-8", buffering=1)
        self._terminal = terminal or sys.stdout
        self._coloured = self._terminal.isatty()
        self._colours: dict[str, str] = {}
        self.quiet = quiet

    def say(self, text: str) -> None:
        """The supervisor speaks to the person."""
        for line in text.splitlines() or [""]:
            self._file.write(f"{'srez':<{WIDTH}} | {line}\n")
            self._show(line if self.quiet else f"{self._name('srez')} | {line}")

    def line(self, name: str, text: str, *, shown: bool = True) -> None:
        """Process *name* wrote *text*."""
        self._file.write(f"{name:<{WIDTH}} | {text}\n")
        if shown and not self.quiet:
            self._show(f"{self._name(name)} | {text}")

    def close(self) -> None:
        self._file.close()

    def _name(self, name: str) -> str:
        padded = f"{name:<{WIDTH}}"
        if not self._coloured:
            return padded
        colour = self._colours.setdefault(name, PALETTE[len(self._colours) % len(PALETTE)])
        return f"\x1b[{colour}m{padded}\x1b[0m"

    def _show(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError, io.UnsupportedOperation):  # whoever read our output went away
            print(text, file=self._terminal, flush=True)
