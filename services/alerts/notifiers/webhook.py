"""Any HTTP receiver: one signed JSON a state (Standard Webhooks). A repeat carries the same ``webhook-id``: drop it there."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import httpx

from schemas.rows import derived_id
from services.alerts.notifiers import http_answer
from services.alerts.notifiers.base import Ability, Reference, Refused, Sent
from services.alerts.notifiers.blocks import fallback
from services.alerts.wording.content import Content
from services.kit.errors import Misconfigured


class Webhook:
    ability = Ability(repeats=True, every_state=True)

    def __init__(self, url: str, secret: str | None, *, timeout_s: float) -> None:
        """*secret* is ``whsec_<base64>``; None sends unsigned. Raises: Misconfigured."""
        self._url = url
        self._key = _key(secret) if secret else None
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
        if self._key is not None:
            signed = hmac.new(self._key, f"{identity}.{stamp}.".encode() + raw, hashlib.sha256).digest()
            headers["webhook-signature"] = "v1," + base64.b64encode(signed).decode()
        return headers

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        raise Refused("a webhook gets every state as a message of its own", "bad_value")

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        raise Refused("a webhook cannot look anything up", "bad_value")

    async def close(self) -> None:
        await self._client.aclose()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise Misconfigured("the signing secret is not whsec_<base64>") from error
