"""Buttons pressed in Telegram, fetched by long polling (``getUpdates``): no address of ours has to be public.

Only from the chats that the floor file names, only from people whom it names. What is confirmed to Telegram was written; what
comes again after a crash is the same row (id from user and callback query). Of several alert services one asks at a time.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.floor import Floor
from schemas.floor.model import Channel
from services.alerts.notifiers import Making
from services.alerts.notifiers.base import DeliveryError, Slow
from services.alerts.notifiers.telegram import Bot
from services.alerts.web.pressing import BUTTONS, Pressed, press
from services.alerts.wording import of_floor
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import Misconfigured
from services.kit.secret import read
from services.rules.alerting.people import by_telegram

AGAIN_S: Final = 5.0
LOCK: Final = "telegram "


class TelegramDoor:
    """``wake`` makes alerts look at once."""

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        floor: Callable[[], Floor],
        making: Making,
        wake: Callable[[], None],
        poll_s: float,
    ) -> None:
        self._engine, self._clock, self._floor = engine, clock, floor
        self._making, self._wake, self._poll_s = making, wake, poll_s

    async def run(self) -> None:
        """One task a bot; a floor that names others is followed."""
        asking: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                tokens = self._tokens()
                for token in asking.keys() - tokens:
                    asking.pop(token).cancel()
                for token in tokens - asking.keys():
                    asking[token] = asyncio.create_task(self._ask_for_ever(token))
                await asyncio.sleep(AGAIN_S)
                for task in asking.values():
                    if task.done():
                        task.result()
        finally:
            for task in asking.values():
                task.cancel()

    def _tokens(self) -> set[str]:
        found = set()
        for channel in self._floor().notify.channels:
            if channel.kind == "telegram" and channel.token:
                try:
                    found.add(read(channel.token.env, self._making.environment))
                except Misconfigured:
                    continue  # the channel itself says so in the log
        return found

    async def _ask_for_ever(self, token: str) -> None:
        bot = Bot(token, base_url=self._making.telegram_api_url, timeout_s=self._poll_s + self._making.timeout_s)
        try:
            while True:
                try:
                    await self._alone(token, bot)
                except Slow as error:
                    await asyncio.sleep(error.retry_after_s)
                except (DeliveryError, SQLAlchemyError, OSError, TimeoutError) as error:
                    what = str(error) if isinstance(error, DeliveryError) else type(error).__name__
                    logs.get().warning("buttons of Telegram wait", error=what)
                await asyncio.sleep(AGAIN_S)
        finally:
            await bot.close()

    async def _alone(self, token: str, bot: Bot) -> None:
        """Ask while the lock of this bot is ours; Telegram serves one that asks."""
        async with self._engine.connect() as plain:
            lock = await plain.execution_options(isolation_level="AUTOCOMMIT")
            bot_id = token.partition(":")[0]
            ours = sa.select(sa.func.pg_try_advisory_lock(sa.func.hashtextextended(LOCK + bot_id, 0)))
            if not (await lock.execute(ours)).scalar_one():
                return
            try:
                await self._ask(lock, bot)
            finally:
                await asyncio.shield(lock.invalidate())  # the lock goes with its connection

    async def _ask(self, lock: AsyncConnection, bot: Bot) -> None:
        after = 0
        while True:
            await lock.execute(sa.select(1))  # a connection that is gone has lost the lock
            asked = {"offset": after, "timeout": round(self._poll_s), "allowed_updates": ["callback_query"]}
            for update in await bot.call("getUpdates", asked) or ():
                await self.take(bot, update)
                after = int(update["update_id"]) + 1

    async def take(self, bot: Bot, update: Mapping[str, Any]) -> None:
        """One update: written down, then answered; an answer that fails changes nothing."""
        query = update.get("callback_query") or {}
        name, _, alert = str(query.get("data") or "").rpartition(":")
        chat = ((query.get("message") or {}).get("chat") or {}).get("id")
        user = str((query.get("from") or {}).get("id") or "")
        floor = self._floor()
        if name not in BUTTONS or str(chat) not in chats(floor):
            return
        now = self._clock.now()
        words = of_floor(floor, now)
        who = by_telegram(floor, user)
        if who is None:
            text = words.say("answer.unknown")
        else:
            pressed = Pressed(name, alert, who, "telegram", f"{user}|{query['id']}")
            async with self._engine.begin() as connection:
                text = await press(connection, pressed, words, now)
            self._wake()
        try:
            await bot.call("answerCallbackQuery", {"callback_query_id": query["id"], "text": text[:200]})
        except DeliveryError as error:
            logs.get().info("a press in Telegram is not answered", error=str(error))


def chats(floor: Floor) -> frozenset[str]:
    """Chats that the floor file names; others are not listened to."""
    ours: list[Channel] = [one for one in floor.notify.channels if one.kind == "telegram"]
    names = {one.id for one in ours}
    found = [*(one.channel for one in ours), floor.notify.head.telegram, *(team.telegram.chat for team in floor.teams)]
    found += [route.channel for route in floor.notify.routes if names & set(route.to)]
    return frozenset(one for one in found if one)
