"""Any HTTP receiver: one signed JSON a state (Standard Webhooks). A repeat carries the same ``webhook-id``: drop it there."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Final

import httpx

from schemas.rows import derived_id
from services.alerts.notifiers import http_answer
from services.alerts.notifiers.base import Ability, Reference, Refused, Sent
from services.alerts.notifiers.blocks import fallback
from services.alerts.wording.content import Content
from services.kit.errors import Misconfigured

SHORTEST: Final = 24
"""Bytes of a secret."""


class Webhook:
    ability = Ability(repeats=True, every_state=True)

    def __init__(self, url: str, secret: str | None, *, timeout_s: float) -> None:
        """*secret* is ``whsec_<base64>``; None sends unsigned. While a secret is changed, the new one and the old one with
        a space between: each message carries both signatures, and the receiver may know either. Raises: Misconfigured."""
        self._url = url
        self._keys = [_key(one) for one in secret.split()] if secret else []
        self._client = httpx.AsyncClient(timeout=timeout_s)

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        stamp = int(time.time())
        body = {
            "type": f"srez.{content.data.get('kind', 'message')}",
            "timestamp": datetime.fromtimestamp(stamp, UTC).isoformat(),
            "data": {
                **content.data,
                "group": reference.group_key,
                "transition": reference.transition,
                "text": fallback(content),
            },
        }
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        identity = derived_id("message", reference.group_key, reference.transition)  # without full stops
        await http_answer.post(self._client, self._url, raw, self._headers(identity, stamp, raw))
        return Sent("", reference.transition)

    def _headers(self, identity: str, stamp: int, raw: bytes) -> dict[str, str]:
        headers = {"content-type": "application/json", "webhook-id": identity, "webhook-timestamp": str(stamp)}
        if self._keys:
            told = f"{identity}.{stamp}.".encode() + raw
            signed = (hmac.new(key, told, hashlib.sha256).digest() for key in self._keys)
            headers["webhook-signature"] = " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signed)
        return headers

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        raise Refused("a webhook gets every state as a message of its own", "bad_value")

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        raise Refused("a webhook cannot look anything up", "bad_value")

    async def close(self) -> None:
        await self._client.aclose()


def _key(secret: str) -> bytes:
    try:
        found = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise Misconfigured("the signing secret is not whsec_<base64>") from error
    if len(found) < SHORTEST:
        raise Misconfigured(
            f"the signing secret has {len(found)} bytes, Standard Webhooks asks for {SHORTEST} at least"
        )
    return found
