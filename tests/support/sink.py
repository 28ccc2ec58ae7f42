"""Somewhere to send JSON to: keeps every body that is posted, by path."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from tests.support.served import served


class Sink:
    """``posted`` as (path, body) in the order they came."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any]] = []
        self.url = ""

    async def _keep(self, request: web.Request) -> web.Response:
        self.posted.append((request.path, await request.json()))
        return web.Response(text="ok")


@contextmanager
def running_sink() -> Iterator[Sink]:
    """On a free port, in a thread of its own."""
    sink, app = Sink(), web.Application()
    app.router.add_post("/{rest:.*}", sink._keep)
    with served(app) as sink.url:
        yield sink
