"""A receiver of whatever a notifier posts."""

from dataclasses import dataclass, field

import pytest
from aiohttp import web


@dataclass
class Receiver:
    """A plain HTTP receiver that answers what it is told to."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        status = self.answers.pop(0) if self.answers else 200
        if "/bot" in request.path:  # Telegram says it in the body
            told = {"ok": status == 200, "result": {"message_id": 7}, "parameters": {"retry_after": 7}}
            return web.json_response(told, status=status)
        return web.Response(status=status, headers={"Retry-After": "7"} if status == 429 else {})


@pytest.fixture
async def receiver():
    found = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield found
    await runner.cleanup()
