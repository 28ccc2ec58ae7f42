"""Pressed buttons, chosen entries of menus and sent forms of Slack: who it was, what it is about, what becomes of it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.floor import Floor
from schemas.floor.model import Channel
from services.alerts.notifiers import Making, make
from services.alerts.notifiers.base import DeliveryError
from services.alerts.notifiers.blocks import MENU
from services.alerts.notifiers.slack import Slack
from services.alerts.storage import asked
from services.alerts.web import forms
from services.alerts.web.pressing import BUTTONS, Pressed, do, press, refusal
from services.alerts.wording.language import Language
from services.kit import logs
from services.kit.clock import Clock
from services.kit.errors import Misconfigured
from services.rules.alerting.people import by_slack

FORMS: Final = frozenset({"task.edit", "task.dismiss"})


class Presses:
    """``wake`` makes alerts look at once."""

    def __init__(self, engine: AsyncEngine, clock: Clock, making: Making, wake: Callable[[], None]) -> None:
        self._engine, self._clock, self._making, self._wake = engine, clock, making, wake

    async def pressed(self, floor: Floor, channel: Channel, words: Language, told: Mapping[str, Any]) -> str | None:
        """What is said to who pressed; None: nothing. Raises: KeyError, IndexError, TypeError for no press of ours."""
        action, user = told["actions"][0], str(told["user"]["id"])
        name, about = str(action["action_id"]), str(action.get("value", ""))
        if name == MENU:
            name, _, about = str(action["selected_option"]["value"]).partition(":")
        if name not in BUTTONS | FORMS:
            return None
        who = by_slack(floor, user)
        if who is None:
            return words.say("answer.unknown")
        one = Pressed(name, about, who, "slack", f"{user}|{action['action_ts']}|{name}")
        if name in FORMS:
            return await self._open(floor, channel, words, one, str(told["trigger_id"]))
        async with self._engine.begin() as connection:
            text = await press(connection, one, words, self._clock.now())
        self._wake()
        return text

    async def _open(self, floor: Floor, channel: Channel, words: Language, one: Pressed, trigger: str) -> str | None:
        async with self._engine.connect() as connection:
            refused = await refusal(connection, one, words)
            if refused is not None:
                return refused
            task = await asked.task(connection, one.about)
            what = await asked.told_what(connection, task.task)
        agent = floor.agent_by_id.get(task.agent)
        name = agent.title if agent else str(task.agent)
        view = forms.edit(task, name, what, words) if one.name == "task.edit" else forms.dismiss(task, name, words)
        try:
            notifier = make(channel, self._making)
            if isinstance(notifier, Slack):
                await notifier.open(trigger, view)
        except (DeliveryError, Misconfigured) as error:
            logs.get().warning("a form of Slack is not opened", error=str(error))
            return words.say("answer.no_form", why=str(error))
        return None

    async def sent(self, floor: Floor, words: Language, told: Mapping[str, Any]) -> dict[str, Any] | None:
        """A sent form: None when it was done, and the form closes; else what Slack shows in it."""
        view, user = told["view"], str(told["user"]["id"])
        name, values = str(view["callback_id"]), view["state"]["values"]
        if name not in FORMS:
            raise KeyError(name)
        first = "target" if name == "task.edit" else "reason"
        who = by_slack(floor, user)
        if who is None:
            return _wrong(first, words.say("answer.unknown"))
        one = Pressed(name, str(view["private_metadata"]), who, "slack", f"{user}|{view['id']}|{name}")
        async with self._engine.begin() as connection:
            refused = await self._do(connection, one, words, values)
        if refused is None:
            self._wake()
            return None
        return _wrong(refused[0] or first, refused[1])

    async def _do(
        self, connection: Any, one: Pressed, words: Language, values: Mapping[str, Any]
    ) -> tuple[str, str] | None:
        """(block, why) when it cannot be done; a form that was sent before is done already."""
        if await asked.was_done(connection, one.about, one.act_key):
            return None
        refused = await refusal(connection, one, words)
        if refused is not None:
            return "", refused
        task = await asked.task(connection, one.about)
        try:
            act = forms.read(one.name, values, task.target, await asked.told_what(connection, task.task))
        except forms.Invalid as error:
            return error.block, words.say(error.key)
        if act is None:
            return None
        said = await do(connection, one, act, words, self._clock.now())
        return None if said is None else ("", said)


def _wrong(block: str, text: str) -> dict[str, Any]:
    return {"response_action": "errors", "errors": {block: text}}
