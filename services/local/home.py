"""The folder ``.srez/`` (SREZ_HOME): who runs here, where everything answers, and what must outlive a crash.

``lock``            held by the one running supervisor
``endpoints.json``  addresses and process ids of everything, while it runs
``clock.json``      anchor of the virtual time, from a start until a clean stop
``secrets.env``     secrets made here, readable by the owner only
``srez.log``        merged log of the last run; ``srez.log.1`` of the one before
``postgres/`` ``broker/``  the embedded servers
"""

import contextlib
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from services.kit.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Home:
    """``root`` holds the lock and the addresses; ``state`` the data. They differ for a demo, whose data are its own."""

    root: Path
    state: Path

    @classmethod
    def from_environment(cls, part: str | None = None) -> "Home":
        root = Path(os.environ.get("SREZ_HOME") or ".srez").absolute()
        return cls(root, root / part if part else root)

    @property
    def endpoints_file(self) -> Path:
        return self.root / "endpoints.json"

    @property
    def secrets_file(self) -> Path:
        return self.state / "secrets.env"

    @property
    def clock_file(self) -> Path:
        return self.state / "clock.json"

    @property
    def log_file(self) -> Path:
        return self.state / "srez.log"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only supervisor here. The lock falls with the process, however it ends. Raises: Misconfigured."""
        with self._lock() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                raise Misconfigured(
                    f"Srez already runs on {self.root} (process {file.read().strip() or 'unknown'}). "
                    "Stop it first, or give this one a folder of its own: SREZ_HOME=…"
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            self.state.mkdir(parents=True, exist_ok=True)
            yield

    def _lock(self) -> IO[str]:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            return (self.root / "lock").open("a+")
        except OSError as error:
            raise Misconfigured(
                f"cannot write to {self.root} ({error.strerror}): give Srez a folder of its own, SREZ_HOME=…"
            ) from error

    def endpoints(self) -> dict[str, Any]:
        """What the running supervisor wrote, or an earlier one that was killed; {} when there is nothing."""
        return read_json(self.endpoints_file)

    def write_endpoints(self, endpoints: Mapping[str, Any]) -> None:
        write_json(self.endpoints_file, endpoints)

    def anchor(self, clock: str) -> str:
        """Anchor of the virtual time *clock*: the one kept from a run that did not end cleanly, else now."""
        kept = read_json(self.clock_file)
        if kept.get("clock") != clock:
            kept = {"clock": clock, "anchor": repr(time.time())}
            write_json(self.clock_file, kept)
        return str(kept["anchor"])

    def forget_run(self) -> None:
        """After a clean stop: no addresses, and the next run starts its virtual time afresh."""
        self.endpoints_file.unlink(missing_ok=True)
        self.clock_file.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from *path*; {} when there is none or a crash left half of one."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Replace *path* at once, readable by the owner only: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)
