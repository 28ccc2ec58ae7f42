"""A catalogue with the rules of its language: plural form, number format, floor-local clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.board.words import en, numbers, ru
from services.board.words.numbers import THIN, Language

LANGUAGES: Final[tuple[Language, ...]] = ("ru", "en")
Entry = str | tuple[str, ...]
"""A sentence, or its plural forms: ru one · few · many, en one · other."""

CATALOGUES: Final[Mapping[Language, Mapping[str, Entry]]] = {"ru": ru.WORDS, "en": en.WORDS}


def plural(n: float, language: Language) -> int:
    """Which form goes with *n* (CLDR cardinal rules; a fraction takes the second form in Russian)."""
    if language == "en":
        return 0 if n == 1 else 1
    if n != int(n):
        return 1
    ones, tens = int(n) % 10, int(n) % 100
    if ones == 1 and tens != 11:
        return 0
    return 1 if 2 <= ones <= 4 and not 12 <= tens <= 14 else 2


@dataclass(frozen=True, slots=True)
class Words:
    """Speaks one language in one time zone. Calling it gives a sentence: ``words("late", n=3)``."""

    language: Language
    zone: ZoneInfo
    today: Date | None = None
    """The reader's day: instants of other days are then said with theirs."""

    def __call__(self, key: str, n: float | None = None, **given: object) -> str:
        """Raises: KeyError for a sentence the catalogue lacks."""
        entry = CATALOGUES[self.language][key]
        if isinstance(entry, tuple):
            entry = entry[plural(0 if n is None else abs(n), self.language)]
        if n is None and not given:
            return entry
        shown = "" if n is None else self.num(n, 0 if n == int(n) else 1)
        return entry.format(n=shown, **given)

    def has(self, key: str) -> bool:
        return key in CATALOGUES[self.language]

    def known(self, group: str, word: str) -> str:
        """``group.word`` if the catalogue has it, else the word itself: data may be newer than the words."""
        key = f"{group}.{word}"
        return self(key) if self.has(key) else word

    def num(self, value: float, digits: int = 0) -> str:
        return numbers.number(value, digits, self.language)

    def due(self, value: float) -> str:
        """A target: always one decimal, so that a column lines up."""
        return numbers.number(value, 1, self.language)

    def norm(self, value: float) -> str:
        """A day norm as the floor file says it: 80, 94.5, 1.05."""
        digits = next((few for few in (0, 1, 2) if abs(round(value, few) - value) < 1e-9), 3)
        return numbers.number(value, digits, self.language)

    def share(self, value: float, digits: int = 0) -> str:
        return numbers.share(value, self.language, digits)

    def sure(self, value: float) -> str:
        return numbers.probability(value, self.language)

    def money(self, minor: int, currency: str) -> str:
        return numbers.money(minor, currency, self.language)

    def span(self, seconds: float) -> str:
        return numbers.duration(seconds)

    def about(self, seconds: float) -> str:
        """A span in words: ``24 мин``, ``1 ч 05 мин``."""
        minutes = max(0, int(seconds // 60))
        if minutes < 60:
            return self("span.min", n=minutes)
        return self("span.hours", h=minutes // 60, m=f"{minutes % 60:02}")

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone)

    def clock(self, instant: datetime, *, seconds: bool = False) -> str:
        return numbers.clock(self.local(instant), seconds=seconds)

    def day(self, date: Date) -> str:
        """``23 ноября, понедельник``."""
        month, weekday = self(f"month.{date.month}"), self(f"weekday.{date.isoweekday()}")
        return self("day", d=date.day, month=month, weekday=weekday)

    def day_short(self, date: Date) -> str:
        return self("day.short", d=date.day, month=self(f"month.{date.month}"))

    def day_and_clock(self, instant: datetime) -> str:
        """``14:31``, with the date before it when told apart from *today* by the caller."""
        local = self.local(instant)
        return f"{self.day_short(local.date())}, {numbers.clock(local)}"

    def when(self, instant: datetime) -> str:
        """``14:31`` today, ``11:00 завтра``, else with its day: ``11:00, вт 24.11``, ``11:00, Tue 24 Nov``."""
        date, time = self.local(instant).date(), self.clock(instant)
        if date == self.today:
            return time
        if self.today is not None and date == self.today + timedelta(days=1):
            return self("when.tomorrow", time=time)
        month = self(f"month.{date.month}")[:3]
        shown = f"{date:%d.%m}" if self.language == "ru" else f"{date.day} {month}"
        return self("when.on", time=time, weekday=self(f"weekday.short.{date.isoweekday()}"), date=shown)

    def signed(self, value: int) -> str:
        """``+2``, ``−1``."""
        return f"{'+' if value > 0 else ''}{self.num(value)}"

    @property
    def thin(self) -> str:
        return THIN


def words(language: Language, zone: ZoneInfo, today: Date | None = None) -> Words:
    return Words(language, zone, today)
