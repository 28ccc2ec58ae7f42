"""A queue on disk between a reader and the poster: first in, first out, kept until it is told that an event arrived."""

import sqlite3
from pathlib import Path
from typing import Self

from services.kit.errors import Misconfigured, Unavailable

_TABLE = "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)"


class Spool:
    """One process at a time. ``add`` returns when the event is on disk (fsync)."""

    def __init__(self, file: Path) -> None:
        """Raises: Misconfigured when the file cannot be used or another process has it."""
        self._file = file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(file, timeout=0, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise Misconfigured(
                f"the spool {file} cannot be opened: {error}; give another place with --spool"
            ) from error
        try:
            for statement in (
                "PRAGMA locking_mode = EXCLUSIVE",
                "PRAGMA synchronous = FULL",
                "BEGIN IMMEDIATE",
                _TABLE,
            ):
                self._db.execute(statement)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._db.close()
            why = "another forwarder uses it" if "locked" in str(error) else str(error)
            raise Misconfigured(
                f"the spool {file}: {why}; stop that one, or give another place with --spool"
            ) from error
        file.chmod(0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, body: bytes) -> None:
        """Raises: Unavailable when the disk is full or broken."""
        try:
            self._db.execute("INSERT INTO events (body) VALUES (?)", (body,))
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the spool {self._file} cannot be written: {error}") from error

    def first(self) -> tuple[int, bytes] | None:
        """The oldest event, which stays."""
        found: tuple[int, bytes] | None = self._db.execute("SELECT id, body FROM events ORDER BY id LIMIT 1").fetchone()
        return found

    def done(self, id_: int) -> None:
        """Raises: Unavailable; then the event will be sent again."""
        try:
            self._db.execute("DELETE FROM events WHERE id = ?", (id_,))
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the spool {self._file} cannot be written: {error}") from error

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM events").fetchone()[0])
