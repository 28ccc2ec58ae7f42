"""The feeder's ledger: one JSON line per request, written when its outcome is known."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request. ``status`` is the last HTTP status, or ``timeout`` / ``refused``: accepted or not is then unknown.

    ``fact`` is the event_id that the request must come to (None for an odd one); several requests may share it: legs,
    duplicates, a recording. Instants are the floor's (virtual) time.
    """

    id: int
    source: str
    what: str
    due_at: datetime
    sent_at: datetime
    status: str
    attempts: int
    fact: str | None = None
    type: str | None = None
    agent: str | None = None
    occurred_at: datetime | None = None

    @property
    def accepted(self) -> bool:
        return self.status.startswith("2")


class Ledger:
    """Appends entries to a new file and counts them. A context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = self.accepted = self.retried = 0
        self.outcomes: Counter[str] = Counter()
        self._file: BinaryIO | None = None

    def __enter__(self) -> "Ledger":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, entry: Entry) -> None:
        if self._file is None:
            raise ValueError("the ledger is not open")
        self._file.write(msgspec.json.encode(entry) + b"\n")
        self._file.flush()
        self.written += 1
        self.accepted += entry.accepted
        self.retried += entry.attempts > 1
        self.outcomes[entry.status] += 1


def read(path: Path) -> Iterator[Entry]:
    """Entries of a ledger, in the order of their outcomes."""
    with path.open("rb") as file:
        for line in file:
            yield msgspec.json.decode(line, type=Entry)
