"""Slack with a bot token: a living message by ``chat.update``, details in its thread, found again by its metadata.

Scopes: ``chat:write``, ``im:write`` (a person is written to in a conversation that is opened first), and ``channels:history``,
``groups:history``, ``im:history`` (to look up a message whose fate is unknown).
The SDK's own retries are off: a repeated post is decided by the outbox alone.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from services.alerts.notifiers.base import (
    Ability,
    DeliveryError,
    Gone,
    NotReached,
    Reference,
    Refused,
    Sent,
    Slow,
    Unknown,
)
from services.alerts.notifiers.blocks import USER, blocks, fallback, mentions
from services.alerts.wording.content import Content

SCOPES: Final = frozenset(
    {"chat:write", "chat:write.public", "channels:history", "commands", "groups:history", "im:history", "im:write"}
)
"""Of the app, as ``deploy/slack/manifest.yaml`` asks for them."""
EVENT: Final = "srez_message"
GONE: Final = frozenset({"message_not_found", "edit_window_closed", "cant_update_message", "is_inactive"})
IN_DOUBT: Final = frozenset(
    {"internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"}
)
NO_SCOPE: Final = "missing_scope"
READ: Final = frozenset({"conversations.history", "conversations.replies"})
PAGES: Final = 10
DEFAULT_RETRY_AFTER_S: Final = 5.0


class Slack:
    ability = Ability(edits=True, threads=True, finds=True, spaced=True)

    def __init__(self, token: str, *, base_url: str, timeout_s: float) -> None:
        self._client = AsyncWebClient(
            token=token, base_url=base_url, timeout=max(1, round(timeout_s)), retry_handlers=[]
        )
        self._direct: dict[str, str] = {}

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        answer = await self._call(
            "chat.postMessage",
            {
                **_message(await self._place(target), content, reference),
                "unfurl_links": False,
                "unfurl_media": False,
                **({"thread_ts": thread, "reply_broadcast": content.broadcast} if thread else {}),
            },
        )
        return Sent(str(answer["ts"]), reference.transition)

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        answer = await self._call("chat.update", {**_message(await self._place(target), content, reference), "ts": ts})
        return Sent(str(answer.get("ts") or ts), reference.transition)

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        """An app without ``im:history`` cannot look through what a person was sent: None, so it is sent again, marked."""
        try:
            return await self._find(target, group_key, since, thread)
        except Refused as error:
            if USER.match(target) and str(error).startswith(NO_SCOPE):
                return None
            raise

    async def _find(self, target: str, group_key: str, since: datetime, thread: str | None) -> Sent | None:
        async for message in self._messages(target, since, thread):
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == EVENT and payload.get("group_key") == group_key:
                return Sent(str(message["ts"]), int(payload.get("transition", 0)))
        return None

    async def open(self, trigger: str, view: dict[str, Any]) -> None:
        """Show a form to who pressed, within three seconds of the press. Raises: DeliveryError."""
        await self._call("views.open", {"trigger_id": trigger, "view": view})

    async def close(self) -> None:
        return None

    async def _place(self, target: str) -> str:
        """The id of a conversation: a message in one with a person can be changed by this id only, not by the person's."""
        if not USER.match(target):
            return target
        if target not in self._direct:
            try:
                answer = await self._call("conversations.open", {"users": target})
            except Unknown as error:
                raise NotReached(str(error)) from error  # opened or not: no message was sent
            self._direct[target] = str(answer["channel"]["id"])
        return self._direct[target]

    async def _messages(self, target: str, since: datetime, thread: str | None) -> AsyncIterator[dict[str, Any]]:
        method = "conversations.replies" if thread else "conversations.history"
        asked: dict[str, Any] = {"channel": await self._place(target), "include_all_metadata": True, "limit": 200}
        asked |= {"ts": thread} if thread else {"oldest": f"{since.timestamp():.6f}", "inclusive": True}
        for _ in range(PAGES):
            answer = await self._call(method, asked)
            for message in answer.get("messages") or ():
                yield message
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
            asked["cursor"] = cursor
        raise Unknown(f"more than {PAGES} pages of messages, ours not among them")

    async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            if method in READ:
                answer = await self._client.api_call(method, http_verb="GET", params=_flat(body))
            else:
                answer = await self._client.api_call(method, json=body)
        except SlackApiError as error:
            raise _meaning(error) from error
        except aiohttp.ClientConnectorError as error:
            raise NotReached(f"{method}: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unknown(f"{method}: {type(error).__name__}") from error
        return answer.data if isinstance(answer.data, dict) else {}


def _message(target: str, content: Content, reference: Reference) -> dict[str, Any]:
    text = fallback(content)
    named = mentions(content)
    return {
        "channel": target,
        "text": f"{named} {text}" if named else text,
        "blocks": blocks(content),
        "metadata": {
            "event_type": EVENT,
            "event_payload": {"group_key": reference.group_key, "transition": reference.transition},
        },
    }


def _flat(body: dict[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in body.items()}


def _meaning(error: SlackApiError) -> DeliveryError:
    """HTTP 200 with ``ok: false`` is an error too; its word decides."""
    status = int(getattr(error.response, "status_code", None) or getattr(error.response, "status", 0) or 0)
    headers = getattr(error.response, "headers", {}) or {}
    data = getattr(error.response, "data", None)
    word = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or word in ("ratelimited", "rate_limited"):
        return Slow(_seconds(headers.get("Retry-After") or headers.get("retry-after")))
    if word in GONE:
        return Gone(word)
    if status >= 500 or word in IN_DOUBT or (status == 200 and not word):
        return Unknown(f"HTTP {status} {word}".strip())
    needed = str(data.get("needed") or "") if isinstance(data, dict) else ""
    if word == NO_SCOPE and needed:
        return Refused(f"{NO_SCOPE}: {needed[:100]}", "bad_value")
    return Refused(word or f"HTTP {status}", "bad_value")


def _seconds(value: str | None) -> float:
    try:
        return max(1.0, float(value)) if value else DEFAULT_RETRY_AFTER_S
    except ValueError:
        return DEFAULT_RETRY_AFTER_S
