"""Somewhere to send JSON to: keeps every body that is posted, by path."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web


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
    sink = Sink()
    loop = asyncio.new_event_loop()
    started, stopping = threading.Event(), asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/{rest:.*}", sink._keep)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sink.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await stopping.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
        loop.close()
