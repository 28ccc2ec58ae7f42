"""Slack's interactivity and slash command: ``POST /slack/interactions`` and ``/slack/commands``.

Verified over the raw body (``v0=`` HMAC, five minutes) by any of the floor's Slack signing secrets; answered at once. A button
becomes a row of ``alert_acts`` whose id is derived from (user, action_ts, action): sent again, it is the same row.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from slack_sdk.signature import SignatureVerifier
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.alert_acts import MakeSilence, Matcher
from schemas.floor import Floor
from services.alerts.storage import asked
from services.alerts.web import answers
from services.alerts.web.pressing import BUTTONS, Pressed, press
from services.alerts.wording import language
from services.alerts.wording.language import Language
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import Misconfigured
from services.kit.secret import read
from services.rules.alerting.people import Presser, by_slack
from services.rules.day import date_of

LARGEST: Final = 256 * 1024
WITHIN_S: Final = 2.5


class SlackDoor:
    """``floor`` gives the newest floor, None before there is one; ``wake`` makes alerts look at once."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        floor: Callable[[], Floor | None],
        environment: Mapping[str, str],
        wake: Callable[[], None],
    ) -> None:
        self._engine, self._clock, self._floor = engine, clock, floor
        self._environment, self._wake = environment, wake

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
        if floor is None or not self._signed(floor, body, request):
            return Response(status_code=401)
        try:
            fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            async with asyncio.timeout(WITHIN_S):
                text = await do(floor, self._words(floor), fields)
        except (UnicodeDecodeError, json.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
            return Response(status_code=400)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            logs.get().warning("Slack is not answered", error=type(error).__name__)
            return Response(status_code=503)
        if text is None:
            return Response(status_code=200)
        return JSONResponse({"response_type": "ephemeral", "replace_original": False, "text": answers.escaped(text)})

    def _signed(self, floor: Floor, body: bytes, request: Request) -> bool:
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not stamp.isdigit() or not signature or abs(time.time() - int(stamp)) > 300:
            return False
        return any(SignatureVerifier(secret).is_valid(body, stamp, signature) for secret in self._secrets(floor))

    def _secrets(self, floor: Floor) -> list[str]:
        found = []
        for channel in floor.notify.channels:
            if channel.kind == "slack" and channel.signing_secret:
                try:
                    found.append(read(channel.signing_secret.env, self._environment))
                except Misconfigured as error:
                    logs.get().error("buttons of Slack cannot be used", channel=channel.id, reason=str(error))
        return found

    def _words(self, floor: Floor) -> Language:
        date = date_of(self._clock.now(), floor.zone).isoformat()
        return language({"language": floor.language, "timezone": floor.timezone, "date": date})

    async def _pressed(self, floor: Floor, words: Language, fields: Mapping[str, str]) -> str | None:
        told = json.loads(fields["payload"])
        if told.get("type") != "block_actions":
            return None
        action, user = told["actions"][0], str(told["user"]["id"])
        if action["action_id"] not in BUTTONS:
            return None
        who = by_slack(floor, user)
        if who is None:
            return words.say("answer.unknown")
        key = f"{user}|{action['action_ts']}|{action['action_id']}"
        pressed = Pressed(action["action_id"], str(action["value"]), who, "slack", key)
        async with self._engine.begin() as connection:
            text = await press(connection, pressed, words, self._clock.now())
        self._wake()
        return text

    async def _commanded(self, floor: Floor, words: Language, fields: Mapping[str, str]) -> str:
        who = by_slack(floor, fields.get("user_id", ""))
        if who is None:
            return words.say("answer.unknown")
        word, _, rest = fields.get("text", "").strip().partition(" ")
        now = self._clock.now()
        if word == "mute":
            return await self._mute(floor, words, who, rest.strip(), now, fields.get("trigger_id", ""))
        async with self._engine.connect() as connection:
            if word in ("now", ""):
                return await answers.now(connection, floor, words, now)
            if word == "agent" and rest.strip():
                return await answers.agent(connection, floor, words, now, rest.strip())
            if word == "slice":
                return await answers.slice_(connection, floor, words, now)
        return words.say("answer.help")

    async def _mute(self, floor: Floor, words: Language, who: Presser, text: str, now: datetime, trigger: str) -> str:
        minutes, _, reason = text.partition(" ")
        if not minutes.isdigit() or not 1 <= int(minutes) <= 7 * 1440 or not reason.strip():
            return words.say("answer.mute_reason")
        until = now + timedelta(minutes=int(minutes))
        for kind in ("outage", "efficiency", "data") if who.team is None else ("efficiency",):
            match = Matcher(kind=kind, team=who.team)
            act = MakeSilence(match=match, until=until, reason=reason.strip()[:500])
            async with self._engine.begin() as connection:
                await asked.ask(connection, act, None, now, who.name, "slack", f"{trigger}|{kind}")
        self._wake()
        return words.say("answer.muted", until=words.at(until), reason=reason.strip()[:500])


async def _body(request: Request) -> bytes | None:
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > LARGEST:
            return None
    return found
