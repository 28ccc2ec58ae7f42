"""The poller: a page, its 2xx, the cursor; nothing else is kept."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx
from tenacity import Retrying

from services.ingest.forward.retailcrm.crm import History, Page, id_of
from services.ingest.forward.retailcrm.cursor import Cursor
from services.ingest.forward.retailcrm.patience import send
from services.kit.errors import Misconfigured

LARGEST: Final = 900_000
"""Bytes of a post: ingest takes one MiB. A greater page goes in parts."""


@dataclass(frozen=True, slots=True)
class Hook:
    """``/hooks/{source}`` of ingest, with the secrets the source has."""

    client: httpx.Client
    ingest: str
    source: str
    path: str | None
    basic: str | None

    def post(self, body: bytes) -> None:
        """Raises: Later, Misconfigured."""
        secret = f"/{quote(self.path, safe='')}" if self.path else ""
        user, _, password = (self.basic or "").partition(":")
        request = self.client.build_request(
            "POST",
            f"{self.ingest.rstrip('/')}/hooks/{quote(self.source)}{secret}",
            content=body,
            headers={"content-type": "application/json"},
        )
        if self.basic:
            request = next(httpx.BasicAuth(user, password).auth_flow(request))
        response = send(self.client, request, "ingest")
        if not 200 <= response.status_code < 300:
            raise Misconfigured(self._mend(response.status_code))

    def _mend(self, status: int) -> str:
        mends = {
            401: "its secret is another: the same secrets.path must reach ingest and this command",
            404: f"it knows no source {self.source}: srez floor apply FILE, and see --ingest",
            413: "one entry of the history is greater than it takes",
        }
        return f"ingest at {self.ingest} refuses the page (answer {status}): {mends.get(status, 'see its log')}"


class Poller:
    """``retrying`` is the patience of each request; ``tell`` says to people what goes on."""

    def __init__(
        self, history: History, hook: Hook, cursor: Cursor, retrying: Retrying, tell: Callable[[str], None]
    ) -> None:
        self._history, self._hook, self._cursor, self._retrying, self._tell = history, hook, cursor, retrying, tell
        self._since = 0

    def begin(self, since: int | None) -> None:
        """At *since*, else where the cursor stands, else now: what happened before the first start is not fetched."""
        kept = self._cursor.read() if since is None else None
        if kept is not None:
            self._since = kept
            return
        if since is None:
            since = self._retrying(self._history.newest)
            self._tell(f"first start: only what happens from now on (after entry {since}); --since ID goes back")
        self._cursor.write(since)
        self._since = since

    def turn(self) -> int:
        """Hand over everything after the cursor; returns how many entries."""
        handed = 0
        while True:
            page: Page = self._retrying(self._history.after, self._since)
            new = [entry for entry in page.entries if (id_of(entry) or 0) > self._since]
            if not new:
                return handed
            for body in parts(page.body, new):
                self._retrying(self._hook.post, body)
            self._cursor.write(page.last)
            self._since = page.last
            handed += len(new)
            self._tell(f"{len(new)} entries handed over, up to {page.last}")

    def run(self, every_s: float, sleep: Callable[[float], None] = time.sleep) -> None:
        while True:
            self.turn()
            sleep(every_s)


def parts(body: bytes, entries: Sequence[Any], largest: int = LARGEST) -> Iterator[bytes]:
    """The page as it came, or, when it is too great, its entries in as few bodies as halving gives, in order."""
    if len(body) <= largest or len(entries) < 2:
        yield body
        return
    middle = len(entries) // 2
    for half in (entries[:middle], entries[middle:]):
        written = json.dumps({"success": True, "history": half}, ensure_ascii=False).encode("utf-8", "replace")
        yield from parts(written, half, largest)
