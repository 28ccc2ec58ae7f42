"""``/srez``: now, agent, slice, mute, help — in Russian and English words, whatever the floor's language."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.alert_acts import LONGEST_SILENCE_S, MakeSilence, Matcher
from schemas.floor import Floor
from services.alerts.storage import asked
from services.alerts.web import answers
from services.alerts.wording.language import Language
from services.kit.clock import Clock
from services.rules.alerting.people import Presser, by_slack

WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("", "now", "сейчас"), "now"),
    **dict.fromkeys(("agent", "агент", "сотрудник"), "agent"),
    **dict.fromkeys(("slice", "срез"), "slice"),
    **dict.fromkeys(("mute", "тихо"), "mute"),
    **dict.fromkeys(("help", "?", "помощь"), "help"),
}
SPAN: Final = re.compile(r"(\d{1,5})\s*(m|min|h|м|мин|ч)?\.?(?=\s|$)", re.IGNORECASE)
HOURS: Final = ("h", "ч")
LONGEST_REASON: Final = 500


class Commands:
    """``wake`` makes alerts look at once."""

    def __init__(self, engine: AsyncEngine, clock: Clock, wake: Callable[[], None]) -> None:
        self._engine, self._clock, self._wake = engine, clock, wake

    def writes(self, fields: Mapping[str, str]) -> bool:
        """Whether it asks for something to be written: that is done before Slack is answered."""
        return WORDS.get(fields.get("text", "").strip().partition(" ")[0].casefold()) == "mute"

    async def answer(self, floor: Floor, words: Language, fields: Mapping[str, str]) -> str:
        who = by_slack(floor, fields.get("user_id", ""))
        if who is None:
            return words.say("answer.unknown")
        typed, _, rest = fields.get("text", "").strip().partition(" ")
        word, rest, now = WORDS.get(typed.casefold()), rest.strip(), self._clock.now()
        if word == "mute":
            return await self._mute(words, who, rest, now, fields.get("trigger_id", ""))
        if word is None:
            return f"{words.say('answer.unknown_word', word=typed[:40])}\n{words.say('answer.help')}"
        if word == "help":
            return words.say("answer.help")
        if word == "agent" and not rest:
            return words.say("answer.which_agent")
        async with self._engine.connect() as connection:
            if word == "now":
                return await answers.now(connection, floor, words, now, self._clock.allow(1))
            if word == "agent":
                return await answers.agent(connection, floor, words, now, rest)
            return await answers.slice_(connection, floor, words, now)

    async def _mute(self, words: Language, who: Presser, text: str, now: datetime, trigger: str) -> str:
        """A lead's silence is about what is said of their own team; a head's about everything."""
        span = SPAN.match(text)
        reason = text[span.end() :].strip()[:LONGEST_REASON] if span else ""
        if span is None or not reason:
            return words.say("answer.mute_reason")
        seconds = int(span[1]) * (3600 if (span[2] or "").casefold() in HOURS else 60)
        if not 0 < seconds <= LONGEST_SILENCE_S:
            return words.say("answer.mute_long")
        until = now + timedelta(seconds=seconds)
        async with self._engine.begin() as connection:
            for kind in ("outage", "efficiency", "data") if who.team is None else ("efficiency",):
                act = MakeSilence(match=Matcher(kind=kind, team=who.team), until=until, reason=reason)
                await asked.ask(connection, act, None, now, who.name, "slack", f"{trigger}|{kind}")
        self._wake()
        return words.say("answer.muted", until=words.at(until), reason=reason)
