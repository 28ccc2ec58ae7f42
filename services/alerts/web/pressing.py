"""A pressed button becomes a row: of ``alert_acts`` about an alert, of ``task_acts`` about a task, whichever messenger
brought it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.acts import Confirm, Talk, TaskAct
from schemas.alert_acts import Acknowledge, AlertAct, Mute, NotTechnical, Unacknowledge, Via, WasTechnical
from services.acts.tasks import Recorded, record
from services.alerts.storage import asked
from services.alerts.wording.language import Language
from services.rules.alerting.people import Presser, may

ALERT_BUTTONS: Final[Mapping[str, AlertAct]] = {
    "alert.acknowledge": Acknowledge(),
    "alert.unacknowledge": Unacknowledge(),
    "alert.mute": Mute(),
    "alert.technical": WasTechnical(),
    "alert.not_technical": NotTechnical(),
}
TASK_BUTTONS: Final[Mapping[str, Callable[[datetime], TaskAct]]] = {
    "task.confirm": lambda now: Confirm(),
    "task.talk": lambda now: Talk(at=now),
}
BUTTONS: Final = frozenset({*ALERT_BUTTONS, *TASK_BUTTONS})
"""What is done at once; what asks further (``task.edit``, ``task.dismiss``) needs a messenger with forms."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """``name``: of the button; ``about``: the alert or the task; ``key``: the messenger's own id of this press."""

    name: str
    about: str
    who: Presser
    via: Via
    key: str

    @property
    def act_key(self) -> str:
        """Of the act about a task: the same press makes the same."""
        return f"{self.via}|{self.key}"[:200]


async def press(connection: AsyncConnection, one: Pressed, words: Language, now: datetime) -> str:
    """What is answered to who pressed one of BUTTONS."""
    if one.name in TASK_BUTTONS:
        refused = await do(connection, one, TASK_BUTTONS[one.name](now), words, now)
        return refused or words.say("answer.done", what=words.say(f"button.{one.name}"))
    act = ALERT_BUTTONS[one.name]
    found = await asked.known(connection, one.about)
    if found is None:
        return words.say("answer.no_alert")
    if not may(one.who, found.team):
        return words.say("answer.not_yours")
    if found.state not in ("firing", "acknowledged") and not isinstance(act, WasTechnical | NotTechnical):
        return words.say("answer.over")
    await asked.ask(connection, act, one.about, now, one.who.name, one.via, one.key)
    return words.say("answer.done", what=words.say(f"button.{one.name.partition('.')[2]}"))


async def do(connection: AsyncConnection, one: Pressed, act: TaskAct, words: Language, now: datetime) -> str | None:
    """The act about a task, as the board would do it; why it cannot be done, or None when it was."""
    if await asked.was_done(connection, one.about, one.act_key):
        return None
    refused = await refusal(connection, one, words)
    if refused is not None:
        return refused
    done = await record(connection, one.about, act, now, one.who.name, one.act_key)
    return None if isinstance(done, Recorded) else words.say(f"answer.{done}")


async def refusal(connection: AsyncConnection, one: Pressed, words: Language) -> str | None:
    """Why nothing can be done about this task by this person; None: it can."""
    found = await asked.task(connection, one.about)
    if found is None:
        return words.say("answer.no_task")
    if not may(one.who, found.team):
        return words.say("answer.not_yours")
    if found.dismissed_at is not None:
        return words.say("answer.task_dismissed")
    return words.say("answer.task_verified") if found.result is not None else None
