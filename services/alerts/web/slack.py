"""Slack's interactivity and slash command: ``POST /slack/interactions`` and ``/slack/commands``.

Verified over the raw body (``v0=`` HMAC, five minutes) by any of the floor's Slack signing secrets; answered at once. What is
pressed becomes a row whose key is derived from (user, action_ts, action), of a form from its own id: sent again, it is the same
row. What follows is told to ``response_url``, for Slack shows nothing of the answer to a press itself.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import aiohttp
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook.async_client import AsyncWebhookClient
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.floor import Floor
from schemas.floor.model import Channel
from services.alerts.notifiers import Making
from services.alerts.notifiers.blocks import escape
from services.alerts.web.commands import Commands
from services.alerts.web.presses import Presses
from services.alerts.wording import of_floor
from services.alerts.wording.language import Language
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import Misconfigured
from services.kit.secret import read

LARGEST: Final = 256 * 1024
WITHIN_S: Final = 2.5
AT_HAND_S: Final = 1.5
"""A command's answer that takes longer is sent after the acknowledgement."""
LATER_S: Final = 60.0
CALL_WITHIN_S: Final = 2.0
"""Of a call back to Slack: a form has to be opened within three seconds of the press."""
NONSENSE: Final = (
    UnicodeDecodeError,
    json.JSONDecodeError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
)


class SlackDoor:
    """``floor`` gives the newest floor, None before there is one; ``wake`` makes alerts look at once."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        floor: Callable[[], Floor | None],
        making: Making,
        wake: Callable[[], None],
        at_hand_s: float = AT_HAND_S,
    ) -> None:
        self._clock, self._floor, self._at_hand_s = clock, floor, at_hand_s
        self._making = replace(making, timeout_s=min(making.timeout_s, CALL_WITHIN_S))
        self._presses = Presses(engine, clock, self._making, wake)
        self._commands = Commands(engine, clock, wake)
        self._telling: set[asyncio.Task[None]] = set()

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/slack")

        @router.post("/interactions")
        async def interactions(request: Request) -> Response:
            return await self._handle(request, self._pressed)

        @router.post("/commands")
        async def commands(request: Request) -> Response:
            return await self._handle(request, self._commanded)

        return router

    async def _handle(self, request: Request, do: Any) -> Response:
        floor = self._floor()
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        channel = self._signer(floor, body, request) if floor else None
        if floor is None or channel is None:
            return Response(status_code=401)
        try:
            fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            async with asyncio.timeout(WITHIN_S):
                answer: Response = await do(floor, channel, of_floor(floor, self._clock.now()), fields)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            logs.get().warning("Slack is not answered", error=type(error).__name__)
            return Response(status_code=503)
        except NONSENSE:
            return Response(status_code=400)
        return answer

    def _signer(self, floor: Floor, body: bytes, request: Request) -> Channel | None:
        """The channel by whose secret the request is signed."""
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not (stamp.isascii() and stamp.isdigit()) or not signature or abs(time.time() - int(stamp)) > 300:
            return None
        for channel, secret in self._secrets(floor):
            if SignatureVerifier(secret).is_valid(body, stamp, signature):
                return channel
        return None

    def _secrets(self, floor: Floor) -> list[tuple[Channel, str]]:
        found = []
        for channel in floor.notify.channels:
            if channel.kind == "slack" and channel.signing_secret:
                try:
                    found.append((channel, read(channel.signing_secret.env, self._making.environment)))
                except Misconfigured as error:
                    logs.get().error("buttons of Slack cannot be used", channel=channel.id, reason=str(error))
        return found

    async def _pressed(self, floor: Floor, channel: Channel, words: Language, fields: Mapping[str, str]) -> Response:
        told = json.loads(fields["payload"])
        if told.get("type") == "view_submission":
            wrong = await self._presses.sent(floor, words, told)
            return Response(status_code=200) if wrong is None else JSONResponse(wrong)
        if told.get("type") == "block_actions":
            text = await self._presses.pressed(floor, channel, words, told)
            if text is not None:
                task = asyncio.create_task(self._tell(str(told.get("response_url") or ""), text))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)
        return Response(status_code=200)

    async def _tell(self, url: str, text: str) -> None:
        """To who pressed, and nobody else; one that does not arrive is no loss, the message itself changes anyway."""
        if not _is_slacks(url, self._making.slack_api_url):
            return
        client = AsyncWebhookClient(url, timeout=round(CALL_WITHIN_S), retry_handlers=[])
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            await client.send(text=escape(text), response_type="ephemeral", replace_original=False)

    async def _commanded(self, floor: Floor, channel: Channel, words: Language, fields: Mapping[str, str]) -> Response:
        """What is asked for at once when it is at hand; else that it is coming, and the answer to ``response_url``."""
        url = fields.get("response_url", "")
        if self._commands.writes(fields) or not _is_slacks(url, self._making.slack_api_url):
            return _shown(await self._commands.answer(floor, words, fields))
        counting = asyncio.create_task(self._commands.answer(floor, words, fields))
        done, _ = await asyncio.wait({counting}, timeout=self._at_hand_s)
        if done:
            return _shown(counting.result())
        later = asyncio.create_task(self._tell_later(url, counting, words))
        self._telling.add(later)
        later.add_done_callback(self._telling.discard)
        return _shown(words.say("answer.counting"))

    async def _tell_later(self, url: str, counting: asyncio.Task[str], words: Language) -> None:
        try:
            async with asyncio.timeout(LATER_S):
                text = await counting
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            logs.get().warning("a command of Slack is not answered", error=type(error).__name__)
            text = words.say("answer.failed")
        await self._tell(url, text)


def _shown(text: str) -> Response:
    return JSONResponse({"response_type": "ephemeral", "text": escape(text)})


def _is_slacks(url: str, api_url: str) -> bool:
    """Only Slack itself, or what stands for it (SREZ_SLACK_API_URL), is told anything."""
    where, api = urlsplit(url), urlsplit(api_url)
    host = where.hostname or ""
    return (where.scheme == "https" and host.endswith(".slack.com")) or (
        (where.scheme, where.netloc) == (api.scheme, api.netloc) and bool(host)
    )


async def _body(request: Request) -> bytes | None:
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > LARGEST:
            return None
    return found
