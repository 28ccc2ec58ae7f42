"""Slack's incoming webhook: posts only, to the one channel the webhook belongs to. No ts, so no updates and no look-up."""

import json
from dataclasses import replace
from datetime import datetime

import httpx

from services.alerts.notifiers import http_answer
from services.alerts.notifiers.base import Ability, Reference, Refused, Sent
from services.alerts.notifiers.blocks import blocks, fallback, mentions
from services.alerts.wording.content import Content


class SlackWebhook:
    ability = Ability(spaced=True)

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._client = httpx.AsyncClient(timeout=timeout_s)

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        named, text = mentions(content), fallback(content)
        body = {"text": f"{named} {text}" if named else text, "blocks": blocks(_inert(content))}
        raw = json.dumps(body, ensure_ascii=False).encode()
        await http_answer.post(self._client, self._url, raw, {"content-type": "application/json"})
        return Sent("", reference.transition)

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        raise Refused("an incoming webhook cannot change what it posted", "bad_value")

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        raise Refused("an incoming webhook cannot look anything up", "bad_value")

    async def close(self) -> None:
        await self._client.aclose()


def _inert(content: Content) -> Content:
    """Nobody hears what is pressed in a message of an incoming webhook."""
    return replace(content, buttons=(), sections=tuple(replace(one, menu=()) for one in content.sections))
