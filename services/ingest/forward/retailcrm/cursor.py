"""How far the history was handed over: a small JSON file, replaced at once and synced before the next page is asked for.

A file and not the database: the poller may run beside the CRM, far from ours, and owns nothing but this number.
"""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from services.kit.errors import Misconfigured


def default_path(source: str) -> Path:
    """``.srez/retailcrm-<source>.json`` (SREZ_HOME)."""
    return Path(os.environ.get("SREZ_HOME") or ".srez") / f"retailcrm-{source}.json"


@dataclass(frozen=True, slots=True)
class Cursor:
    """``account``: address of the CRM; a number of one account means nothing in another."""

    path: Path
    account: str

    def read(self) -> int | None:
        """Id of the last entry handed over; None on the first start. Raises: Misconfigured."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            account, since = kept["account"], kept["since"]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Misconfigured(f"{self.path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise Misconfigured(f"{self.path} is no cursor: delete it, or say where to begin: --since ID") from error
        if isinstance(since, bool) or not isinstance(since, int) or since < 0:
            raise Misconfigured(f"{self.path} holds no number: delete it, or say where to begin: --since ID")
        if account != self.account:
            raise Misconfigured(
                f"{self.path} belongs to {account}, the floor file says {self.account}: "
                "give another --state, or begin anew with --since ID"
            )
        return since

    def write(self, since: int) -> None:
        """Raises: Misconfigured when the file cannot be written."""
        text = json.dumps({"account": self.account, "since": since}) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Misconfigured(
                f"the cursor cannot be written to {self.path} ({error.strerror}): give --state a file that can"
            ) from error
