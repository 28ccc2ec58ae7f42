"""A pressed button becomes a row of ``alert_acts``, whichever messenger brought it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.alert_acts import Acknowledge, AlertAct, Mute, Unacknowledge, Via, WasTechnical
from services.alerts.storage import asked
from services.alerts.wording.language import Language
from services.rules.alerting.people import Presser, may

BUTTONS: Final[Mapping[str, AlertAct]] = {
    "alert.acknowledge": Acknowledge(),
    "alert.unacknowledge": Unacknowledge(),
    "alert.mute": Mute(),
    "alert.technical": WasTechnical(),
}


@dataclass(frozen=True, slots=True)
class Pressed:
    """``name``: of the button, one of BUTTONS; ``key``: the messenger's own id of this press."""

    name: str
    alert: str
    who: Presser
    via: Via
    key: str


async def press(connection: AsyncConnection, one: Pressed, words: Language, now: datetime) -> str:
    """What is answered to who pressed."""
    act = BUTTONS[one.name]
    found = await asked.known(connection, one.alert)
    if found is None:
        return words.say("answer.no_alert")
    if not may(one.who, found.team):
        return words.say("answer.not_yours")
    if found.state not in ("firing", "acknowledged") and not isinstance(act, WasTechnical):
        return words.say("answer.over")
    await asked.ask(connection, act, one.alert, now, one.who.name, one.via, one.key)
    return words.say("answer.done", what=words.say(f"button.{one.name.partition('.')[2]}"))
