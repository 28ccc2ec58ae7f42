"""Words, numbers and times of one language and one time zone."""

import math
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.alerts.wording import en, ru
from services.rules.lasted import between
from services.rules.money.units import exponent

CATALOGUES: Final = {"ru": (ru.TEXT, ru.COUNTED), "en": (en.TEXT, en.COUNTED)}
NO_BREAK: Final = "\u00a0"
THIN: Final = "\u202f"
SIGNS: Final = {"RUB": "₽", "EUR": "€", "USD": "$"}
RAREST: Final = 9
"""Chances are told as 1 in 10ⁿ up to this n; beyond it the figure means nothing."""


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    zone: ZoneInfo
    today: Date
    """Times of other days carry their date."""

    def say(self, key: str, **values: Any) -> str:
        return CATALOGUES[self.code][0][key].format(**values)

    def count(self, n: int, noun: str) -> str:
        forms = CATALOGUES[self.code][1][noun]
        return forms[_form(self.code, n)].format(n=self.number(n))

    def number(self, value: float, digits: int = 0) -> str:
        """3204 → “3 204” (ru), “3,204” (en); 12.4 → “12,4” (ru)."""
        text = f"{value:,.{digits}f}"
        if self.code == "ru":
            text = text.replace(",", THIN).replace(".", ",")
        return text

    def due(self, value: float) -> str:
        """An expected count: one digit, none when it is whole."""
        return self.number(value, 0 if abs(value - round(value)) < 0.05 else 1)

    def percent(self, share: float, digits: int = 0) -> str:
        n = self.number(share * 100, digits)
        return self.say("number.percent", n=n).replace(" ", NO_BREAK)

    def money(self, minor: int, currency: str) -> str:
        """Minor units → “1 250 000 ₽” (ru), “1,250,000 ₽” (en); hundredths only when there are any."""
        digits = exponent(currency)
        value = minor / 10**digits
        shown = self.number(value, 0 if value == int(value) else digits)
        return f"{shown}{NO_BREAK}{SIGNS.get(currency, currency)}"

    def sure(self, probability: float) -> str:
        """How sure we are; never “100 %”."""
        return self.percent(min(probability, 0.99))

    def nth(self, n: int) -> str:
        return self.say("number.nth", n=n, suffix=_suffix(n))

    def chance(self, p: float) -> str:
        """“1 in …” of a probability, rounded to a power of ten towards the commoner."""
        power = RAREST if p <= 0 else min(RAREST, math.floor(-math.log10(min(p, 1.0)) + 1e-9))
        return self.number(10**power)

    def at(self, instant: datetime) -> str:
        local = instant.astimezone(self.zone)
        clock = local.strftime("%H:%M")
        return clock if local.date() == self.today else f"{self.date(local.date())} {clock}"

    def date(self, date: Date) -> str:
        return date.strftime("%d.%m") if self.code == "ru" else f"{date.day} {date:%b}"

    def span(self, start: datetime, end: datetime) -> str:
        """Between the minutes that clocks show: ``at(start)`` and ``at(end)`` differ by it."""
        minutes = between(start, end, self.zone)
        if minutes < 1:
            return self.say("span.short")
        hours, rest = divmod(minutes, 60)
        if not hours:
            return self.count(rest, "minute")
        if not rest:
            return self.count(hours, "hour")
        return self.say("span.both", hours=self.count(hours, "hour"), minutes=self.count(rest, "minute"))


def _form(code: str, n: int) -> int:
    if code == "en":
        return 0 if n == 1 else 1
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else 2


def _suffix(n: int) -> str:
    if 10 <= n % 100 <= 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
