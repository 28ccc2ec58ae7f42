"""Telegram's bot API: a living message by ``editMessageText``, inline buttons, details as silent replies.

``https://core.telegram.org/bots/api``. The token is part of the address, so addresses never appear in errors or logs.
"""

from datetime import datetime
from html import escape
from typing import Any, Final

import httpx

from services.alerts.notifiers import plain
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
from services.alerts.wording.content import Content

MAX_TEXT: Final = 4096
MAX_DATA: Final = 64
GONE: Final = ("message to edit not found", "message can't be edited", "message_id_invalid")
SAME: Final = "message is not modified"
DEFAULT_RETRY_AFTER_S: Final = 5.0


class Telegram:
    """*target* is a chat id (of a group it is negative) or ``@channelname``; ts is the id of the message in it."""

    ability = Ability(edits=True, threads=True, spaced=True)

    def __init__(self, token: str, *, base_url: str, timeout_s: float) -> None:
        self._bot = Bot(token, base_url=base_url, timeout_s=timeout_s)

    async def post(self, target: str, content: Content, reference: Reference, thread: str | None = None) -> Sent:
        below: dict[str, Any] = {}
        if thread:
            below = {"reply_parameters": {"message_id": int(thread), "allow_sending_without_reply": True}}
            below["disable_notification"] = not content.broadcast
        answer = await self._bot.call("sendMessage", {**_message(target, content), **below})
        return Sent(str(answer["message_id"]), reference.transition)

    async def update(self, target: str, ts: str, content: Content, reference: Reference) -> Sent:
        try:
            await self._bot.call("editMessageText", {**_message(target, content), "message_id": int(ts)})
        except Refused as error:
            if SAME not in str(error):
                raise
        return Sent(ts, reference.transition)

    async def find(self, target: str, group_key: str, since: datetime, thread: str | None = None) -> Sent | None:
        raise Refused("a bot cannot read what it wrote", "bad_value")

    async def close(self) -> None:
        await self._bot.close()


class Bot:
    """Calls of the bot API. Every method raises DeliveryError."""

    def __init__(self, token: str, *, base_url: str, timeout_s: float) -> None:
        self._base = f"{base_url.rstrip('/')}/bot{token}/"
        self._client = httpx.AsyncClient(timeout=timeout_s)

    async def call(self, method: str, body: dict[str, Any]) -> Any:
        """``result`` of the answer."""
        try:
            answer = await self._client.post(self._base + method, json=body)
            told = answer.json() if answer.content else {}
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotReached(f"{method}: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise Unknown(f"{method}: {type(error).__name__}") from None
        except httpx.InvalidURL:
            raise Refused("the token or the address of Telegram is not one", "misconfigured") from None
        except ValueError:
            told = {}
        if not isinstance(told, dict):
            told = {}
        if answer.is_success and told.get("ok"):
            return told.get("result")
        raise _meaning(answer.status_code, told)

    async def close(self) -> None:
        await self._client.aclose()


def _meaning(status: int, told: dict[str, Any]) -> DeliveryError:
    words = str(told.get("description", ""))[:200]
    if status == 429:
        asked = (told.get("parameters") or {}).get("retry_after")
        return Slow(float(asked) if isinstance(asked, int | float) and asked >= 1 else DEFAULT_RETRY_AFTER_S)
    if status >= 500 or status < 400:
        return Unknown(f"HTTP {status}")
    if any(one in words.lower() for one in GONE):
        return Gone(words)
    return Refused(words or f"HTTP {status}", "bad_value")


def _message(target: str, content: Content) -> dict[str, Any]:
    if not target:
        raise Refused(
            "no chat to write to: set channel, notify.head.telegram or teams[].telegram.chat", "misconfigured"
        )
    plain_ones = [_button(one) for one in content.buttons if not one.url and not one.asks]
    keys = [[one] for one in plain_ones if len(one["callback_data"].encode()) <= MAX_DATA]
    return {
        "chat_id": target,
        "text": text(content),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": keys},
    }


def _button(one: Any) -> dict[str, str]:
    return {"text": one.label[:64], "callback_data": f"{one.name}:{one.value}"}


def text(content: Content) -> str:
    """HTML of the bot API, whole lines only, within its limit; data cannot write markup."""
    end = ""
    if content.link:
        end = f'\n<a href="{escape(content.link[1])}">{escape(content.link[0])}</a>'
    kept: list[str] = []
    told = [f"<b>{escape(line)}</b>" if heading else escape(line) for heading, line in plain.lines(content)]
    room = MAX_TEXT - len(end) - 30
    for number, line in enumerate(told):
        if sum(map(len, kept)) + len(kept) + len(line) > room:
            kept.append(escape(content.more.format(n=len(told) - number)))
            break
        kept.append(line)
    return "\n".join(kept) + end
