"""A small real HTTP server that plays RetailCRM's history and ingest's hook, and notes what it was asked."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], Any]
HISTORY, HOOK = "/api/v5/orders/history", "/hooks/"


@dataclass
class Played:
    """``crm`` and ``ingest``: answers to give before the right ones, in order."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 2
    crm: list[Answer] = field(default_factory=list)
    ingest: list[Answer] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)
    posted: list[tuple[str, bytes]] = field(default_factory=list)
    url: str = ""

    @property
    def accepted(self) -> list[list[int]]:
        """Ids of the entries of every page that was answered 200."""
        return [[entry["id"] for entry in json.loads(body)["history"]] for _, body in self.posted]

    def history(self, query: dict[str, str]) -> Answer:
        if self.crm:
            return self.crm.pop(0)
        known = [one for one in self.entries if one["id"] > int(query.get("filter[sinceId]", 0))]
        page, size = int(query.get("page", 1)), self.page_size
        pages = max(1, -(-len(known) // size))
        shown = known[(page - 1) * size : page * size]
        told = {"limit": size, "totalCount": len(known), "currentPage": page, "totalPageCount": pages}
        return 200, {}, {"success": True, "history": shown, "pagination": told}

    def hook(self, path: str, body: bytes) -> Answer:
        if self.ingest:
            return self.ingest.pop(0)
        self.posted.append((path, body))
        return 200, {}, {"ok": True}


@contextlib.contextmanager
def playing(**known: Any) -> Iterator[Played]:
    played = Played(**known)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            played.asked.append(query)
            played.keys.add(self.headers.get("x-api-key"))
            self._answer(played.history(query) if parts.path == HISTORY else (404, {}, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self._answer(played.hook(self.path, body) if self.path.startswith(HOOK) else (404, {}, {}))

        def _answer(self, answer: Answer) -> None:
            status, headers, told = answer
            raw = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    played.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield played
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
