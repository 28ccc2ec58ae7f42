"""A Slack that keeps what it is told: chat.postMessage, chat.update, conversations.history, .replies and .open, views.open, and
what is told to a response_url, over real HTTP. As the real one, it changes nothing sent to a person by the person's id.

``slack.next(method, *faults)`` plans what the next calls of a method meet, in order:

``"429"``     asks to wait (``Retry-After``)         ``"500"``          an error page, nothing kept
``"hang"``    kept, but never answered                ``"drop"``         kept, then the connection is cut
``"refuse"``  the connection is cut, nothing kept     ``"lost"``         not kept, never answered
``"missing_scope:im:write"``  refused, and which scope it needs
``"ok"``      as usual                                any other word     ``ok: false`` with that error
"""

import asyncio
import itertools
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from services.alerts.notifiers.slack import SCOPES
from tests.support.served import served

TOKEN = "xoxb-test"


@dataclass
class Message:
    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any]
    thread_ts: str | None = None
    history: list[str] = field(default_factory=list)

    @property
    def group_key(self) -> str:
        return str(self.metadata.get("event_payload", {}).get("group_key", ""))

    @property
    def shown(self) -> str:
        """Everything a reader sees, as one text."""
        return json.dumps(self.blocks, ensure_ascii=False)


class FakeSlack:
    """``messages`` in the order in which they were kept; ``calls`` as (method, body) in the order they came."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.hooked: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        """What was told to a ``response_url``."""
        self.views: list[dict[str, Any]] = []
        self.retry_after_s = 1
        self.scopes: list[str] = sorted(SCOPES)
        """What the app was given, as ``auth.test`` tells it."""
        self.url = ""
        self.webhook_url = ""
        self._faults: dict[str, deque[str]] = defaultdict(deque)
        self._stamps = itertools.count(1)
        self._released = threading.Event()
        self.on_kept: Callable[[Message], None] | None = None

    def next(self, method: str, *faults: str) -> None:
        self._faults[method].extend(faults)

    def posts(self, group_key: str | None = None) -> list[Message]:
        """Messages of channels, without what stands in threads."""
        return [
            one for one in self.messages if one.thread_ts is None and (group_key is None or one.group_key == group_key)
        ]

    def replies(self, ts: str) -> list[Message]:
        return [one for one in self.messages if one.thread_ts == ts]

    # --- the server ---------------------------------------------------------------------------------------------

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._handle)
        app.router.add_post("/services/hook", self._hook)
        app.router.add_post("/actions/{press}", self._told)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if method == "auth.test" and request.headers.get("Authorization") == f"Bearer {TOKEN}":
            told = {"ok": True, "team": "Отдел", "user": "srez", "user_id": "U0SREZ"}
            return web.json_response(told, headers={"x-oauth-scopes": ",".join(self.scopes)})
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        body = dict(request.query) if request.method == "GET" else await request.json()
        self.calls.append((method, body))
        fault = self._faults[method].popleft() if self._faults[method] else "ok"
        return await self._answer(request, fault, lambda: self._do(method, body))

    @property
    def response_url(self) -> str:
        return self.url.removesuffix("/api/") + "/actions/1"

    async def _told(self, request: web.Request) -> web.Response:
        self.answered.append(await request.json())
        return web.Response(text="ok")

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        fault = self._faults["hook"].popleft() if self._faults["hook"] else "ok"

        def keep() -> dict[str, Any]:
            self.hooked.append(body)
            return {"ok": True}

        return await self._answer(request, fault, keep)

    async def _answer(self, request: web.Request, fault: str, do: Callable[[], dict[str, Any]]) -> web.StreamResponse:
        match fault:
            case "429":
                return web.json_response(
                    {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(self.retry_after_s)}
                )
            case "500":
                return web.Response(status=500, text="<html>oops</html>", content_type="text/html")
            case "refuse":
                _cut(request)
            case "drop":
                do()
                _cut(request)
            case "hang" | "lost":
                if fault == "hang":
                    do()
                while not self._released.is_set():
                    await asyncio.sleep(0.05)
                _cut(request)
            case "ok":
                return web.json_response(do())
            case word if word.startswith("missing_scope:"):
                needed = word.partition(":")[2]
                return web.json_response(
                    {"ok": False, "error": "missing_scope", "needed": needed, "provided": "chat:write"}
                )
            case word:
                return web.json_response({"ok": False, "error": word})
        return web.Response(status=500)

    def _do(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "chat.postMessage":
                return self._post(body)
            case "chat.update":
                return self._update(body)
            case "conversations.open":
                return {"ok": True, "channel": {"id": conversation_of(body["users"])}}
            case "views.open":
                self.views.append(body)
                return {"ok": True, "view": {"id": f"V{len(self.views)}"}}
            case "conversations.history" if body["channel"].startswith("U"):
                return {"ok": False, "error": "channel_not_found"}
            case "conversations.history":
                kept = [one for one in self.messages if one.channel == body["channel"] and one.thread_ts is None]
                return {"ok": True, "messages": [_plain(one) for one in reversed(kept)], "has_more": False}
            case "conversations.replies":
                kept = [one for one in self.messages if body["ts"] in (one.ts, one.thread_ts)]
                return {"ok": True, "messages": [_plain(one) for one in kept], "has_more": False}
        return {"ok": False, "error": "unknown_method"}

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        if not body.get("channel"):
            return {"ok": False, "error": "channel_not_found"}
        made = Message(
            body["channel"],
            f"{1_700_000_000 + next(self._stamps)}.000100",
            body["text"],
            body["blocks"],
            body.get("metadata", {}),
            body.get("thread_ts"),
        )
        self.messages.append(made)
        if self.on_kept:
            self.on_kept(made)
        return {"ok": True, "channel": made.channel, "ts": made.ts}

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        found = next((one for one in self.messages if (one.channel, one.ts) == (body["channel"], body["ts"])), None)
        if body["channel"].startswith("U"):
            return {"ok": False, "error": "channel_not_found"}
        if found is None:
            return {"ok": False, "error": "message_not_found"}
        found.history.append(found.text)
        found.text, found.blocks, found.metadata = body["text"], body["blocks"], body.get("metadata", found.metadata)
        return {"ok": True, "channel": found.channel, "ts": found.ts}


def conversation_of(target: str) -> str:
    """Where what is sent to *target* stands: a person's messages in their conversation with the app."""
    return f"D{target[1:]}" if target.startswith("U") else target


def _plain(one: Message) -> dict[str, Any]:
    return {"type": "message", "ts": one.ts, "text": one.text, "metadata": one.metadata}


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


@contextmanager
def running_slack() -> Iterator[FakeSlack]:
    """A fake Slack on a free port, in a thread of its own; ``slack.url`` is for SREZ_SLACK_API_URL."""
    slack = FakeSlack()
    with served(slack.app()) as address:
        slack.url, slack.webhook_url = f"{address}/api/", f"{address}/services/hook"
        try:
            yield slack
        finally:
            slack._released.set()
