"""People of a day who press buttons about alerts, on the board and in Slack, whatever becomes of the services: each presses until
somebody answers, always the same press; what was answered is promised."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from tests.support.running import Service

Ask = Callable[[str], Awaitable[list[dict[str, Any]]]]
KINDS: Final = ("acknowledge", "unacknowledge", "mute")
OPEN: Final = (
    "SELECT alert::text AS alert FROM alerts WHERE resolved_at IS NULL AND told_at IS NOT NULL ORDER BY fired_at DESC"
)
EVER: Final = (
    "SELECT alert::text AS alert FROM alerts WHERE told_at IS NOT NULL AND kind = 'outage' ORDER BY fired_at DESC"
)
ANSWERED: Final = {"board": 202, "slack": 200}


@dataclass
class Press:
    """``attempts``: how often it was sent before it was answered with *status*."""

    kind: str
    alert: str
    via: str
    number: int
    attempts: int = 0
    status: int = 0


@dataclass
class People:
    running: Mapping[str, Service]
    ask: Ask
    dice: random.Random
    secret: str
    pressed: list[Press] = field(default_factory=list)

    @property
    def promised(self) -> list[Press]:
        return [one for one in self.pressed if one.status == ANSWERED[one.via]]

    async def act(self) -> None:
        """For ever: every half second or so somebody does something about an alert that is open."""
        while True:
            await asyncio.sleep(self.dice.uniform(0.2, 0.9))
            if found := await self.ask(OPEN):
                alert = self.dice.choice(found)["alert"]
                await self._press(self.dice.choice(KINDS), alert, self.dice.choice(("board", "slack")))

    async def say_technical(self) -> None:
        """When the last slice is frozen, so that nobody's target changes; the first answer gets lost each time, and the service
        of alerts dies right after the last."""
        for via in ("slack", "board"):
            if found := await self.ask(EVER):
                await self._press("technical", found[0 if via == "slack" else -1]["alert"], via)

    async def _press(self, kind: str, alert: str, via: str) -> None:
        one = Press(kind, alert, via, len(self.pressed))
        self.pressed.append(one)
        async with httpx.AsyncClient(timeout=3) as client:
            while one.attempts < 60 and (one.status == 0 or one.status >= 500):
                one.attempts += 1
                try:
                    answer = await (self._board(client, one) if via == "board" else self._slack(client, one))
                    one.status = answer.status_code
                except httpx.HTTPError:
                    one.status = 0
                lost = one.attempts == 1 if kind == "technical" else self.dice.random() < 0.2
                if lost:
                    one.status = 0  # the answer got lost: pressed again
                await asyncio.sleep(0.3)

    async def _board(self, client: httpx.AsyncClient, one: Press) -> httpx.Response:
        body = {"key": f"press-{one.number}"} | ({"for_s": 600} if one.kind == "mute" else {})
        url = f"{self.running['board'].url}/api/v1/alerts/{one.alert}/{one.kind}"
        return await client.post(url, json=body, headers={"sec-fetch-site": "same-origin"})

    async def _slack(self, client: httpx.AsyncClient, one: Press) -> httpx.Response:
        action = {"action_id": f"alert.{one.kind}", "value": one.alert, "action_ts": f"{one.number}.1"}
        told = {"type": "block_actions", "user": {"id": "U0HEAD"}, "actions": [action], "response_url": ""}
        body, stamp = urlencode({"payload": json.dumps(told)}), str(int(time.time()))
        signed = hmac.new(self.secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={signed}"}
        return await client.post(f"{self.running['alerts'].url}/slack/interactions", content=body, headers=headers)
